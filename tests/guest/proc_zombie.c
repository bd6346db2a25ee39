// /proc of a process that has ended and nobody has waited for.
#include "check.h"
#include <dirent.h>

int main(void) {
    pid_t pid = fork();
    if (!pid)
        _exit(7);
    siginfo_t info;
    p(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
    char path[64], text[PATH_MAX + 1];
    const char *links[] = {"exe", "cwd", "root", "fd/0", "ns/mnt"};
    for (int i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", pid, links[i]);
        ssize_t len = readlink(path, text, PATH_MAX);
        text[len < 0 ? 0 : len] = 0;
        struct stat st;
        printf("%s: reads %s,", links[i], len < 0 ? errno_name(errno) : "something");
        printf(" stat %s,", stat(path, &st) ? errno_name(errno) : "arrives");
        printf(" lstat %s,", lstat(path, &st) ? errno_name(errno) : "arrives");
        printf(" open %s\n", errno_name(open(path, O_RDONLY) < 0 ? errno : 0));
    }
    const char *files[] = {"stat", "status", "cmdline", "comm", "maps", "smaps", "environ", "auxv", "mountinfo", "mounts",
                           "limits", "io", "wchan", "mem", "map_files", "fdinfo", "task"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", pid, files[i]);
        int fd = open(path, O_RDONLY);
        printf("%s: open %s", files[i], errno_name(fd < 0 ? errno : 0));
        ssize_t len = fd < 0 ? 0 : read(fd, text, PATH_MAX);
        printf(", read %s\n", len < 0 ? errno_name(errno) : len ? "something" : "nothing");
        close(fd);
    }
    const char *dirs[] = {"fd", "task", "ns", "map_files"};
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", pid, dirs[i]);
        DIR *dir = opendir(path);
        int count = 0;
        errno = 0;
        while (dir && readdir(dir))
            count++;
        printf("%s: %s, %d entries\n", dirs[i], errno_name(errno), count);
    }
    p(waitpid(pid, NULL, 0) == pid);
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    pe(readlink(path, text, PATH_MAX));
    // Of a process outside they are closed, ended or not.
    pe(readlink("/proc/1/exe", text, PATH_MAX));
}
