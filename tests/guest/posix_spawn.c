// posix_spawn(3) as the C library does it: CLONE_VM | CLONE_VFORK, file actions, attributes.
#include "check.h"
#include <spawn.h>

extern char **environ;

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "child")) {
        char cwd[PATH_MAX];
        printf("  child %s in %s, SPAWNED=%s\n", argv[2], shown(getcwd(cwd, sizeof cwd) ? cwd : "?"), getenv("SPAWNED") ?: "");
        sigset_t set;
        sigprocmask(SIG_BLOCK, 0, &set);
        printf("  blocked %d, own group %d\n", sigismember(&set, SIGUSR1), getpgrp() == getpid());
        char text[64] = "";
        if (read(0, text, 63) > 0)
            printf("  input \"%s\"\n", text);
        return 11;
    }
    copy_self("prog");
    mkdirs("dir");
    mkfile("input", "from a file");
    char *args[] = {"prog", "child", "one", 0}, *env[] = {"SPAWNED=yes", 0};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "input", O_RDONLY, 0);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    pid_t pid;
    int r;

    r = posix_spawn(&pid, "prog", &actions, 0, args, env);
    show_end("prog", pid);
    p(r);
    r = posix_spawn(&pid, A("prog"), &actions, 0, args, environ);
    show_end("absolute", pid);
    p(r);
    p(posix_spawn(&pid, "missing", &actions, 0, args, env) == ENOENT);
    p(posix_spawn(&pid, "input", &actions, 0, args, env) == EACCES);
    posix_spawn_file_actions_addopen(&actions, 0, "missing", O_RDONLY, 0);
    p(posix_spawn(&pid, "prog", &actions, 0, args, env) == ENOENT);

    posix_spawn_file_actions_destroy(&actions);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, A("input"), O_RDONLY, 0);
    posix_spawn_file_actions_addchdir_np(&actions, "dir");
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    posix_spawnattr_setsigmask(&attributes, &set);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    r = posix_spawn(&pid, "../prog", &actions, &attributes, args, env);
    show_end("in another directory", pid);
    p(r);
    setenv("PATH", A(""), 1);
    r = posix_spawnp(&pid, "prog", 0, &attributes, (char *[]){"prog", "child", "two", 0}, env);
    show_end("by PATH", pid);
    p(r);
    p(posix_spawnp(&pid, "nowhere", 0, 0, args, env) == ENOENT);
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "/nonexistent:%s:%s", A("dir"), A(""));
    setenv("PATH", path, 1);
    pid = fork();
    if (!pid) {
        execvp("prog", args);
        _exit(1);
    }
    show_end("execvp", pid);
}
