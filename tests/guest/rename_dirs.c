// Directories renamed: into themselves, above themselves, over empty and full ones, over files, and with slashes and dots.
#include "paths.h"

static void tree(void) {
    fchdir(start_fd);
    clear(start_fd);
    static const char *const dirs[] = {"a", "a/b", "a/b/c", "full", "full/x", "empty", "empty2"};
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        mkdirs(dirs[i]);
    mkfile("file", "1");
    mkfile("a/file", "2");
    mkfile("full/file", "3");
    ln("a", "to_a");
    ln("empty", "to_empty");
    ln("nowhere", "dangling");
}

int main(void) {
    // Not with "/": whether it is on the mount of this directory depends on where the program runs.
    start_fd = open(".", O_RDONLY | O_DIRECTORY);
    static const char *const from[] = {"a", "a/b", "a/b/c", "empty", "full", "file", "a/file", "to_a", "dangling", "a/", "file/",
                                       "to_a/", "a/.", "a/b/..", ".", "..", "missing", "missing/", "dangling/", ""};
    static const char *const to[] = {"a",        "a/b",   "a/b/c",    "a/b/c/d", "empty",   "empty/",  "full", "file", "file/", "new",
                                     "new/",     "to_a",  "to_empty", "to_empty/", "dangling", "dangling/", "a/.",  "new/.", "a/..", ".",
                                     "..",       "a/new",    "a/b/new/",  "file/new", "missing/new", "to_a/new", ""};
    static const unsigned flags[] = {0, RENAME_NOREPLACE, RENAME_EXCHANGE};
    for (size_t i = 0; i < sizeof from / sizeof *from; i++)
        for (size_t j = 0; j < sizeof to / sizeof *to; j++)
            for (int k = 0; k < 3; k++) {
                static bool fresh = false;
                if (!fresh)
                    tree();
                long ret = sys(SYS_renameat2, AT_FDCWD, from[i], AT_FDCWD, to[j], flags[k]);
                printf("%s to %s, flags %u: %s\n", from[i], to[j], flags[k], ret ? errno_name(-ret) : "ok");
                fresh = ret < 0;
            }
}
