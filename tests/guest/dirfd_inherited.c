// Directories that a child has from its parent: after exec, after the parent has renamed or removed them, by fdopendir.
#include "paths.h"

int main(int argc, char **argv) {
    if (argc > 1) {
        // 80 is dir, 81 is a directory that is gone, 82 a place by O_PATH, 83 was close-on-exec.
        char text[PATH_MAX];
        list("/proc/self/fd/80");
        DIR *dir = fdopendir(dup(80));
        int count = 0;
        while (dir && readdir(dir))
            count++;
        p(count);
        topen(80, "inner", O_RDONLY);
        topen(80, "../file", O_RDONLY);
        topen(80, "../dir/inner", O_RDONLY);
        topen(80, "made by the child", O_RDWR | O_CREAT, 0600);
        topen(81, ".", O_RDONLY);
        topen(81, "..", O_RDONLY);
        topen(81, "x", O_RDWR | O_CREAT, 0600);
        topen(82, "inner", O_RDONLY);
        topen(82, "../link", O_RDONLY);
        topen(83, "inner", O_RDONLY);
        for (int fd = 80; fd < 84; fd++) {
            sprintf(some_text, "/proc/self/fd/%d", fd);
            long n = sys(SYS_readlink, some_text, text, sizeof text - 1);
            text[n > 0 ? n : 0] = 0;
            // The start directory is where the parent began.
            printf("%d: %s\n", fd, n < 0 ? errno_name(-n) : strrchr(text, '/') + 1);
            t(fchdir, fd);
            n = sys(SYS_getcwd, text, sizeof text);
            printf("  %s\n", n < 0 ? errno_name(-n) : strrchr(text, '/') + 1);
        }
        t(fchdir, 82);
        t(renameat, 80, "inner", 82, "renamed");
        t(linkat, 82, "renamed", 80, "linked", 0);
        t(unlinkat, 80, "renamed", 0);
        t(mkdirat, 80, "sub2", 0700);
        t(symlinkat, "linked", 80, "soft");
        t(readlinkat, 82, "soft", text, 100);
        t(newfstatat, 80, "soft", &some_stat, 0);
        t(faccessat, 82, "../dir/../file", R_OK);
        list(".");
        return 0;
    }
    kinds();
    dup2(open("dir", O_RDONLY), 80);
    mkdirs("gone");
    dup2(open("gone", O_RDONLY), 81);
    dup2(open("dir", O_PATH), 82);
    dup3(open("dir", O_RDONLY), 83, O_CLOEXEC);
    pid_t pid = fork();
    if (!pid) {
        chdir("/");
        rmdir(A("gone"));
        rename(A("dir"), A("moved"));
        rename(A("moved"), A("dir"));
        char *args[] = {argv[0], "child", 0};
        execv("/proc/self/exe", args);
        _exit(1);
    }
    show_end("child", pid);
    list("dir");
}
