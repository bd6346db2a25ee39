// Every path call on a path that ends in a slash or in several.
#include "paths.h"

int main(void) {
    kinds();
    put_back = reset;
    static const char *const paths[] = {"file/", "dir/", "empty//", "fifo/", "link/", "to_dir/", "dangling/",
                                        "loop/", "missing/", "secret/", "closed/", "nowrite/new/", "closed/new/"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        every(paths[i]);
}
