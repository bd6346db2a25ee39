// Scripts by descriptor: the interpreter is handed /dev/fd/N, or /dev/fd/N/PATH, and may open it unless it was closed.
#include "check.h"

static char *args[] = {"script", "one", 0}, *env[] = {0};

static void try(const char *label, int fd, const char *path, int flags) {
    pid_t pid = fork();
    if (!pid) {
        printf("%s: %s\n", label, errno_name(-sys(SYS_execveat, fd, path, args, env, flags)));
        _exit(1);
    }
    show_end(label, pid);
}

int main(int argc, char **argv) {
    if (argc > 1) {
        printf("  argc %d:", argc);
        for (int i = 0; i < argc; i++)
            printf(" [%s]", shown(argv[i]));
        char name[16] = "", text[64] = "";
        int comm = open("/proc/self/comm", O_RDONLY);
        name[read(comm, name, 15) - 1] = 0;
        close(comm);
        int fd = open(argv[argc - 2], O_RDONLY);
        if (fd >= 0)
            read(fd, text, 2);
        printf(" comm %s, script %s \"%s\"\n", name, fd < 0 ? errno_name(errno) : "opened", text);
        return 8;
    }
    copy_self("prog");
    mkdirs("dir");
    char line[2 * PATH_MAX];
    snprintf(line, sizeof line, "#!%s\n", strlen(A("prog")) < 200 ? A("prog") : "./prog");
    mkfile("script", line);
    mkfile("dir/inner", line);
    chmod("script", 0755);
    chmod("dir/inner", 0755);
    int script = dup2(open("script", O_RDONLY), 40), dir = dup2(open("dir", O_PATH | O_DIRECTORY), 41);
    try("script", script, "", AT_EMPTY_PATH);
    try("script by O_PATH", dup2(open("script", O_PATH), 42), "", AT_EMPTY_PATH);
    try("below a directory", dir, "inner", 0);
    try("below a directory, with flag", dir, "inner", AT_EMPTY_PATH);
    try("absolute beside a descriptor", dir, A("script"), 0);
    try("close-on-exec", fcntl(script, F_DUPFD_CLOEXEC, 60), "", AT_EMPTY_PATH);
    try("below a close-on-exec directory", fcntl(dir, F_DUPFD_CLOEXEC, 61), "inner", 0);
    try("absolute beside a close-on-exec descriptor", fcntl(dir, F_DUPFD_CLOEXEC, 62), A("script"), 0);
    // That there is no way back is found when the first line has been read, before what it names is looked for.
    mkfile("dir/no", "#!missing\n");
    mkfile("dir/shut", "#!dir\n");
    mkfile("dir/empty", "#!\n");
    mkfile("dir/none", "echo\n");
    const char *bad[] = {"no", "shut", "empty", "none"};
    for (int i = 0; i < 4; i++) {
        fchmodat(dir, bad[i], 0755, 0);
        try(bad[i], dir, bad[i], 0);
        try("the same, close-on-exec", 61, bad[i], 0);
    }
    snprintf(line, sizeof line, "/dev/fd/61/%s", "inner");
    try("a name that says so, beside a close-on-exec descriptor", 61, line, 0);
    try("below AT_FDCWD", AT_FDCWD, "dir/inner", 0);
    try("missing below a directory", dir, "missing", 0);

    // A memfd; and by the name of its descriptor.
    int mem = memfd_create("a script", 0);
    write(mem, line, strlen(line));
    char own[64];
    snprintf(own, sizeof own, "/proc/self/fd/%d", mem);
    int ro = dup2(open(own, O_RDONLY), 43);
    close(mem);
    try("memfd", ro, "", AT_EMPTY_PATH);
    try("memfd by name", AT_FDCWD, "/proc/self/fd/43", 0);
    try("memfd by the other name", AT_FDCWD, "/dev/fd/43", 0);
    fcntl(ro, F_SETFD, FD_CLOEXEC);
    try("close-on-exec memfd", ro, "", AT_EMPTY_PATH);
    try("close-on-exec memfd by name", AT_FDCWD, "/dev/fd/43", 0);
    // Deleted meanwhile, which only a name minds.
    unlink("script");
    try("deleted script", script, "", AT_EMPTY_PATH);
    try("deleted script by name", AT_FDCWD, "/dev/fd/40", 0);
    try("deleted script by path", AT_FDCWD, "script", 0);
}
