// Every call with a dirfd, from descriptors of every kind.
#include "paths.h"

int main(void) {
    kinds();
    put_back = reset;
    static const struct {
        const char *label;
        const char *path;
        int flags;
    } bases[] = {{"dir", "dir", O_RDONLY | O_DIRECTORY},  {"O_PATH dir", "dir", O_PATH},
                 {"file", "file", O_RDONLY},              {"O_PATH file", "file", O_PATH},
                 {"fifo", "fifo", O_RDONLY | O_NONBLOCK}, {"O_PATH link", "to_dir", O_PATH | O_NOFOLLOW},
                 {"closed", "closed", O_PATH},            {"nosearch", "nosearch", O_RDONLY | O_DIRECTORY},
                 {"nowrite", "nowrite", O_PATH}};
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        static const char *const paths[] = {"inner", "../file", ".", "..", "new"};
        for (size_t j = 0; j < sizeof paths / sizeof *paths; j++) {
            char label[64];
            snprintf(label, sizeof label, "%s: %s", bases[i].label, paths[j]);
            for (size_t k = 0; k < sizeof path_calls / sizeof *path_calls; k++) {
                if (!path_calls[k].at)
                    continue;
                // The tree is put back between the calls, so the base has to be opened anew.
                int fd = open(bases[i].path, bases[i].flags | O_CLOEXEC);
                if (fd < 0)
                    die("open %s", bases[i].path);
                long ret = path_calls[k].make(fd, paths[j]);
                printf("%s %s = %s\n", label, path_calls[k].name, ret < 0 ? errno_name(-ret) : "ok");
                close(fd);
                if (ret >= 0 && path_calls[k].changes)
                    reset();
            }
        }
    }
    every_labelled("pipe: x", ({ int p[2]; pipe2(p, O_CLOEXEC); p[0]; }), "x");
    every_labelled("999: x", 999, "x");
    every_labelled("-1: x", -1, "x");
    every_labelled("999: absolute file", 999, A("file"));
    every_labelled("-1: absolute missing", -1, A("missing"));
}
