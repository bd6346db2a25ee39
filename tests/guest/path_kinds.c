// Every path call on a file of every kind, by its relative and by its absolute path.
#include "paths.h"

int main(void) {
    kinds();
    put_back = reset;
    static const char *const paths[] = {"file", "dir", "empty", "fifo", "socket", "link", "to_dir", "absolute",
                                        "dangling", "loop", "secret", "missing"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        every(paths[i]);
}
