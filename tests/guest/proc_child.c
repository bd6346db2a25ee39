// /proc of a child, seen by its parent: alive, stopped, a zombie, and gone.
#include "check.h"

static void look(const char *label, pid_t pid) {
    static const char *const links[] = {"cwd", "exe", "root", "fd/0", "fd/70", "ns/mnt"};
    static const char *const files[] = {"comm", "cmdline", "environ", "maps", "smaps", "numa_maps", "status", "stat", "statm", "auxv", "mounts",
                                        "mountinfo", "mountstats", "limits", "io", "sched", "schedstat", "syscall", "wchan", "stack", "personality",
                                        "oom_score", "oom_score_adj", "cgroup", "cpuset", "loginuid", "sessionid", "timers", "timerslack_ns", "fdinfo/70",
                                        "task/0/comm", "attr/current", "coredump_filter", "uid_map", "setgroups", "net/unix", "pagemap", "mem", "clear_refs"};
    char path[128], text[4096];
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", pid, links[i]);
        long n = sys(SYS_readlink, path, text, sizeof text - 1);
        text[n > 0 ? n : 0] = 0;
        const char *name = strcmp(links[i], "exe") || !strrchr(text, '/') ? shown(text) : strrchr(text, '/') + 1;
        bool fixed = text[0] == '/' && strcmp(links[i], "fd/0");
        struct stat st;
        long s = sys(SYS_stat, path, &st);
        printf("%s %s: %s, stat %s\n", label, links[i], n < 0 ? errno_name(-n) : fixed ? name : "ok", s ? errno_name(-s) : "ok");
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", pid, files[i]);
        long fd = sys(SYS_openat, AT_FDCWD, path, O_RDONLY);
        ssize_t n = fd < 0 ? 0 : read((int)fd, text, sizeof text);
        printf("%s %s: open %s, read %s\n", label, files[i], fd < 0 ? errno_name(-fd) : "ok", fd < 0 ? "-" : n < 0 ? errno_name(errno) : n ? "something" : "nothing");
        if (fd >= 0)
            close((int)fd);
    }
    static const char *const dirs[] = {"fd", "fdinfo", "task", "ns", "map_files", "net", "cwd", "root", "attr"};
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", pid, dirs[i]);
        DIR *dir = opendir(path);
        int e = errno, count = 0;
        if (dir) {
            while (readdir(dir))
                count++;
            closedir(dir);
        }
        long ret = sys(SYS_chdir, path);
        printf("%s %s: list %s, chdir %s\n", label, dirs[i], !dir ? errno_name(e) : count > 2 ? "something" : "nothing", errno_name(-ret));
        chdir(start_dir);
    }
}

int main(void) {
    mkdirs("dir");
    int pipes[2];
    char byte;
    pipe(pipes);
    dup2(open("dir", O_RDONLY), 70);
    pid_t pid = fork();
    if (!pid) {
        chdir("dir");
        write(pipes[1], "x", 1);
        pause();
    }
    read(pipes[0], &byte, 1);
    look("alive", pid);
    char path[64], cwd[PATH_MAX];
    sprintf(path, "/proc/%d/cwd/../dir", pid);
    t(chdir, path);
    p(getcwd(cwd, sizeof cwd) && !strcmp(shown(cwd), "$W/dir"));
    chdir(start_dir);
    kill(pid, SIGSTOP);
    int status;
    waitpid(pid, &status, WUNTRACED);
    look("stopped", pid);
    kill(pid, SIGKILL);
    siginfo_t info;
    waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
    sprintf(path, "/proc/%d/comm", pid);
    topen(AT_FDCWD, path, O_RDONLY);
    sprintf(path, "/proc/%d/status", pid);
    topen(AT_FDCWD, path, O_RDONLY);
    sprintf(path, "/proc/%d/exe", pid);
    t(stat, path, cwd);
    waitpid(pid, &status, 0);
    look("gone", pid);
}
