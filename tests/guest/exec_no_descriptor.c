// execve(2) while no descriptor is free: the kernel needs none of the caller's, and leaves all as they are.
#include "check.h"
#include <sys/file.h>
#include <sys/resource.h>

static char *args[] = {"prog", "child", 0}, *env[] = {0};

// With descriptors 0 to `count` - 1 open, and no other allowed.
static void full(const char *label, const char *path, rlim_t count) {
    pid_t pid = fork();
    if (!pid) {
        struct rlimit limit = {count, count};
        syscall(SYS_close_range, count, ~0u, 0);
        if (setrlimit(RLIMIT_NOFILE, &limit))
            die("setrlimit");
        _exit(-sys(SYS_execve, path, args, env));
    }
    show_end(label, pid);
}

int main(int argc, char **argv) {
    if (argc > 1) {
        struct rlimit limit;
        getrlimit(RLIMIT_NOFILE, &limit);
        printf("  limit %ld %ld, open:", (long)limit.rlim_cur, (long)limit.rlim_max);
        for (int fd = 0; fd < 60; fd++)
            if (fcntl(fd, F_GETFD) >= 0)
                printf(" %d", fd);
        int fd = open("prog", O_RDONLY);
        printf("; another: %s\n", fd < 0 ? errno_name(errno) : "ok");
        // Nobody has been born meanwhile, and the lock on descriptor 0 is still there.
        p(waitpid(-1, 0, 0) < 0 && errno == ECHILD);
        struct flock lock = {.l_type = F_WRLCK};
        pid_t pid = fork();
        if (!pid)
            _exit(fcntl(0, F_GETLK, &lock) ? 2 : lock.l_type == F_WRLCK && lock.l_pid == getppid());
        show_end("  locked", pid);
        return 17;
    }
    copy_self("prog");
    mkfile("script", "#!./prog\n");
    chmod("script", 0755);
    mkfile("lock", "x");
    fcntl(1, F_DUPFD, 30);
    dup2(open("lock", O_RDWR), 0);
    pid_t pid = fork();
    if (!pid) {
        struct flock lock = {.l_type = F_WRLCK};
        if (fcntl(0, F_SETLK, &lock))
            die("lock");
        struct rlimit limit = {3, 3};
        syscall(SYS_close_range, 3, ~0u, 0);
        setrlimit(RLIMIT_NOFILE, &limit);
        _exit(-sys(SYS_execve, A("prog"), args, env));
    }
    show_end("a lock is kept", pid);
    full("three", "prog", 3);
    full("by absolute path", A("prog"), 3);
    full("a script", "script", 3);
    full("two", "prog", 2);
    full("missing", "missing", 3);
    // A close-on-exec descriptor makes room; a limit below what is open does not close anything.
    pid = fork();
    if (!pid) {
        struct rlimit limit = {2, 2};
        setrlimit(RLIMIT_NOFILE, &limit);
        _exit(-sys(SYS_execve, "prog", args, env));
    }
    show_end("beyond the limit", pid);
    // As a thread, and with signals that children send ignored.
    pid = fork();
    if (!pid) {
        signal(SIGCHLD, SIG_IGN);
        struct rlimit limit = {3, 3};
        syscall(SYS_close_range, 3, ~0u, 0);
        setrlimit(RLIMIT_NOFILE, &limit);
        pid_t inner = vfork();
        if (!inner) {
            execve("prog", args, env);
            _exit(1);
        }
        waitpid(inner, 0, 0);
        _exit(errno == ECHILD ? 5 : 6);
    }
    show_end("SIGCHLD ignored", pid);
}
