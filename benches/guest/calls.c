/* Cost of one call, in nanoseconds: the least of several rounds, one line a call. Runs in the directory that holds
 * `a/b/c/d/file` and `a/b/c/d/link`, whose absolute path is its argument. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static void must(int ok, const char *what) {
    if (!ok) {
        perror(what);
        exit(1);
    }
}

#define MEASURE(name, times, call)                       \
    do {                                                 \
        double best = 1e18;                              \
        for (int round = 0; round < 7; round++) {        \
            double start = now();                        \
            for (int i = 0; i < (times); i++) {          \
                call;                                    \
            }                                            \
            double each = (now() - start) / (times);     \
            if (each < best)                             \
                best = each;                             \
        }                                                \
        printf("%s %.0f\n", name, best);                 \
    } while (0)

static void run_true(void) {
    pid_t pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0) {
        execl("/bin/true", "true", (char *)0);
        _exit(127);
    }
    int status;
    must(waitpid(pid, &status, 0) == pid && status == 0, "/bin/true");
}

int main(int argc, char **argv) {
    must(argc == 2 && chdir(argv[1]) == 0, "usage: calls DIRECTORY");
    char file[4096], link[4096], buffer[256];
    snprintf(file, sizeof file, "%s/a/b/c/d/file", argv[1]);
    snprintf(link, sizeof link, "%s/a/b/c/d/link", argv[1]);
    struct stat st;
    MEASURE("getppid", 100000, syscall(SYS_getppid));
    MEASURE("open+close", 1000, {
        int fd = open(file, O_RDONLY);
        must(fd >= 0, "open");
        close(fd);
    });
    MEASURE("fstatat", 1000, must(fstatat(AT_FDCWD, file, &st, 0) == 0, "fstatat"));
    MEASURE("fstatat relative", 1000, must(fstatat(AT_FDCWD, "a/b/c/d/file", &st, 0) == 0, "fstatat"));
    MEASURE("access", 1000, must(access(file, R_OK) == 0, "access"));
    MEASURE("readlink", 1000, must(readlink(link, buffer, sizeof buffer) > 0, "readlink"));
    MEASURE("fork+exec", 20, run_true());
    return 0;
}
