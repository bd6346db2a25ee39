// personality(2): what it changes, and what execve(2) keeps of it.
#include "check.h"
#include <sys/personality.h>
#include <sys/utsname.h>

static int child(char **argv) {
    struct utsname u;
    uname(&u);
    unsigned long persona = personality(0xffffffff);
    printf("  persona %#lx, machine %s, release %s\n", persona, u.machine, strncmp(u.release, "2.6.", 4) ? "its own" : "2.6");
    if (argv[2]) {
        // Not random: everything lies where it lay before.
        void *heap = sbrk(0), *map = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        int on_stack;
        int fd = open(argv[2], O_RDWR | O_CREAT, 0600);
        uintptr_t now[3] = {(uintptr_t)heap, (uintptr_t)map, (uintptr_t)&on_stack}, then[3];
        if (read(fd, then, sizeof then) == sizeof then)
            printf("  same heap %d, mapping %d, stack %d\n", now[0] == then[0], now[1] == then[1], now[2] == then[2]);
        else
            write(fd, now, sizeof now);
    }
    if (persona & READ_IMPLIES_EXEC) {
        char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        *page = (char)0xc3;
        ((void (*)(void))page)();
        printf("  readable memory is executed\n");
    }
    return 4;
}

static void with(const char *label, unsigned long persona, char *file) {
    for (int i = 0; i < (file ? 2 : 1); i++) {
        pid_t pid = fork();
        if (!pid) {
            if (personality(persona) == -1)
                printf("%s\n", errno_name(errno));
            char *args[] = {"child", "child", file, 0}, *env[] = {0};
            sys(SYS_execve, "prog", args, env);
            _exit(1);
        }
        show_end(label, pid);
    }
}

int main(int argc, char **argv) {
    if (argc > 1)
        return child(argv);
    copy_self("prog");
    with("0", 0, 0);
    with("ADDR_NO_RANDOMIZE", ADDR_NO_RANDOMIZE, "places");
    with("ADDR_COMPAT_LAYOUT", ADDR_COMPAT_LAYOUT | ADDR_NO_RANDOMIZE, "compat");
    with("PER_LINUX32", PER_LINUX32, 0);
    with("PER_LINUX32_3GB", PER_LINUX32_3GB, 0);
    with("UNAME26", UNAME26, 0);
    with("WHOLE_SECONDS", WHOLE_SECONDS | STICKY_TIMEOUTS, 0);
    with("READ_IMPLIES_EXEC", READ_IMPLIES_EXEC, 0);
    with("SHORT_INODE", SHORT_INODE, 0);
    with("PER_SVR4", PER_SVR4, 0);
    // It is the thread's own, and answers with the old one.
    p(personality(PER_LINUX32));
    struct utsname u;
    uname(&u);
    printf("machine %s\n", u.machine);
    p(personality(0xffffffff));
    pid_t pid = fork();
    if (!pid)
        _exit(personality(0));
    show_end("inherited", pid);
    p(personality(0));
    uname(&u);
    printf("machine %s\n", u.machine);
    FILE *f = fopen("/proc/self/personality", "r");
    char line[32];
    if (f && fgets(line, sizeof line, f))
        printf("%s", line);
}
