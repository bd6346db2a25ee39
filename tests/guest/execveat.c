// execveat(2) and fexecve(3).
#include "check.h"

extern char **environ;

static int arrived(int argc, char **argv) {
    printf("  argc %d:", argc);
    for (int i = 0; i < argc; i++)
        printf(" [%s]", shown(argv[i]));
    printf("\n");
    return 7;
}

#define TRY(dirfd, path, flags)                                                                                    \
    do {                                                                                                           \
        pid_t pid_ = fork();                                                                                       \
        if (!pid_) {                                                                                               \
            t(execveat, dirfd, path, args, env, flags);                                                            \
            _exit(1);                                                                                              \
        }                                                                                                          \
        show_end("execveat(" #dirfd ", " #path ", " #flags ")", pid_);                                             \
    } while (0)

int main(int argc, char **argv) {
    if (argc < 1 || !*argv[0] || !strcmp(argv[0], "child"))
        return arrived(argc, argv);
    // As a script's interpreter: argv[0] is this file, the script comes next.
    if (!strcmp(argv[0], "./prog")) {
        printf("  as interpreter, script %s\n", strncmp(argv[argc - 1], "/dev/fd/", 8) ? argv[argc - 1] : "/dev/fd/N");
        return 8;
    }
    copy_self("prog");
    mkdirs("dir");
    copy_self("dir/inner");
    ln("prog", "link");
    ln("../prog", "dir/up");
    mkfile("text", "x");
    mkfile("script", "#!./prog\n");
    chmod("script", 0755);
    char *args[] = {"child", "one", 0}, *env[] = {0};
    int dir = open("dir", O_RDONLY | O_DIRECTORY), text = open("text", O_RDONLY);
    int prog = open("prog", O_PATH), prog_cloexec = open("prog", O_RDONLY | O_CLOEXEC);
    int script = open("script", O_RDONLY), script_cloexec = open("script", O_RDONLY | O_CLOEXEC);
    int link = open("link", O_PATH | O_NOFOLLOW);

    TRY(AT_FDCWD, "prog", 0);
    TRY(AT_FDCWD, A("prog"), 0);
    TRY(dir, "inner", 0);
    TRY(dir, "up", 0);
    TRY(dir, "up", AT_SYMLINK_NOFOLLOW);
    TRY(AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW);
    TRY(AT_FDCWD, A("link"), AT_SYMLINK_NOFOLLOW);
    TRY(AT_FDCWD, "prog", AT_SYMLINK_NOFOLLOW);
    TRY(dir, "missing", 0);
    TRY(dir, "", 0);
    TRY(dir, "", AT_EMPTY_PATH);
    TRY(text, "x", 0);
    TRY(text, "", AT_EMPTY_PATH);
    TRY(999, "prog", 0);
    TRY(999, A("prog"), 0);
    TRY(999, "", AT_EMPTY_PATH);
    TRY(prog, "", AT_EMPTY_PATH);
    TRY(prog_cloexec, "", AT_EMPTY_PATH);
    TRY(prog, "", 0);
    TRY(link, "", AT_EMPTY_PATH);
    TRY(AT_FDCWD, "", AT_EMPTY_PATH);
    TRY(AT_FDCWD, "prog", 0x4000);
    TRY(AT_FDCWD, 0, 0);
    TRY(AT_FDCWD, "script", 0);
    TRY(script, "", AT_EMPTY_PATH);
    TRY(script_cloexec, "", AT_EMPTY_PATH);

    pid_t pid = fork();
    if (!pid) {
        fexecve(prog_cloexec, args, env);
        _exit(1);
    }
    show_end("fexecve", pid);

    // The file may have lost its name.
    unlink("prog");
    TRY(prog, "", AT_EMPTY_PATH);
}
