// Hard links of each kind of file to each kind of place, followed or not, and how many names a file then has.
#include "paths.h"

int main(void) {
    kinds();
    static const char *const from[] = {"file", "dir", "fifo", "socket", "link", "to_dir", "dangling", "loop", "secret", "missing",
                                       "closed/inner", "nowrite/inner", "file/", "dir/", "link/", ".", "/", "/dev/null", ""};
    static const char *const to[] = {"new", "new/", "file", "dir", "dangling", "link", "missing/x", "file/x", "nowrite/x", "closed/x",
                                     "dir/new", "to_dir/new", ".", "..", "/", ""};
    for (size_t i = 0; i < sizeof from / sizeof *from; i++)
        for (size_t j = 0; j < sizeof to / sizeof *to; j++)
            for (int follow = 0; follow < 2; follow++) {
                // They may be on another mount than the working directory.
                if (from[i][0] == '/' && strcmp(to[j], "file") && strcmp(to[j], ""))
                    continue;
                long ret = sys(SYS_linkat, AT_FDCWD, from[i], AT_FDCWD, to[j], follow ? AT_SYMLINK_FOLLOW : 0);
                printf("%s to %s%s: %s\n", from[i], to[j], follow ? ", followed" : "", ret ? errno_name(-ret) : "ok");
                if (!ret) {
                    show_path(from[i]);
                    show_path(to[j]);
                    reset();
                }
            }
    for (int i = 0; i < 30; i++) {
        char name[16];
        sprintf(name, "dir/%d", i);
        if (link("file", name))
            die("link");
    }
    show_path("file");
    show_path("dir/29");
    t(unlink, "file");
    show_path("dir/0");
    int fd = open("dir/0", O_RDONLY);
    for (int i = 0; i < 30; i++) {
        char name[16];
        sprintf(name, "dir/%d", i);
        unlink(name);
    }
    t(fstat, fd, &some_stat);
    show_stat("open", &some_stat);
}
