// Programs that have no name: memfd_create(2) with fexecve(3) and through /proc/self/fd.
#include "check.h"
#include <sys/prctl.h>

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "child")) {
        char path[PATH_MAX];
        long n = sys(SYS_readlink, "/proc/self/exe", path, sizeof path - 1);
        path[n < 0 ? 0 : n] = 0;
        printf("  child: exe %s\n", shown(path));
        struct stat st;
        p(sys(SYS_stat, A("file"), &st));
        p(fcntl(40, F_GETFD) < 0);
        return 15;
    }
    mkfile("file", "x");
    int self = open("/proc/self/exe", O_RDONLY);
    for (int flags = 0; flags < 2; flags++) {
        int fd = memfd_create("a name", flags ? MFD_CLOEXEC : 0);
        static char block[1 << 16];
        lseek(self, 0, SEEK_SET);
        for (ssize_t n; (n = read(self, block, sizeof block)) > 0;)
            if (write(fd, block, n) != n)
                die("write");
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        // A file open for writing is not executed.
        pid_t pid = fork();
        if (!pid) {
            char *args[] = {"x", "child", 0}, *env[] = {0};
            printf("  %s\n", errno_name(-sys(SYS_execveat, fd, "", args, env, AT_EMPTY_PATH)));
            _exit(1);
        }
        show_end("open for writing", pid);
        int ro = open(path, O_RDONLY | (flags ? O_CLOEXEC : 0));
        close(fd);
        dup3(ro, 40, flags ? O_CLOEXEC : 0);
        close(ro);
        pid = fork();
        if (!pid) {
            char *args[] = {"x", "child", 0}, *env[] = {0};
            sys(SYS_execveat, 40, "", args, env, AT_EMPTY_PATH);
            _exit(1);
        }
        show_end("execveat", pid);
        pid = fork();
        if (!pid) {
            char *args[] = {"x", "child", 0}, *env[] = {0};
            sys(SYS_execve, "/proc/self/fd/40", args, env);
            _exit(1);
        }
        show_end("execve of /proc/self/fd", pid);
        close(40);
    }
    // A file that was unlinked is run as well.
    copy_self("prog");
    int fd = open("prog", O_RDONLY);
    unlink("prog");
    dup2(fd, 40);
    pid_t pid = fork();
    if (!pid) {
        char *args[] = {"x", "child", 0}, *env[] = {0};
        sys(SYS_execve, "/proc/self/fd/40", args, env);
        _exit(1);
    }
    show_end("unlinked file", pid);
    int text = memfd_create("text", 0);
    write(text, "no program", 10);
    pid = fork();
    if (!pid) {
        char *args[] = {"x", "child", 0}, *env[] = {0};
        close(text);
        printf("  %s\n", errno_name(-sys(SYS_execveat, 999, "", args, env, AT_EMPTY_PATH)));
        _exit(1);
    }
    show_end("closed descriptor", pid);
}
