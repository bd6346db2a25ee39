// PTRACE_EVENT_SECCOMP: a filter of the tracee's own hands calls to its tracer, which lets them go, changes or skips them.
#include "seccomp.h"
#include "trace.h"

#define WHEN(name, action) IF(SYS_##name, 0, 1), RET(action)
#define TRACED(name, data) WHEN(name, SECCOMP_RET_TRACE | (data))

static void filtered(void) {
    struct sock_filter code[] = {
        LOAD(NR_FIELD),
        TRACED(getppid, 7),
        TRACED(chdir, 0xffff),
        TRACED(mkdirat, 0),
        TRACED(openat, 3),
        TRACED(execve, 4),
        TRACED(uname, 5),
        TRACED(seccomp, 6),
        WHEN(rmdir, SECCOMP_RET_ERRNO | EXDEV),
        RET(SECCOMP_RET_ALLOW),
    };
    install(code, LENGTH(code));
}

static void calls(void) {
    filtered();
    printf("getppid %s\n", sys(SYS_getppid) == getppid() ? "agrees" : "is odd");
    t(chdir, "missing");
    t(chdir, "dir");
    t(chdir, A(""));
    t(mkdirat, AT_FDCWD, A("made"), 0755);
    t(rmdir, A("made"));
    char path[] = "./././././file", text[8] = "";
    read(tv(openat, AT_FDCWD, path, O_RDONLY), text, 5);
    printf("'%s' from %s\n", text, path);
    t(openat, AT_FDCWD, "nowhere", O_RDONLY);
    t(uname, bad_page());
    t(getuid, 0);
    // Much to copy: the tracer is asked once all the same.
    static struct sock_filter lengthy[2000];
    for (size_t i = 0; i < LENGTH(lengthy); i++)
        lengthy[i] = (struct sock_filter)RET(SECCOMP_RET_ALLOW);
    printf("seccomp = %ld\n", install_with(0, lengthy, LENGTH(lengthy)));
    raise(SIGUSR1);
    fflush(stdout);
    char *argv[] = {"ptrace_seccomp", "end", NULL};
    t(execve, "/missing", argv, environ);
    execve("/proc/self/exe", argv, environ);
}

static struct user_regs_struct regs_of(pid_t pid) {
    struct user_regs_struct r = {0};
    tr(PTRACE_GETREGS, pid, 0, &r);
    return r;
}

static void told(pid_t pid) {
    unsigned long message = 99;
    tr(PTRACE_GETEVENTMSG, pid, 0, &message);
    struct user_regs_struct r = regs_of(pid);
    siginfo_t si = {0};
    tr(PTRACE_GETSIGINFO, pid, 0, &si);
    struct __ptrace_syscall_info info;
    memset(&info, 0x55, sizeof info);
    long size = tr(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
    printf("  message %lu, call %lld, rax %lld, signal %d code %#x, %ld bytes, op %d", message, r.orig_rax,
           (long long)r.rax < 0 || (long long)r.rax > 9 ? 0 : r.rax, si.si_signo, si.si_code, size, info.op);
    if (info.op == 3)
        printf(", nr %lld, data %d, third %s", (long long)info.seccomp.nr, info.seccomp.ret_data,
               info.seccomp.args[2] == r.rdx ? "right" : "wrong");
    printf("\n");
}

// What the tracer does at the event of a call.
typedef void deed(pid_t pid, struct user_regs_struct *r);

static void nothing(pid_t pid, struct user_regs_struct *r) { (void)pid, (void)r; }

// The call is not made, and returns what the tracer says.
static void skip(pid_t pid, struct user_regs_struct *r) {
    r->orig_rax = -1;
    r->rax = r->rax == (unsigned long)-ENOSYS ? -EHOSTDOWN : 1;
    tr(PTRACE_SETREGS, pid, 0, r);
}

// Another call takes its place: one that nobody filters, one that the filter hands over too, one that it forbids.
static void other(pid_t pid, struct user_regs_struct *r) {
    r->orig_rax = r->orig_rax == SYS_getppid ? SYS_getuid : r->orig_rax == SYS_chdir ? SYS_access : SYS_rmdir;
    if (r->orig_rax == SYS_access)
        r->rsi = F_OK;
    tr(PTRACE_SETREGS, pid, 0, r);
}

// The path becomes another one.
static void lead_away(pid_t pid, struct user_regs_struct *r) {
    char to[16] = "dir/other", from[8] = "";
    tr(PTRACE_PEEKDATA, pid, r->rsi, from);
    for (size_t i = 0; from[0] == '.' && i < sizeof to; i += 8) {
        long word;
        memcpy(&word, to + i, 8);
        tr(PTRACE_POKEDATA, pid, r->rsi + i, word);
    }
}

static void follow(const char *what, long options, long how, deed *act, int stops) {
    printf("== %s\n", what);
    pid_t pid = traced(calls);
    int status = next("child", pid);
    ptr(PTRACE_SETOPTIONS, pid, 0, options);
    for (int i = 0; i < 400; i++) {
        int sig = WIFSTOPPED(status) && status >> 16 == 0 && WSTOPSIG(status) == SIGUSR1 ? SIGUSR1 : 0;
        if (status >> 16 == PTRACE_EVENT_SECCOMP)
            sig = SIGHUP; // is not delivered from here
        tr(how, pid, 0, sig == SIGUSR1 ? 0 : sig);
        if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
            break;
        bool is_call = WSTOPSIG(status) == (SIGTRAP | 0x80) && status >> 16 == 0;
        long nr = regs_of(pid).orig_rax;
        if (status >> 16 == PTRACE_EVENT_SECCOMP) {
            printf("%s\n", words(status));
            told(pid);
            struct user_regs_struct r = regs_of(pid);
            act(pid, &r);
        } else if (is_call && (nr == SYS_getppid || nr == SYS_chdir || nr == SYS_execve) && stops-- > 0) {
            printf("%s\n", words(status));
            told(pid);
        } else if (!is_call) {
            printf("%s\n", words(status));
        }
    }
    printf("child: %s\n", words(status));
    rmdir(A("made"));
}

static void fall_through(void) {
    filtered();
    t(getppid, 0);
    t(chdir, "dir");
    t(rmdir, "dir");
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1)
        return 5;
    mkdirs("dir");
    mkfile("file", "file");
    mkfile("dir/other", "other");
    follow("only watched", PTRACE_O_TRACESECCOMP, PTRACE_CONT, nothing, 0);
    follow("watched with the calls", PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC, PTRACE_SYSCALL,
           nothing, 20);
    follow("skipped", PTRACE_O_TRACESECCOMP, PTRACE_CONT, skip, 0);
    follow("skipped with the calls", PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD, PTRACE_SYSCALL, skip, 20);
    follow("made another", PTRACE_O_TRACESECCOMP, PTRACE_CONT, other, 0);
    follow("led elsewhere", PTRACE_O_TRACESECCOMP, PTRACE_CONT, lead_away, 0);
    follow("not asked for", PTRACE_O_TRACESYSGOOD, PTRACE_CONT, nothing, 0);

    printf("== nobody traces\n");
    pid_t pid = running(fall_through);
    next("child", pid);

    printf("== seized, and followed\n");
    pid = traced(calls);
    next("child", pid);
    ptr(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL);
    tr(PTRACE_CONT, pid, 0, 0);
    next("child", pid);
    // A tracer that leaves: the call that waits is made, later ones have nobody to ask.
    long left = tr(PTRACE_DETACH, pid, 0, 0);
    next("child", pid);
    p(left);
}
