// posix_spawn(3): each attribute and file action, and what is told when one of them fails.
#include "check.h"
#include <spawn.h>

static posix_spawnattr_t attributes;
static posix_spawn_file_actions_t actions;
static char *env[] = {"A=1", 0};

static void run(const char *label, short flags) {
    char *args[] = {"prog", "child", 0};
    posix_spawnattr_setflags(&attributes, flags);
    pid_t pid = -1;
    int r = posix_spawn(&pid, "./prog", &actions, &attributes, args, env);
    if (r)
        printf("%s: %s\n", label, errno_name(r));
    else
        show_end(label, pid);
    posix_spawnattr_destroy(&attributes);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawn_file_actions_init(&actions);
}

static int child(void) {
    sigset_t set;
    sigprocmask(SIG_BLOCK, 0, &set);
    printf("  blocked");
    for (int s = 1; s < 32; s++)
        if (sigismember(&set, s))
            printf(" %d", s);
    printf(", ignored");
    struct sigaction sa;
    for (int s = 1; s < 32; s++)
        if (!sigaction(s, 0, &sa) && sa.sa_handler == SIG_IGN)
            printf(" %d", s);
    printf(", group %s, session %s, policy %d, open", getpgrp() == getpid() ? "own" : "old", getsid(0) == getpid() ? "own" : "old", sched_getscheduler(0));
    for (int fd = 3; fd < 64; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf(" %d", fd);
    char text[16] = "";
    char cwd[PATH_MAX];
    if (lseek(0, 0, SEEK_CUR) >= 0)
        text[read(0, text, 15)] = 0;
    printf(", input \"%s\", in %s\n", text, shown(getcwd(cwd, sizeof cwd)));
    return 3;
}

int main(int argc, char **argv) {
    if (argc > 1)
        return child();
    copy_self("prog");
    mkdirs("dir");
    ln("../prog", "dir/prog");
    mkfile("input", "text");
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    signal(SIGHUP, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    run("nothing", 0);
    posix_spawnattr_setsigmask(&attributes, &set);
    run("mask", POSIX_SPAWN_SETSIGMASK);
    sigaddset(&set, SIGHUP);
    posix_spawnattr_setsigdefault(&attributes, &set);
    run("defaults", POSIX_SPAWN_SETSIGDEF);
    run("group", POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 1);
    run("a group of another session", POSIX_SPAWN_SETPGROUP);
    run("session", POSIX_SPAWN_SETSID);
    run("ids", POSIX_SPAWN_RESETIDS);
    run("vfork", POSIX_SPAWN_USEVFORK);
    posix_spawnattr_setschedpolicy(&attributes, SCHED_BATCH);
    run("scheduler", POSIX_SPAWN_SETSCHEDULER);
    struct sched_param param = {99};
    posix_spawnattr_setschedpolicy(&attributes, SCHED_FIFO);
    posix_spawnattr_setschedparam(&attributes, &param);
    run("scheduler that is not allowed", POSIX_SPAWN_SETSCHEDULER);
    posix_spawn_file_actions_addopen(&actions, 0, "input", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 40, A("made"), O_WRONLY | O_CREAT | O_EXCL, 0600);
    posix_spawn_file_actions_adddup2(&actions, 40, 41);
    posix_spawn_file_actions_addclose(&actions, 40);
    run("open, dup, close", 0);
    show_path("made");
    int fd = open("input", O_RDONLY | O_CLOEXEC);
    posix_spawn_file_actions_adddup2(&actions, fd, fd);
    run("dup onto itself", 0);
    posix_spawn_file_actions_addchdir_np(&actions, "dir");
    posix_spawn_file_actions_addopen(&actions, 0, "../input", O_RDONLY, 0);
    run("chdir", 0);
    int dir = open("dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    posix_spawn_file_actions_addfchdir_np(&actions, dir);
    run("fchdir", 0);
    dup2(dir, 50);
    dup2(dir, 51);
    posix_spawn_file_actions_addclosefrom_np(&actions, 51);
    run("closefrom", 0);
    close(50), close(51);
    posix_spawn_file_actions_addopen(&actions, 0, "missing", O_RDONLY, 0);
    run("open of what is missing", 0);
    posix_spawn_file_actions_addopen(&actions, 0, "input/x", O_RDONLY, 0);
    run("open below a file", 0);
    posix_spawn_file_actions_adddup2(&actions, 60, 61);
    run("dup of what is closed", 0);
    posix_spawn_file_actions_addclose(&actions, 60);
    run("close of what is closed", 0);
    posix_spawn_file_actions_addchdir_np(&actions, "input");
    run("chdir to a file", 0);
    posix_spawn_file_actions_addfchdir_np(&actions, 60);
    run("fchdir to what is closed", 0);
    posix_spawn_file_actions_addchdir_np(&actions, "/");
    run("the program is not there then", 0);
    p(waitpid(-1, 0, 0) < 0 && errno == ECHILD);
    // The caller has lost nothing.
    p(fcntl(fd, F_GETFD));
    topen(AT_FDCWD, "input", O_RDONLY);
}
