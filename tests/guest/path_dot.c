// Every path call on a path that ends in "." or "..".
#include "paths.h"

int main(void) {
    kinds();
    put_back = reset;
    static const char *const paths[] = {"dir/.", "empty/./", "dir/sub/..", "file/.", "file/..", "missing/.",
                                        "missing/..", "link/.", "to_dir/.", "to_dir/..", "dangling/..", "closed/.",
                                        "closed/..", "nosearch/."};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        every(paths[i]);
    every_labelled("dot", AT_FDCWD, ".");
    every_labelled("slashed dot", AT_FDCWD, "././");
}
