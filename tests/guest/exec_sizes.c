// execve(2) with very many and very long strings, up to the limits and beyond, under small and large stacks.
#include "check.h"
#include <sys/personality.h>

static char *program;
extern char **environ;

// A sum over all strings and their order.
static unsigned sum(char **strings, int *count) {
    unsigned total = 0;
    for (*count = 0; strings[*count]; ++*count)
        for (char *c = strings[*count]; *c; c++)
            total = total * 31 + (unsigned char)*c;
    return total;
}

static void run(const char *label, char **args, char **env) {
    pid_t pid = fork();
    if (!pid) {
        long r = sys(SYS_execve, program, args, env);
        printf("%s: execve %s\n", label, errno_name(-r));
        _exit(0);
    }
    show_end(label, pid);
}

// `count` strings of `len` bytes each, the first of them `first`.
static char **strings(char *first, int count, int len) {
    char **list = calloc(count + 2, sizeof *list);
    list[0] = first;
    for (int i = 1; i < count; i++) {
        list[i] = malloc(len + 1);
        memset(list[i], 'a' + i % 26, len);
        list[i][len] = 0;
        if (len > 12)
            list[i][snprintf(list[i], len, "V%d=", i)] = '.';
    }
    return list;
}

static void all(const char *stack) {
    char *child[] = {"child", 0}, *none[] = {0};
    printf("%s\n", stack);
    run("nothing", none, none);
    run("100,000 variables", child, strings("A=1", 100000, 9));
    run("100,000 arguments", strings("child", 100000, 9), none);
    run("an argument of 131,071 bytes", strings("child", 2, 131071), none);
    run("one of 131,072", strings("child", 2, 131072), none);
    run("a variable of 131,071 bytes", child, strings("A=1", 2, 131071));
    run("15 of 130,000", strings("child", 16, 130000), none);
    run("17 of 130,000", strings("child", 18, 130000), none);
    run("46 of 130,000", strings("child", 47, 130000), none);
    run("50 of 130,000", strings("child", 51, 130000), none);
    run("5 of 130,000 and 5 more in the environment", strings("child", 6, 130000), strings("A=1", 6, 130000));
}

int main(int argc, char **argv) {
    // An empty list of arguments is made one of an empty string.
    if (!*argv[0] || !strcmp(argv[0], "child")) {
        int args, vars;
        unsigned first = sum(argv, &args), second = sum(environ, &vars);
        printf("  %d arguments %x, %d variables %x\n", args, first, vars, second);
        struct stat st;
        // Still room on the stack, and a program that makes path calls.
        _exit(sys(SYS_stat, "prog", &st) ? 1 : 33);
    }
    copy_self("prog");
    program = argc > 1 ? "prog" : strdup(A("prog"));
    all("as it is");
    struct rlimit limit;
    getrlimit(RLIMIT_STACK, &limit);
    rlim_t hard = limit.rlim_max;
    // With an unlimited stack the kernel lays memory out from the bottom up.
    for (int i = 0; i < 4; i++) {
        limit.rlim_cur = (rlim_t[]){RLIM_INFINITY, 64 << 20, 1 << 20, 200 << 10}[i];
        if (hard != RLIM_INFINITY && (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > hard))
            limit.rlim_cur = hard;
        setrlimit(RLIMIT_STACK, &limit);
        all(((char *[]){"without a limit", "64 MiB", "1 MiB", "200 KiB"})[i]);
    }
    limit.rlim_cur = 8 << 20;
    setrlimit(RLIMIT_STACK, &limit);
    t(personality, ADDR_NO_RANDOMIZE);
    all("not randomised");
    t(personality, 0xffffffff);
}
