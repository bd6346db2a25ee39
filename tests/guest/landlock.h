// Landlock as include/uapi/linux/landlock.h of Linux 6.15 has it; the headers of older distributions lack much of it.
#include "check.h"
#include <sys/prctl.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define EXECUTE (1ul << 0)
#define WRITE_FILE (1ul << 1)
#define READ_FILE (1ul << 2)
#define READ_DIR (1ul << 3)
#define REMOVE_DIR (1ul << 4)
#define REMOVE_FILE (1ul << 5)
#define MAKE_CHAR (1ul << 6)
#define MAKE_DIR (1ul << 7)
#define MAKE_REG (1ul << 8)
#define MAKE_SOCK (1ul << 9)
#define MAKE_FIFO (1ul << 10)
#define MAKE_BLOCK (1ul << 11)
#define MAKE_SYM (1ul << 12)
#define REFER (1ul << 13)
#define TRUNCATE (1ul << 14)
#define IOCTL_DEV (1ul << 15)
#define ALL_FS ((1ul << 16) - 1)

#define BIND_TCP (1ul << 0)
#define CONNECT_TCP (1ul << 1)

#define SCOPE_ABSTRACT (1ul << 0)
#define SCOPE_SIGNAL (1ul << 1)

enum { RULE_PATH_BENEATH = 1, RULE_NET_PORT = 2 };

struct ruleset {
    uint64_t fs, net, scoped;
};

struct path_beneath {
    uint64_t access;
    int32_t fd;
} __attribute__((packed));

struct net_port {
    uint64_t access, port;
};

// A ruleset that handles this; ends the program where it cannot be made.
__attribute__((unused)) static int ruleset(uint64_t fs, uint64_t net, uint64_t scoped) {
    struct ruleset attr = {fs, net, scoped};
    long fd = sys(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (fd < 0) {
        errno = -fd;
        die("make a ruleset");
    }
    return fd;
}

// The result of a rule for `path`.
__attribute__((unused)) static long allow(int ruleset, const char *path, uint64_t access) {
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    struct path_beneath rule = {access, fd};
    long result = sys(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
    close(fd);
    return result;
}

__attribute__((unused)) static long allow_port(int ruleset, uint64_t port, uint64_t access) {
    struct net_port rule = {access, port};
    return sys(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0);
}

// Enters the ruleset, and closes it.
__attribute__((unused)) static void enter(int ruleset) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    long result = sys(SYS_landlock_restrict_self, ruleset, 0);
    if (result) {
        errno = -result;
        die("enter a ruleset");
    }
    close(ruleset);
}

// Runs `part` in a child, for its rules to end with it.
__attribute__((unused)) static void part(const char *name, void (*part)(void)) {
    printf("-- %s\n", name);
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (!pid) {
        part();
        _exit(0);
    }
    show_end("part", pid);
}
