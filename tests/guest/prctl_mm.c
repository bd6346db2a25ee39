// prctl(2) with PR_SET_MM: what an ordinary user may move, and /proc/self/cmdline that follows.
#include "check.h"
#include <linux/prctl.h>
#include <sys/prctl.h>

static unsigned long field(int wanted) {
    char text[2048];
    int fd = open("/proc/self/stat", O_RDONLY);
    text[read(fd, text, sizeof text - 1)] = 0;
    close(fd);
    char *at = strrchr(text, ')') + 2;
    for (int i = 3; i < wanted; i++)
        at = strchr(at, ' ') + 1;
    return strtoul(at, 0, 10);
}

static void cmdline(void) {
    char text[256];
    int fd = open("/proc/self/cmdline", O_RDONLY);
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    for (int i = 0; i < n; i++)
        text[i] = text[i] ? text[i] : '|';
    text[n < 0 ? 0 : n] = 0;
    printf("  cmdline \"%s\"\n", shown(text[0] == '/' ? strrchr(text, '/') : text));
}

int main(int argc, char **argv) {
    unsigned size = 0;
    t(prctl, PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0);
    p(size == sizeof(struct prctl_mm_map));
    t(prctl, PR_SET_MM, PR_SET_MM_ARG_START, 4096, 0, 0);
    t(prctl, PR_SET_MM, PR_SET_MM_EXE_FILE, 0, 0, 0);
    t(prctl, PR_SET_MM, PR_SET_MM_BRK, sbrk(0), 0, 0);
    t(prctl, PR_SET_MM, 99, 0, 0, 0);
    t(prctl, PR_SET_MM, PR_SET_MM_MAP, 0, sizeof(struct prctl_mm_map), 0);
    t(prctl, PR_SET_MM, PR_SET_MM_MAP, bad_page(), sizeof(struct prctl_mm_map), 0);
    t(prctl, PR_SET_MM, PR_SET_MM_MAP, bad_page(), 5, 0);
    static char title[] = "another title\0with words";
    struct prctl_mm_map map = {
        .start_code = field(26), .end_code = field(27), .start_data = field(45), .end_data = field(46),
        .start_brk = field(47), .brk = (uintptr_t)sbrk(0), .start_stack = field(28),
        .arg_start = (uintptr_t)title, .arg_end = (uintptr_t)title + sizeof title,
        .env_start = field(50), .env_end = field(51), .exe_fd = -1,
    };
    cmdline();
    t(prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
    cmdline();
    p(field(48) == (uintptr_t)title);
    p(sbrk(4096) != (void *)-1);
    map.arg_start = 16;
    t(prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
    map.arg_start = map.arg_end + 1;
    t(prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
    // The executable is another's to change: that takes a capability.
    map.arg_start = (uintptr_t)title;
    map.exe_fd = open("/proc/self/exe", O_RDONLY);
    t(prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
    map.exe_fd = 999;
    t(prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
    cmdline();
    // Overwritten in place, as setproctitle does it.
    argv[0][0] = 'X';
    title[0] = 'A';
    cmdline();
    prctl(PR_SET_NAME, "a name longer than fifteen");
    cat("/proc/self/comm");
    pid_t pid = fork();
    if (!pid) {
        cmdline();
        cat("/proc/self/comm");
        _exit(0);
    }
    show_end("child", pid);
}
