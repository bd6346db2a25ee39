// Tries the other entries to the kernel: int 0x80, x32 numbers, io_uring. Run by tests/escape.rs.
//
// Argument: a host file. Each attempt runs in a child, because a kernel without the entry kills it.
#include "check.h"
#include <linux/io_uring.h>

static char *low;
static const char *file;

static long int80(long nr, long a, long b, long c, long d) {
    long ret;
    register long r8 __asm__("r8");
    __asm__ volatile("int $0x80" : "=a"(ret), "=r"(r8) : "0"(nr), "b"(a), "c"(b), "d"(c), "S"(d) : "memory", "cc", "r9", "r10", "r11");
    return (int)ret;
}

static void report(const char *label, long ret) { printf("%s: %s\n", label, ret >= 0 ? "reached" : errno_name(-ret)); }

static void in_child(const char *label, long (*attempt)(void)) {
    int *result = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid = fork();
    if (!pid) {
        *result = (int)attempt();
        _exit(0);
    }
    int s;
    waitpid(pid, &s, 0);
    if (WIFEXITED(s))
        report(label, *result);
    else
        printf("%s: no such entry\n", label);
    munmap(result, 4096);
}

#define P(n) ((long)(uint32_t)(uintptr_t)(low + (n)))
static long i386_getpid(void) { return int80(20, 0, 0, 0, 0); }
static long i386_open(void) { return int80(5, P(0), O_RDONLY, 0, 0); }
static long i386_openat(void) { return int80(295, AT_FDCWD, P(0), O_RDONLY, 0); }
static long i386_stat64(void) { return int80(195, P(0), P(8192), 0, 0); }
static long i386_access(void) { return int80(33, P(0), 0, 0, 0); }
// There is no sixth argument, so the buffer is NULL; the path comes first.
static long i386_statx(void) {
    long ret = int80(383, AT_FDCWD, P(0), 0, 0xfff);
    return ret == -EFAULT ? 0 : ret;
}
static long i386_openat2(void) {
    uint64_t *how = (void *)(low + 8192);
    how[0] = how[1] = how[2] = 0;
    return int80(437, AT_FDCWD, P(0), P(8192), 24);
}
static long i386_chmod(void) { return int80(15, P(0), 0644, 0, 0); }
// The file is no program: the errno tells that it was found.
static long i386_execve(void) {
    long ret = int80(11, P(0), 0, 0, 0);
    return ret == -EACCES ? 0 : ret;
}
#define X32 0x40000000
static long x32_open(void) { return sys(X32 | SYS_open, file, O_RDONLY); }
static long x32_openat(void) { return sys(X32 | SYS_openat, AT_FDCWD, file, O_RDONLY); }
static long x32_stat(void) { return sys(X32 | SYS_stat, file, low + 8192); }
static long x32_execve(void) {
    long ret = sys(X32 | 520, file, 0, 0);
    return ret == -EACCES ? 0 : ret;
}
static long x32_getpid(void) { return sys(X32 | SYS_getpid); }

// Submits one entry and gives its result.
static long ring(int opcode, int fd, const void *address, uint32_t length, uint64_t offset, uint32_t flags) {
    struct io_uring_params params = {0};
    long ring_fd = sys(SYS_io_uring_setup, 4, &params);
    if (ring_fd < 0)
        return ring_fd;
    size_t size = params.sq_off.array + params.sq_entries * 4, completed = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    char *queue = mmap(0, size > completed ? size : completed, PROT_READ | PROT_WRITE, MAP_SHARED, ring_fd, IORING_OFF_SQ_RING);
    struct io_uring_sqe *entry = mmap(0, 4 * sizeof *entry, PROT_READ | PROT_WRITE, MAP_SHARED, ring_fd, IORING_OFF_SQES);
    if (queue == MAP_FAILED || entry == MAP_FAILED)
        return -errno;
    memset(entry, 0, sizeof *entry);
    entry->opcode = (uint8_t)opcode;
    entry->fd = fd;
    entry->addr = (uintptr_t)address;
    entry->len = length;
    entry->off = offset;
    entry->open_flags = flags;
    *(uint32_t *)(queue + params.sq_off.array) = 0;
    __atomic_store_n((uint32_t *)(queue + params.sq_off.tail), 1, __ATOMIC_RELEASE);
    long ret = sys(SYS_io_uring_enter, ring_fd, 1, 1, IORING_ENTER_GETEVENTS, 0, 0);
    if (ret < 0)
        return ret;
    return ((struct io_uring_cqe *)(queue + params.cq_off.cqes))->res;
}
static long ring_openat(void) { return ring(IORING_OP_OPENAT, AT_FDCWD, file, 0, 0, O_RDONLY); }
static long ring_openat2(void) {
    static uint64_t how[3];
    return ring(IORING_OP_OPENAT2, AT_FDCWD, file, sizeof how, (uintptr_t)how, 0);
}
static long ring_statx(void) { return ring(IORING_OP_STATX, AT_FDCWD, file, STATX_ALL, (uintptr_t)(low + 8192), 0); }
static long ring_mkdir(void) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s.made by a ring", file);
    return ring(37 /* IORING_OP_MKDIRAT */, AT_FDCWD, path, 0700, 0, 0);
}

int main(int argc, char **argv) {
    if (argc != 2)
        die("FILE");
    file = argv[1];
    low = mmap(0, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (low == MAP_FAILED)
        die("mmap");
    strcpy(low, file);
#define TRY(name) in_child(#name, name)
    TRY(i386_getpid);
    TRY(i386_open);
    TRY(i386_openat);
    TRY(i386_openat2);
    TRY(i386_stat64);
    TRY(i386_access);
    TRY(i386_statx);
    TRY(i386_chmod);
    TRY(i386_execve);
    TRY(x32_getpid);
    TRY(x32_open);
    TRY(x32_openat);
    TRY(x32_stat);
    TRY(x32_execve);
    TRY(ring_openat);
    TRY(ring_openat2);
    TRY(ring_statx);
    TRY(ring_mkdir);
    // The process goes on as if nothing had been.
    mkfile("after", "x");
    struct stat st;
    p(sys(SYS_stat, A("after"), &st));
}
