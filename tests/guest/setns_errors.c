// setns(2) of an ordinary user: wrong descriptors and flags are found before the privilege is missed.
#include "check.h"

static const char *const kinds[] = {"mnt", "uts", "ipc", "pid", "net", "cgroup", "user", "time"};
static const int flags[] = {CLONE_NEWNS,  CLONE_NEWUTS,    CLONE_NEWIPC,  CLONE_NEWPID,
                            CLONE_NEWNET, CLONE_NEWCGROUP, CLONE_NEWUSER, 0x80};

int main(void) {
    mkfile("file", "x");
    int file = open("file", O_RDONLY), path = open("file", O_PATH);
    t(setns, -1, 0);
    t(setns, 999, 0);
    t(setns, 999, CLONE_NEWNS);
    t(setns, 999, 1);
    t(setns, file, 0);
    t(setns, file, CLONE_NEWNS);
    t(setns, file, -1);
    t(setns, path, CLONE_NEWNS);
    for (int i = 0; i < 8; i++) {
        char name[64];
        snprintf(name, sizeof name, "/proc/self/ns/%s", kinds[i]);
        int fd = open(name, O_RDONLY);
        printf("%s: open %d\n", kinds[i], fd >= 0);
        t(setns, fd, 0);
        for (int j = 0; j < 8; j++)
            printf("  %s: %s\n", kinds[j], errno_name(-sys(SYS_setns, fd, flags[j])));
        t(setns, fd, 1);
        t(setns, fd, CLONE_NEWNS | CLONE_NEWUTS);
        close(fd);
    }
    int pidfd = (int)sys(SYS_pidfd_open, getpid(), 0);
    t(setns, pidfd, 0);
    t(setns, pidfd, 1);
    for (int j = 0; j < 8; j++)
        printf("  %s: %s\n", kinds[j], errno_name(-sys(SYS_setns, pidfd, flags[j])));
    t(setns, pidfd, CLONE_NEWNS | CLONE_NEWUTS);
    t(setns, pidfd, CLONE_NEWNS | CLONE_FILES);
}
