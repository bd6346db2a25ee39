// Calls that need a privilege fail for an ordinary user as they do natively, whatever they are given.
#include "check.h"
#include <sys/mount.h>

int main(void) {
    mkdirs("dir");
    mkfile("file", "x");
    t(mount, A("dir"), A("dir"), 0, MS_BIND, 0);
    t(mount, "none", "dir", "tmpfs", 0, 0);
    t(umount2, A("dir"), 0);
    t(pivot_root, A("dir"), A("dir"));
    t(chroot, A("dir"));
    t(chroot, "/");
    t(chroot, A("missing"));
    t(chroot, A("file"));
    t(chroot, 0);
    t(swapon, A("file"), 0);
    t(swapoff, A("file"));
    t(acct, A("file"));
    t(sethostname, "x", 1);
    t(setdomainname, "x", 1);
    t(reboot, 0xfee1dead, 672274793, 0x89abcdef, 0);
    t(vhangup);
    t(setuid, 0);
    t(setgid, 0);
    t(setgroups, 0, 0);
    t(setresuid, 0, 0, 0);
    struct timeval tv = {0, 0};
    struct timespec ts = {0, 0};
    t(settimeofday, &tv, 0);
    t(clock_settime, CLOCK_REALTIME, &ts);
    t(mknod, A("node"), S_IFCHR | 0600, 259);
    t(setpriority, PRIO_PROCESS, 0, -5);
    struct rlimit more;
    getrlimit(RLIMIT_NOFILE, &more);
    more.rlim_max++;
    p(sys(SYS_prlimit64, 0, RLIMIT_NOFILE, &more, 0));
    t(sched_setscheduler, 0, SCHED_FIFO, &(struct sched_param){5});
    t(mlockall, MCL_FUTURE | MCL_CURRENT | 0x1000);
    p(sys(SYS_kill, 1, 0));
    list(".");
}
