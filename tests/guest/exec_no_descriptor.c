// execve(2) of a static program while no descriptor is free: the kernel needs none of the caller's. Run by tests/guest.rs.
#include "check.h"
#include <sys/resource.h>

int main(int argc, char **argv) {
    if (argc > 1)
        return 17;
    copy_self("prog");
    pid_t pid = fork();
    if (!pid) {
        struct rlimit limit = {3, 3};
        syscall(SYS_close_range, 3, ~0u, 0);
        if (setrlimit(RLIMIT_NOFILE, &limit))
            die("setrlimit");
        char *args[] = {"prog", "child", 0}, *env[] = {0};
        sys(SYS_execve, A("prog"), args, env);
        _exit(1);
    }
    show_end("all descriptors in use", pid);
}
