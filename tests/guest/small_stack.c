// The stack is the program's: nothing below its pointer is written, and it need not even be memory.
#include "check.h"
#include <pthread.h>

#define SYS_999 999

// One system call with the stack pointer set to `sp`.
static long call_on(void *sp, long nr, long a, long b, long c, long d) {
    long ret;
    register long r10 __asm__("r10") = d;
    register void *r12 __asm__("r12") = sp;
    __asm__ volatile("xchg %%rsp, %%r12\n"
                     "syscall\n"
                     "xchg %%rsp, %%r12\n"
                     : "=a"(ret), "+r"(r12)
                     : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory", "cc");
    if (r12 != sp)
        printf("the stack pointer moved\n");
    return ret;
}

static _Alignas(16) unsigned char tiny[16384];
static struct stat st;
static char text[PATH_MAX];

static void each(const char *label, void *sp) {
    memset(tiny, 0xa5, sizeof tiny);
#define C(name, a, b, c, d) call_on(sp, SYS_##name, (long)(a), (long)(b), (long)(c), (long)(d))
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, "socket");
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    long results[] = {
        C(stat, A("file"), &st, 0, 0),
        C(lstat, "link", &st, 0, 0),
        C(stat, A("missing"), &st, 0, 0),
        C(access, A("file"), R_OK, 0, 0),
        C(readlink, A("link"), text, sizeof text, 0),
        C(mkdir, A("dir"), 0700, 0, 0),
        C(rename, A("dir"), "dir2", 0, 0),
        C(chdir, A("dir2"), 0, 0, 0),
        C(chdir, "..", 0, 0, 0),
        C(rmdir, "dir2", 0, 0, 0),
        C(symlink, "x", A("new"), 0, 0),
        C(unlink, A("new"), 0, 0, 0),
        C(execve, A("missing"), 0, 0, 0),
        C(execve, A("file"), 0, 0, 0),
        C(bind, s, &address, sizeof address, 0),
        C(unlink, "socket", 0, 0, 0),
        C(openat, AT_FDCWD, A("missing"), O_RDONLY, 0),
        C(openat, AT_FDCWD, A("file/x"), O_RDONLY, 0),
        C(openat2, AT_FDCWD, "file", 0, 24),
        C(getcwd, text, 1, 0, 0),
        C(getppid, 0, 0, 0, 0) > 0,
        C(999, 0, 0, 0, 0),
    };
#undef C
    close(s);
    printf("%s:", label);
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        printf(results[i] < 0 ? " %s" : " ok", errno_name(-results[i]));
    size_t changed = 0;
    for (size_t i = 0; i < sizeof tiny; i++)
        changed += tiny[i] != 0xa5;
    printf("; %zu bytes changed\n", changed);
}

static void *in_thread(void *unused) {
    char path[PATH_MAX];
    // A long path through a minimal stack.
    memset(path, '/', sizeof path);
    memcpy(path + 3000, A("file"), strlen(A("file")) + 1);
    t(stat, path, &st);
    topen(AT_FDCWD, path, O_RDONLY);
    return unused;
}

int main(void) {
    mkfile("file", "x");
    chmod("file", 0755);
    ln("file", "link");
    each("in the middle of a small area", tiny + 8192);
    each("at its lower end", tiny);
    each("unaligned", tiny + 8192 + 5);
    each("null", 0);
    each("an unmapped page", bad_page() + 2048);
    char *readonly = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    each("read-only memory", readonly + 2048);
    each("not an address at all", (void *)0x8000000000000000);

    // A stack of 16 KiB, the least that a thread may have.
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    p(pthread_attr_setstacksize(&attr, 16384));
    pthread_create(&thread, &attr, in_thread, 0);
    pthread_join(thread, 0);
}
