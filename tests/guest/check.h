// What every guest test program shares: a system call that checks its own registers, and one printed line per call.
//
// A program runs in a fresh, empty directory, natively and under xroot, and both must print the same. So it
// prints no absolute path, pid, time or inode number, and nothing that depends on where its directory lies.
// The kernel is the oracle: no expected output is written down anywhere.
#ifndef CHECK_H
#define CHECK_H
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Numbers that the headers of older distributions lack (x86-64).
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_map_shadow_stack
#define SYS_map_shadow_stack 453
#endif
#ifndef SYS_statmount
#define SYS_statmount 457
#define SYS_listmount 458
#endif
#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#define SYS_getxattrat 464
#define SYS_listxattrat 465
#define SYS_removexattrat 466
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif
#ifndef SYS_file_getattr
#define SYS_file_getattr 468
#define SYS_file_setattr 469
#endif
#ifdef __aarch64__
#include "legacy.h"
#endif

// ---- the checked system call -------------------------------------------------------------------------------------

// Makes system call `nr` with known values in registers that the kernel preserves and, on x86-64, in the 128 bytes below
// the stack pointer. Stores what the registers of KEPT hold afterwards and the count of changed red-zone words in `after`.
long checked_entry(long nr, const long args[6], long after[13]);
#ifdef __aarch64__
// The first argument's register takes the result.
#define KEPT "x0", "x1", "x2", "x3", "x4", "x5", "x19", "x20", "x21", "x22", "x23", "x24", "red zone"
__asm__(".text\n"
        ".type checked_entry, @function\n"
        "checked_entry:\n"
        "  stp x29, x30, [sp, #-80]!; stp x19, x20, [sp, #16]; stp x21, x22, [sp, #32]; stp x23, x24, [sp, #48]\n"
        "  str x2, [sp, #64]\n"
        "  mov x8, x0; mov x9, x1\n"
        "  ldp x0, x1, [x9]; ldp x2, x3, [x9, #16]; ldp x4, x5, [x9, #32]\n"
        "  ldr x19, =0x1111111111111111; ldr x20, =0x2222222222222222; ldr x21, =0x3333333333333333\n"
        "  ldr x22, =0x4444444444444444; ldr x23, =0x5555555555555555; ldr x24, =0x6666666666666666\n"
        "  mov x10, x0\n"
        "  svc #0\n"
        "  ldr x9, [sp, #64]\n"
        "  stp x10, x1, [x9]; stp x2, x3, [x9, #16]; stp x4, x5, [x9, #32]\n"
        "  stp x19, x20, [x9, #48]; stp x21, x22, [x9, #64]; stp x23, x24, [x9, #80]; str xzr, [x9, #96]\n"
        "  ldp x19, x20, [sp, #16]; ldp x21, x22, [sp, #32]; ldp x23, x24, [sp, #48]; ldp x29, x30, [sp], #80\n"
        "  ret\n"
        "  .ltorg\n"
        ".size checked_entry, . - checked_entry\n");
#else
#define KEPT                                                                                                       \
    "rdi", "rsi", "rdx", "r10", "r8", "r9", "rbx", "rbp", "r12", "r13", "r14", "r15", "red zone"
__asm__(".text\n"
        ".type checked_entry, @function\n"
        "checked_entry:\n"
        "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15; push %rdx\n"
        "  mov %rdi, %rax\n"
        "  mov %rsi, %r11\n"
        "  mov $16, %ecx\n"
        "  mov $0x5a5aa5a55a5aa5a5, %r10\n"
        "1: mov %r10, -136(%rsp,%rcx,8)\n"
        "  dec %ecx\n"
        "  jnz 1b\n"
        "  mov 0(%r11), %rdi; mov 8(%r11), %rsi; mov 16(%r11), %rdx\n"
        "  mov 24(%r11), %r10; mov 32(%r11), %r8; mov 40(%r11), %r9\n"
        "  mov $0x1111111111111111, %rbx; mov $0x2222222222222222, %rbp\n"
        "  mov $0x3333333333333333, %r12; mov $0x4444444444444444, %r13\n"
        "  mov $0x5555555555555555, %r14; mov $0x6666666666666666, %r15\n"
        "  syscall\n"
        "  mov (%rsp), %rcx\n"
        "  mov %rdi, 0(%rcx); mov %rsi, 8(%rcx); mov %rdx, 16(%rcx)\n"
        "  mov %r10, 24(%rcx); mov %r8, 32(%rcx); mov %r9, 40(%rcx)\n"
        "  mov %rbx, 48(%rcx); mov %rbp, 56(%rcx); mov %r12, 64(%rcx)\n"
        "  mov %r13, 72(%rcx); mov %r14, 80(%rcx); mov %r15, 88(%rcx)\n"
        "  mov $16, %edx\n"
        "  xor %esi, %esi\n"
        "  mov $0x5a5aa5a55a5aa5a5, %rdi\n"
        "2: xor %r8d, %r8d\n"
        "  cmp %rdi, -136(%rsp,%rdx,8)\n"
        "  setne %r8b\n"
        "  add %r8, %rsi\n"
        "  dec %edx\n"
        "  jnz 2b\n"
        "  mov %rsi, 96(%rcx)\n"
        "  pop %rdx; pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
        "  ret\n"
        ".size checked_entry, . - checked_entry\n");
#endif

static long checked_syscall(long nr, long a, long b, long c, long d, long e, long f) {
    static const char *const name[13] = {KEPT};
    long args[6] = {a, b, c, d, e, f};
#ifdef __aarch64__
    modern(&nr, args);
#endif
    const long want[13] = {args[0], args[1], args[2], args[3], args[4], args[5],
                           0x1111111111111111, 0x2222222222222222, 0x3333333333333333, 0x4444444444444444,
                           0x5555555555555555, 0x6666666666666666, 0};
    long after[13];
    long ret = checked_entry(nr, args, after);
    for (int i = 0; i < 13; i++)
        if (after[i] != want[i]) {
            dprintf(2, "system call %ld changed %s: %#lx, was %#lx\n", nr, name[i], after[i], want[i]);
            dprintf(1, "system call %ld changed %s\n", nr, name[i]);
            abort();
        }
    return ret;
}

// sys(nr, args...): the raw result, -errno on failure. Missing arguments are 0.
#define sys(...) sys7(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define sys7(n, a, b, c, d, e, f, ...)                                                                             \
    checked_syscall((long)(n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

// ---- printing ----------------------------------------------------------------------------------------------------

static const char *errno_name(long e) {
    static __thread char other[24];
    switch (e) {
#define E(x)                                                                                                       \
    case x:                                                                                                        \
        return #x;
        E(EPERM) E(ENOENT) E(ESRCH) E(EINTR) E(EIO) E(ENXIO) E(E2BIG) E(ENOEXEC) E(EBADF) E(ECHILD) E(EAGAIN)
        E(ENOMEM) E(EACCES) E(EFAULT) E(ENOTBLK) E(EBUSY) E(EEXIST) E(EXDEV) E(ENODEV) E(ENOTDIR) E(EISDIR)
        E(EINVAL) E(ENFILE) E(EMFILE) E(ENOTTY) E(ETXTBSY) E(EFBIG) E(ENOSPC) E(ESPIPE) E(EROFS) E(EMLINK)
        E(EPIPE) E(EDOM) E(ERANGE) E(EDEADLK) E(ENAMETOOLONG) E(ENOLCK) E(ENOSYS) E(ENOTEMPTY) E(ELOOP)
        E(ENODATA) E(EOVERFLOW) E(ELIBBAD) E(ENOTSOCK) E(EDESTADDRREQ) E(EMSGSIZE) E(EPROTOTYPE)
        E(ENOPROTOOPT) E(EPROTONOSUPPORT) E(ESOCKTNOSUPPORT) E(EOPNOTSUPP) E(EAFNOSUPPORT) E(EADDRINUSE)
        E(EADDRNOTAVAIL) E(ENOBUFS) E(EISCONN) E(ENOTCONN) E(ETIMEDOUT) E(ECONNREFUSED) E(ECONNRESET)
        E(EALREADY) E(EINPROGRESS) E(ESTALE) E(EDQUOT) E(ECANCELED) E(ENOTUNIQ) E(ETOOMANYREFS)
#undef E
    }
    snprintf(other, sizeof other, "errno %ld", e);
    return other;
}

enum shown { AS_NUMBER, AS_OK };

__attribute__((unused)) static long show(const char *call, long ret, enum shown how) {
    if (ret < 0 && ret > -4096)
        printf("%s = -1 %s\n", call, errno_name(-ret));
    else if (how == AS_OK)
        printf("%s = ok\n", call);
    else
        printf("%s = %ld\n", call, ret);
    return ret;
}

// t(openat, AT_FDCWD, "x", O_RDONLY) makes the call and prints it as written, with its result.
// tv() is for results that vary (descriptors, pids): "ok" stands for any success.
#define t(name, ...) show(#name "(" #__VA_ARGS__ ")", sys(SYS_##name, ##__VA_ARGS__), AS_NUMBER)
#define tv(name, ...) show(#name "(" #__VA_ARGS__ ")", sys(SYS_##name, ##__VA_ARGS__), AS_OK)
// p(expr) prints a C expression and its value; pe() one that sets errno.
#define p(expr) printf("%s = %ld\n", #expr, (long)(expr))
#define pe(expr) show(#expr, ({ errno = 0; long r_ = (long)(expr); r_ == -1 ? -errno : r_; }), AS_NUMBER)
// Opens and closes at once: for checks in which only the result counts.
#define topen(...)                                                                                                 \
    do {                                                                                                           \
        long fd_ = show("openat(" #__VA_ARGS__ ")", sys(SYS_openat, __VA_ARGS__), AS_OK);                          \
        if (fd_ >= 0)                                                                                              \
            close((int)fd_);                                                                                       \
    } while (0)

__attribute__((noreturn, format(printf, 1, 2), unused)) static void die(const char *format, ...) {
    int e = errno;
    va_list list;
    va_start(list, format);
    fprintf(stderr, "test program cannot go on: ");
    vfprintf(stderr, format, list);
    fprintf(stderr, ": %s\n", errno_name(e));
    va_end(list);
    _exit(99);
}

__attribute__((unused)) static const char *file_type(mode_t mode) {
    return S_ISREG(mode)    ? "file"
           : S_ISDIR(mode)  ? "dir"
           : S_ISLNK(mode)  ? "link"
           : S_ISFIFO(mode) ? "fifo"
           : S_ISSOCK(mode) ? "socket"
           : S_ISCHR(mode)  ? "char"
           : S_ISBLK(mode)  ? "block"
                            : "other";
}

// Sizes of directories are the file system's own affair, so they are not shown.
__attribute__((unused)) static void show_stat(const char *label, const struct stat *st) {
    printf("  %s: %s %04o nlink=%ld %s", label, file_type(st->st_mode), st->st_mode & 07777,
           S_ISDIR(st->st_mode) ? 0L : (long)st->st_nlink, st->st_uid == getuid() ? "mine" : "others");
    if (S_ISREG(st->st_mode) || S_ISLNK(st->st_mode))
        printf(" size=%ld", (long)st->st_size);
    printf("\n");
}

__attribute__((unused)) static void show_path(const char *path) {
    struct stat st;
    long ret = sys(SYS_newfstatat, AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW);
    if (ret)
        printf("  %s: %s\n", path, errno_name(-ret));
    else
        show_stat(path, &st);
}

// Prints what a file holds.
__attribute__((unused)) static void cat(const char *path) {
    char text[256];
    long fd = sys(SYS_openat, AT_FDCWD, path, O_RDONLY);
    if (fd < 0) {
        printf("  cat %s: %s\n", path, errno_name(-fd));
        return;
    }
    ssize_t n = read((int)fd, text, sizeof text - 1);
    text[n < 0 ? 0 : n] = 0;
    printf("  cat %s: \"%s\"\n", path, text);
    close((int)fd);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

// Prints the sorted names of a directory with their d_type.
__attribute__((unused)) static void list(const char *path) {
    char *names[512];
    int count = 0;
    DIR *dir = opendir(path);
    if (!dir) {
        printf("  ls %s: %s\n", path, errno_name(errno));
        return;
    }
    for (struct dirent *e; (e = readdir(dir)) && count < 512;) {
        if (asprintf(&names[count], "%s:%s", e->d_name, file_type(DTTOIF(e->d_type))) < 0)
            die("asprintf");
        count++;
    }
    closedir(dir);
    qsort(names, count, sizeof *names, by_name);
    printf("  ls %s:", path);
    for (int i = 0; i < count; i++) {
        printf(" %s", names[i]);
        free(names[i]);
    }
    printf("\n");
}

// ---- setting up --------------------------------------------------------------------------------------------------

static char start_dir[PATH_MAX];
static mode_t started_umask __attribute__((unused));

// The absolute path of `name` in the directory the program was started in; eight results live at once.
__attribute__((unused)) static char *A(const char *name) {
    static __thread char buffers[8][2 * PATH_MAX];
    static __thread unsigned next;
    char *out = buffers[next++ % 8];
    if (*name)
        snprintf(out, sizeof buffers[0], "%s/%s", start_dir, name);
    else
        snprintf(out, sizeof buffers[0], "%s", start_dir);
    return out;
}

// Prints `path` with the start directory replaced by $W, so that both runs print the same.
__attribute__((unused)) static const char *shown(const char *path) {
    static __thread char buffers[4][2 * PATH_MAX];
    static __thread unsigned next;
    size_t n = strlen(start_dir);
    if (strncmp(path, start_dir, n) || (path[n] && path[n] != '/' && path[n] != ' '))
        return path;
    char *out = buffers[next++ % 4];
    snprintf(out, sizeof buffers[0], "$W%s", path + n);
    return out;
}

__attribute__((unused)) static void mkfile(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        die("make file %s", path);
    close(fd);
}

__attribute__((unused)) static void mkdirs(const char *path) {
    if (mkdir(path, 0755))
        die("make directory %s", path);
}

__attribute__((unused)) static void ln(const char *target, const char *path) {
    if (symlink(target, path))
        die("make link %s", path);
}

// Copies the running program to `path`, executable.
__attribute__((unused)) static void copy_self(const char *path) {
    static char block[1 << 16];
    int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    if (in < 0 || out < 0)
        die("copy self to %s", path);
    for (ssize_t n; (n = read(in, block, sizeof block)) > 0;)
        if (write(out, block, n) != n)
            die("write %s", path);
    close(in);
    close(out);
}

// Waits for `pid` and prints how it ended.
__attribute__((unused)) static void show_end(const char *label, pid_t pid) {
    int status;
    if (waitpid(pid, &status, 0) != pid)
        die("wait for %s", label);
    if (WIFEXITED(status))
        printf("%s: exit %d\n", label, WEXITSTATUS(status));
    else
        printf("%s: signal %d\n", label, WTERMSIG(status));
}

// A page that no access is allowed to, for EFAULT; and the end of a readable page, for strings that run off it.
__attribute__((unused)) static char *bad_page(void) {
    static char *page;
    if (!page) {
        char *two = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (two == MAP_FAILED || mprotect(two + 4096, 4096, PROT_NONE))
            die("mmap");
        page = two + 4096;
    }
    return page;
}

__attribute__((constructor)) static void start(void) {
    setvbuf(stdout, 0, _IONBF, 0);
#ifdef RUN_BY_ANYBODY
    if (0) {
#else
    // Under `xroot -0` the answer is a lie.
    if (geteuid() == 0 && !getenv("XROOT_FAKE_ROOT")) {
#endif
        fprintf(stderr, "guest test programs run as an ordinary user\n");
        _exit(99);
    }
    if (!getcwd(start_dir, sizeof start_dir))
        die("getcwd");
    started_umask = umask(022);
}

#endif
