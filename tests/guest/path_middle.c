// Every path call on a path whose middle is no directory, missing, a link, a loop, or may not be searched.
#include "paths.h"

int main(void) {
    kinds();
    put_back = reset;
    static const char *const paths[] = {"dir/inner", "file/x", "fifo/x", "socket/x", "link/x", "to_dir/inner",
                                        "absolute/x", "dangling/x", "loop/x", "secret/x", "missing/x", "closed/inner",
                                        "closed/missing", "nosearch/inner", "nosearch/missing", "nowrite/inner",
                                        "nowrite/new", "dir/new"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        every(paths[i]);
}
