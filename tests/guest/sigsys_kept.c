// What SIGSYS does, and whether it is blocked, is what the program has set, whatever calls it makes: changes of its ids,
// chroot(2) and their kin, which a filter outside may deny (tests/outer.rs).
#include "seccomp.h"
#include <linux/capability.h>
#include <pthread.h>

static void handler(int signal, siginfo_t *info, void *context) {
    dprintf(1, "  handler: code %d value %d\n", info->si_code, info->si_code == SI_QUEUE ? info->si_value.sival_int : 0);
}

// As the kernel keeps it, without what the C library does in between.
struct action {
    uintptr_t handler;
    unsigned long flags, restorer, mask;
};

static unsigned long set_of(const char *name) {
    char line[128];
    unsigned long set = 0;
    FILE *status = fopen("/proc/thread-self/status", "r");
    while (fgets(line, sizeof line, status))
        if (!strncmp(line, name, strlen(name)))
            set = strtoul(line + strlen(name), 0, 16);
    fclose(status);
    return set;
}

static void state(const char *label) {
    struct action now = {0};
    sigset_t set;
    long ret = sys(SYS_rt_sigaction, SIGSYS, 0, &now, 8);
    sigprocmask(SIG_BLOCK, 0, &set);
    printf("%s: %ld %s flags %lx mask %lx; %sblocked; status: blocked %ld ignored %ld caught %ld\n", label, ret,
           now.handler == 0 ? "default" : now.handler == 1 ? "ignored" : now.handler == (uintptr_t)handler ? "handled" : "?",
           now.flags & ~0x04000000ul, now.mask, sigismember(&set, SIGSYS) ? "" : "not ", set_of("SigBlk:") >> 30 & 1,
           set_of("SigIgn:") >> 30 & 1, set_of("SigCgt:") >> 30 & 1);
}

static void calls(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    show("setuid", sys(SYS_setuid, getuid()), AS_NUMBER);
    state("  after setuid");
    show("setgid", sys(SYS_setgid, getgid()), AS_NUMBER);
    t(setresuid, -1, -1, -1);
    t(chroot, A("nowhere"));
    state("  after chroot");
    t(chroot, A("file"));
    t(setuid, 1 << 30);
    t(sethostname, "name", 4);
    t(capget, &header, data);
    t(capget, &header, 8);
    state("  after all");
}

static void arrange(const char *how) {
    struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | (strstr(how, "once") ? SA_RESETHAND : SA_RESTART)};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    sigaddset(&sa.sa_mask, SIGUSR1);
    if (strstr(how, "handled"))
        sigaction(SIGSYS, &sa, 0);
    if (strstr(how, "ignored"))
        signal(SIGSYS, SIG_IGN);
    if (strstr(how, "blocked"))
        sigprocmask(SIG_BLOCK, &set, 0);
}

static void send_signal(int value) {
    siginfo_t info = {.si_signo = SIGSYS, .si_code = SI_QUEUE};
    info.si_pid = getpid();
    info.si_value.sival_int = value;
    show("sent", sys(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), SIGSYS, &info), AS_NUMBER);
}

static void unblock(void) {
    sigset_t set;
    sigpending(&set);
    printf("pending %d\n", sigismember(&set, SIGSYS));
    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    sigprocmask(SIG_UNBLOCK, &set, 0);
    printf("unblocked\n");
}

static void finish(void) {
    fflush(stdout);
    send_signal(7);
    state("sent");
    calls();
    fflush(stdout);
    unblock();
    fflush(stdout);
    raise(SIGSYS);
    state("raised");
}

static const char *const ways[] = {"default", "blocked",          "ignored",     "ignored and blocked",
                                   "handled", "handled, blocked", "handled once", "handled once, blocked"};

static void *in_thread(void *how) {
    arrange(how);
    state(how);
    calls();
    return 0;
}

static void threads(void) {
    pthread_t thread;
    for (int i = 0; i < 2; i++) {
        pthread_create(&thread, 0, in_thread, i ? "not blocked here" : "blocked here");
        pthread_join(thread, 0);
        state("the first thread");
    }
    calls();
}

static _Atomic int wrong;
static pthread_mutex_t first_call = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;

// Two threads call at once, when each has called alone.
static void *at_once(void *blocks) {
    sigset_t set;
    if (blocks)
        arrange("blocked");
    pthread_mutex_lock(&first_call);
    wrong += syscall(SYS_setresuid, -1, -1, -1) != 0;
    pthread_mutex_unlock(&first_call);
    pthread_barrier_wait(&both);
    for (int i = 0; i < 300; i++) {
        wrong += syscall(SYS_setresuid, -1, -1, -1) != 0;
        sigprocmask(SIG_BLOCK, 0, &set);
        wrong += sigismember(&set, SIGSYS) != !!blocks;
    }
    return 0;
}

static void race(void *first, void *second) {
    pthread_t one, two;
    pthread_barrier_init(&both, 0, 2);
    pthread_create(&one, 0, at_once, first);
    pthread_create(&two, 0, at_once, second);
    pthread_join(one, 0);
    pthread_join(two, 0);
    printf("wrong: %d\n", wrong);
    state("after both");
}

static volatile int ticks;
static void tick(int signal) { ticks++; }

// Signals in the middle of it.
static void storm(void) {
    struct sigaction sa = {.sa_handler = tick, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &sa, 0);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 700}, {0, 700}}, 0);
    for (int i = 0; i < 500 || ticks < 30; i++)
        wrong |= sys(SYS_setresuid, -1, -1, -1) != 0 || sys(SYS_chroot, A("nowhere")) != -ENOENT;
    setitimer(ITIMER_REAL, &(struct itimerval){0}, 0);
    p(wrong);
    state("after the storm");
}

static void trapped(int signal, siginfo_t *info, void *context) {
    ucontext_t *uc = context;
    dprintf(1, "  trapped: code %d data %d call %d arch %d at the call %d\n", info->si_code, info->si_errno, info->si_syscall,
            info->si_arch == AUDIT_ARCH_X86_64, info->si_call_addr == (void *)uc->uc_mcontext.gregs[REG_RIP]);
    uc->uc_mcontext.gregs[REG_RAX] = 4711;
}

// The program's own filters come first.
static void filtered(const char *how) {
    struct sigaction sa = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};
    arrange(how);
    if (strstr(how, "handled"))
        sigaction(SIGSYS, &sa, 0);
    filter(SYS_setgid, SECCOMP_RET_ERRNO | ENODEV);
    filter(SYS_setuid, SECCOMP_RET_TRAP | 77);
    filter(SYS_setfsuid, SECCOMP_RET_TRACE);
    t(setgid, 5);
    t(setfsuid, 5);
    t(setresuid, -1, -1, -1);
    printf("now\n");
    fflush(stdout);
    t(setuid, 5);
    fflush(stdout);
}

int main(int argc, char **argv) {
    setvbuf(stdout, 0, _IOLBF, 0);
    mkfile("file", "x");
    if (argc > 1) {
        state("executed");
        calls();
        finish();
        return 0;
    }
    for (size_t i = 0; i < LENGTH(ways); i++) {
        CHILD(ways[i], arrange(ways[i]), state(ways[i]), calls(), finish());
        // Once more where nothing was called before, where a child calls, and where another program does.
        CHILD(ways[i], arrange(ways[i]), finish());
        CHILD(ways[i], {
            arrange(ways[i]);
            CHILD("its child", calls(), finish());
            state("the parent");
        });
        CHILD(ways[i], {
            arrange(ways[i]);
            execl("/proc/self/exe", "again", "executed", (char *)0);
        });
        CHILD(ways[i], filtered(ways[i]));
    }
    CHILD("threads", threads());
    CHILD("threads, handled", arrange("handled"), threads());
    CHILD("at once, unblocked", race(0, 0));
    CHILD("at once, blocked", race("", ""));
    CHILD("at once, one blocked", race(0, ""));
    CHILD("at once, handled, one blocked", arrange("handled"), race(0, ""));
    CHILD("storm", storm());
    CHILD("storm, blocked", arrange("blocked"), storm());
    CHILD("storm, handled and blocked", arrange("handled, blocked"), storm());
    struct action action = {(uintptr_t)handler, SA_SIGINFO, 0, 0}, old;
    p(sys(SYS_rt_sigaction, SIGSYS, &action, &old, 8));
    p(sys(SYS_rt_sigaction, SIGSYS, &action, &old, 4));
    p(sys(SYS_rt_sigaction, SIGSYS, 8, &old, 8));
    action.handler = 1;
    p(sys(SYS_rt_sigaction, SIGSYS, &action, 8, 8));
    state("ignored now");
}
