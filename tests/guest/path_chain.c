// Every path call through 39, 40 and 41 symlinks: at the end, in the middle, and counted together.
#include "paths.h"

// Links "1" to "41", each to the one before; "1" leads to `target`.
static void chain(const char *directory, const char *target) {
    char from[64], to[64];
    for (int i = 1; i <= 41; i++) {
        sprintf(from, "%s/%d", directory, i);
        sprintf(to, "%d", i - 1);
        ln(i == 1 ? target : to, from);
    }
}
static void tree(void) {
    reset();
    mkdirs("files");
    mkdirs("dirs");
    mkdirs("news");
    chain("files", "../file");
    chain("dirs", "../dir");
    chain("news", "../new");
    ln("dirs/20", "half");
}

int main(void) {
    kinds();
    put_back = tree;
    tree();
    static const char *const paths[] = {"files/40", "files/41", "dirs/40/inner", "dirs/41/inner", "dirs/40/",
                                        "half/../dirs/19/inner", "half/../dirs/20/inner", "news/40", "news/41"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        every_labelled(paths[i], AT_FDCWD, paths[i]);
    every_labelled("absolute dirs/40/inner", AT_FDCWD, A("dirs/40/inner"));
    every_labelled("absolute dirs/41/inner", AT_FDCWD, A("dirs/41/inner"));
}
