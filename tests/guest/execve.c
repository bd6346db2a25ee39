// execve(2): arguments, environment, descriptors, and every errno an ordinary user can provoke.
#include "check.h"

extern char **environ;

// In the child program: say what arrived.
static int arrived(int argc, char **argv) {
    printf("  argc %d:", argc);
    for (int i = 0; i < argc; i++)
        printf(" [%s]", strlen(argv[i]) > 100 ? "long" : shown(argv[i]));
    printf("; environment:");
    for (char **e = environ; *e; e++)
        printf(" [%s]", strlen(*e) > 100 ? "long" : *e);
    printf("\n");
    return 7;
}

#define TRY(path, argv, envp)                                                                                      \
    do {                                                                                                           \
        pid_t pid_ = fork();                                                                                       \
        if (!pid_) {                                                                                               \
            t(execve, path, argv, envp);                                                                           \
            _exit(1);                                                                                              \
        }                                                                                                          \
        show_end(#path, pid_);                                                                                     \
    } while (0)

int main(int argc, char **argv) {
    if (argc < 1 || !*argv[0] || !strcmp(argv[0], "child"))
        return arrived(argc, argv);

    copy_self("prog");
    mkfile("text", "just text\n");
    chmod("text", 0755);
    mkfile("empty", "");
    chmod("empty", 0755);
    mkfile("noexec", "#!./prog\n");
    mkdirs("dir");
    ln("prog", "link");
    ln(A("prog"), "dir/absolute");
    ln("loop", "loop");
    ln("nowhere", "dangling");
    mkdirs("closed");
    mkfifo("fifo", 0755);
    char *args[] = {"child", "one", "two words", "", 0}, *env[] = {"A=1", "B=two words", "C", 0};
    char *none[] = {0};

    TRY("prog", args, env);
    TRY("./prog", args, none);
    TRY(A("prog"), args, env);
    TRY("link", args, env);
    TRY(A("dir/absolute"), args, env);
    TRY("prog", none, env);
    TRY("prog", 0, 0);
    TRY("dir/../prog", args, none);
    TRY("/proc/self/exe", args, none);

    TRY("missing", args, env);
    TRY(A("missing"), args, env);
    TRY("dangling", args, env);
    TRY("loop", args, env);
    TRY("text/x", args, env);
    TRY("prog/", args, env);
    TRY("", args, env);
    TRY("dir", args, env);
    TRY(".", args, env);
    TRY("noexec", args, env);
    TRY("fifo", args, env);
    TRY("/dev/null", args, env);
    TRY("text", args, env);
    TRY("empty", args, env);
    TRY(0, args, env);
    TRY(bad_page(), args, env);
    TRY("prog", 1, env);
    TRY("prog", args, 1);
    TRY("prog", bad_page(), env);
    char *bad[] = {"child", (char *)1, 0};
    TRY("prog", bad, env);
    TRY("missing", bad, env);

    int writer = open("prog", O_RDWR);
    TRY("prog", args, env);
    close(writer);
    chmod("prog", 0611);
    chmod("prog", 0600);
    TRY("prog", args, env);
    chmod("prog", 0755);
    chmod("closed", 0);
    TRY("closed/x", args, env);
    chmod("closed", 0700);

    // One string of at most 128 KiB, all of at most a quarter of the stack limit.
    char *big = memset(malloc(140000), 'x', 140000);
    char *long_args[] = {"child", big, 0};
    big[131071] = 0;
    TRY("prog", long_args, none);
    big[131071] = 'x';
    big[131072] = 0;
    TRY("prog", long_args, none);
    char **many = calloc(100000, sizeof *many);
    for (int i = 0; i < 99999; i++)
        many[i] = "child";
    struct rlimit stack;
    getrlimit(RLIMIT_STACK, &stack);
    stack.rlim_cur = 1 << 20;
    setrlimit(RLIMIT_STACK, &stack);
    TRY("prog", many, none);
    many[10000] = 0;
    pid_t pid = fork();
    if (!pid) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        execve("prog", many, none);
        _exit(1);
    }
    show_end("10,000 arguments", pid);
}
