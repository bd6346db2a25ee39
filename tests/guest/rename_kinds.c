// Each kind of file renamed over each other kind, in each way, relative and by descriptors; what is there afterwards.
#include "paths.h"

int main(void) {
    kinds();
    static const char *const names[] = {"file", "dir", "empty", "fifo", "socket", "link", "to_dir", "dangling", "secret", "closed", "new"};
    static const unsigned flags[] = {0, RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT, RENAME_EXCHANGE | RENAME_NOREPLACE, 8};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t j = 0; j < sizeof names / sizeof *names; j++)
            for (int k = 0; k < 6; k++) {
                int dir = open(".", O_PATH);
                long ret = sys(SYS_renameat2, dir, names[i], AT_FDCWD, A(names[j]), flags[k]);
                printf("%s to %s, flags %u: %s\n", names[i], names[j], flags[k], ret ? errno_name(-ret) : "ok");
                close(dir);
                if (!ret) {
                    show_path(names[i]);
                    show_path(names[j]);
                    reset();
                }
            }
    // Two names of one file: nothing happens, and both stay.
    t(link, "file", "same");
    t(rename, "file", "same");
    show_path("file");
    show_path("same");
    t(renameat2, AT_FDCWD, "file", AT_FDCWD, "same", RENAME_EXCHANGE);
    t(renameat2, AT_FDCWD, "file", AT_FDCWD, "same", RENAME_NOREPLACE);
    t(renameat2, AT_FDCWD, "file", AT_FDCWD, "file", RENAME_NOREPLACE);
    t(rename, "file", "./file");
    t(rename, "missing", "missing");
    t(rename, "dir", "dir");
    // Out of and into directories that may not be written.
    static const char *const shut[] = {"closed", "nosearch", "nowrite"};
    char inside[32], fresh[32];
    for (int i = 0; i < 3; i++) {
        sprintf(inside, "%s/inner", shut[i]);
        sprintf(fresh, "%s/new", shut[i]);
        t(rename, inside, "out");
        t(rename, "other", inside);
        t(rename, "other", fresh);
        t(rename, inside, fresh);
        t(rename, shut[i], "moved");
        t(rename, "moved", shut[i]);
        // A directory that moves must be writable itself, as its ".." changes.
        t(rename, shut[i], "dir/moved");
        t(rename, "dir/moved", shut[i]);
    }
}
