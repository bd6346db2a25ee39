// Tries to reach the host through its processes: their /proc directories, memory and descriptors. By tests/escape.rs.
//
// Arguments: a host directory with a file "marker", then pids of host processes; the one that sits in that directory,
// has the marker open, and may be looked into comes first. Without any, the program is that host process.
#include "check.h"
#include <sys/ptrace.h>

#define MARKER "marker of the host"

static int is_marker(long fd) {
    char text[64] = "";
    int is = fd >= 0 && pread(fd, text, 63, 0) > 0 && !strncmp(text, MARKER, strlen(MARKER));
    if (fd >= 0)
        close(fd);
    return is;
}

static void report(const char *label, int reached) { printf("%s: %s\n", label, reached ? "reached" : "refused"); }

static char *proc(int pid, const char *rest) {
    static char buffers[4][2 * PATH_MAX];
    static unsigned next;
    char *out = buffers[next++ % 4];
    snprintf(out, sizeof buffers[0], "/proc/%d/%s", pid, rest);
    return out;
}

static long opened(const char *path) { return sys(SYS_openat, AT_FDCWD, path, O_RDONLY); }

// Any entry of a directory of magic links that leads to the marker.
static int any_entry(const char *path, const char *below) {
    DIR *dir = opendir(path);
    int reached = 0;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char name[3 * PATH_MAX];
        struct stat st;
        snprintf(name, sizeof name, "%s/%s%s", path, e->d_name, below);
        // Pipes and terminals would block.
        if (*e->d_name != '.' && !stat(name, &st) && S_ISREG(st.st_mode))
            reached |= is_marker(opened(name));
    }
    if (dir)
        closedir(dir);
    return reached;
}

static void one_process(const char *who, int pid, const char *marker) {
    char label[128], path[2 * PATH_MAX];
#define R(what, reached) (snprintf(label, sizeof label, "%s %s", who, what), report(label, reached))
    snprintf(path, sizeof path, "root%s", marker);
    R("root", is_marker(opened(proc(pid, path))));
    R("cwd", is_marker(opened(proc(pid, "cwd/marker"))));
    snprintf(path, sizeof path, "cwd/../../../../../../../../../..%s", marker);
    R("cwd and up", is_marker(opened(proc(pid, path))));
    R("fd", any_entry(proc(pid, "fd"), ""));
    R("map_files", any_entry(proc(pid, "map_files"), ""));
    snprintf(path, sizeof path, "task/%d/root%s", pid, marker);
    R("task root", is_marker(opened(proc(pid, path))));
    snprintf(path, sizeof path, "task/%d/cwd/marker", pid);
    R("task cwd", is_marker(opened(proc(pid, path))));
    snprintf(path, sizeof path, "task/%d/fd", pid);
    R("task fd", any_entry(proc(pid, path), ""));
    long fd = sys(SYS_openat, AT_FDCWD, proc(pid, ""), O_RDONLY | O_DIRECTORY);
    R("cwd by descriptor", is_marker(sys(SYS_openat, fd, "cwd/marker", O_RDONLY)));
    snprintf(path, sizeof path, "root%s", marker);
    R("root by descriptor", is_marker(sys(SYS_openat, fd, path, O_RDONLY)));
    close(fd);
    pid_t child = fork();
    if (!child) {
        sys(SYS_chdir, proc(pid, "cwd"));
        _exit(is_marker(opened("marker")));
    }
    int s;
    waitpid(child, &s, 0);
    R("chdir to its cwd", s != 0);
    child = fork();
    if (!child) {
        sys(SYS_chdir, proc(pid, "root"));
        _exit(is_marker(opened(marker + 1)));
    }
    waitpid(child, &s, 0);
    R("chdir to its root", s != 0);
    ln(proc(pid, "root"), "way");
    snprintf(path, sizeof path, "way%s", marker);
    R("root by a link", is_marker(opened(path)));
    unlink("way");
    R("exe", (fd = opened(proc(pid, "exe"))) >= 0);
    close(fd);
    R("mem", (fd = sys(SYS_openat, AT_FDCWD, proc(pid, "mem"), O_RDWR)) >= 0);
    close(fd);
    long top = sys(SYS_openat, AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY);
    for (uint64_t resolve = 8; resolve <= 16; resolve += 8) { // RESOLVE_BENEATH, RESOLVE_IN_ROOT
        uint64_t how[3] = {O_RDWR, 0, resolve};
        snprintf(path, sizeof path, "%d/mem", pid);
        R(resolve == 8 ? "mem beneath /proc" : "mem in /proc as root", (fd = sys(SYS_openat2, top, path, how, sizeof how)) >= 0);
        close(fd);
    }
    close(top);
    fd = sys(SYS_open_tree, AT_FDCWD, proc(pid, "mem"), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%ld", fd);
    long again = sys(SYS_openat, AT_FDCWD, path, O_RDWR);
    R("mem by open_tree", again >= 0);
    close(again);
    close(fd);
    long own = sys(SYS_openat, AT_FDCWD, proc(pid, ""), O_RDONLY | O_DIRECTORY);
    R("list of descriptors", (fd = sys(SYS_openat, own, "fd", O_RDONLY | O_DIRECTORY | O_NOFOLLOW)) >= 0);
    close(fd);
    close(own);
    // Refused is EPERM or ESRCH; a bad address is only complained about once access has been granted.
    char byte;
    struct iovec mine = {&byte, 1}, theirs = {(void *)16, 1};
    long ret = sys(SYS_process_vm_readv, pid, &mine, 1, &theirs, 1, 0);
    R("process_vm_readv", ret > 0 || ret == -EFAULT);
    ret = sys(SYS_process_vm_writev, pid, &mine, 1, &theirs, 1, 0);
    R("process_vm_writev", ret > 0 || ret == -EFAULT);
    long pidfd = sys(SYS_pidfd_open, pid, 0);
    int reached = 0;
    for (int i = 0; i < 64; i++)
        reached |= (fd = sys(SYS_pidfd_getfd, pidfd, i, 0)) >= 0;
    R("pidfd_getfd", reached);
    close(pidfd);
    child = fork();
    if (!child)
        _exit(sys(SYS_ptrace, PTRACE_SEIZE, pid, 0, 0) == 0);
    waitpid(child, &s, 0);
    R("ptrace", s != 0);
}

// The host's side: sits in the directory with the marker open and mapped, listens there, says so, and waits for its end of input.
static int host_side(const char *directory) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/marker", directory);
    int fd = open(path, O_RDONLY);
    if (fd < 0 || chdir(directory) || mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
        die("host side");
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "peer"};
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(server, (struct sockaddr *)&a, sizeof a) || listen(server, 1000))
        die("host side's socket");
    printf("ready\n");
    char byte;
    read(0, &byte, 1);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 2)
        return host_side(argv[1]);
    char marker[PATH_MAX];
    snprintf(marker, sizeof marker, "%s/marker", argv[1]);
    one_process("host process", atoi(argv[2]), marker);
    for (int i = 3; i < argc; i++)
        one_process("another host process", atoi(argv[i]), marker);
    // Natively this is the test itself; inside, the tracer or what stands for it.
    one_process("parent", getppid(), marker);
    one_process("init", 1, marker);
    char status[4096] = "";
    int fd = open("/proc/self/status", O_RDONLY);
    read(fd, status, sizeof status - 1);
    char *tracer = strstr(status, "TracerPid:");
    if (tracer && atoi(tracer + 10))
        one_process("tracer", atoi(tracer + 10), marker);
    // Whatever else has a number.
    int reached = 0, pids = 0;
    DIR *all = opendir("/proc");
    for (struct dirent *e; all && (e = readdir(all));) {
        int pid = atoi(e->d_name);
        if (pid <= 0 || pid == getpid())
            continue;
        char path[2 * PATH_MAX];
        pids++;
        snprintf(path, sizeof path, "root%s", marker);
        reached |= is_marker(opened(proc(pid, path))) || is_marker(opened(proc(pid, "cwd/marker"))) || any_entry(proc(pid, "fd"), "") ||
                   any_entry(proc(pid, "map_files"), "");
    }
    report("any process at all", reached);
}
