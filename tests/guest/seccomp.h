// What the programs about seccomp filters share.
#include "check.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <ucontext.h>

#define NR_FIELD offsetof(struct seccomp_data, nr)
#define ARG_FIELD(i) (offsetof(struct seccomp_data, args) + 8 * (i))
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, field)
#define IF(value, t, f) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, t, f)
#define RET(action) BPF_STMT(BPF_RET | BPF_K, action)
#define LENGTH(array) (sizeof(array) / sizeof *(array))

#ifndef SECCOMP_FILTER_FLAG_TSYNC_ESRCH
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH (1UL << 4)
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

__attribute__((unused)) static long install_with(unsigned long flags, struct sock_filter *code, size_t count) {
    struct sock_fprog program = {(unsigned short)count, code};
    return sys(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

__attribute__((unused)) static void install(struct sock_filter *code, size_t count) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (install_with(0, code, count))
        die("seccomp");
}

// Answers `action` to system call `nr`, allows the rest.
__attribute__((unused)) static void filter(unsigned nr, unsigned action) {
    struct sock_filter code[] = {LOAD(NR_FIELD), IF(nr, 0, 1), RET(action), RET(SECCOMP_RET_ALLOW)};
    install(code, LENGTH(code));
}

// Allows the `count` calls in `numbers`, answers `action` to the rest.
__attribute__((unused)) static void allow_only(const int *numbers, size_t count, unsigned action) {
    struct sock_filter code[256] = {LOAD(NR_FIELD)};
    for (size_t i = 0; i < count; i++)
        code[1 + i] = (struct sock_filter)IF(numbers[i], count - i, 0);
    code[1 + count] = (struct sock_filter)RET(action);
    code[2 + count] = (struct sock_filter)RET(SECCOMP_RET_ALLOW);
    install(code, count + 3);
}

#define CHILD(label, ...)                                                                                          \
    do {                                                                                                           \
        pid_t pid_ = fork();                                                                                       \
        if (!pid_) {                                                                                               \
            struct rlimit none_ = {0, 0};                                                                          \
            setrlimit(RLIMIT_CORE, &none_);                                                                        \
            __VA_ARGS__;                                                                                           \
            _exit(0);                                                                                              \
        }                                                                                                          \
        show_end(label, pid_);                                                                                     \
    } while (0)

// Prints the lines of /proc/self/status that tell of seccomp.
__attribute__((unused)) static void show_status(const char *path) {
    char line[256];
    FILE *file = fopen(path, "r");
    if (!file)
        die("open %s", path);
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, "Seccomp", 7) || !strncmp(line, "NoNewPrivs", 10))
            printf("  %s", line);
    fclose(file);
}
