// What a handler with SA_SIGINFO is told: sender, reason, address.
#include "check.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/prctl.h>
#include <ucontext.h>

static volatile siginfo_t last;
static volatile int count;
static sigjmp_buf back;
static volatile int jumps;

static void handler(int signal, siginfo_t *info, void *context) {
    last = *info;
    count++;
    if (jumps)
        siglongjmp(back, 1);
}

static void catch(int signal) {
    struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(signal, &sa, 0);
}

static void told(const char *label, pid_t sender) {
    printf("%s: signal %d, code %d, errno %d, from %s, uid %d\n", label, last.si_signo, last.si_code, last.si_errno,
           last.si_pid == sender ? "the sender" : last.si_pid == 0 ? "0" : "somebody", last.si_uid == getuid());
    memset((void *)&last, 0, sizeof last);
}

// Makes `fault` happen, and says where.
static void fault(const char *label, void (*make)(void), void *address) {
    jumps = 1;
    if (!sigsetjmp(back, 1))
        make();
    jumps = 0;
    printf("%s: signal %d, code %d, address %s\n", label, last.si_signo, last.si_code, last.si_addr == address ? "as expected" : last.si_addr ? "another" : "0");
    memset((void *)&last, 0, sizeof last);
}

static char *volatile page;
static volatile int zero;
extern char illegal_at[], trap_at[], divide_at[];
static void null(void) { *(volatile char *)16 = 1; }
static void readonly(void) { *page = 1; }
static void noncanonical(void) { *(volatile char *)0x8000000000000000 = 1; }
static void beyond(void) { *(volatile char *)(page + 4096) = 1; }
static void divide(void) { __asm__ volatile("divide_at: idivl %0" : : "m"(zero), "a"(1), "d"(0)); }
static void illegal(void) { __asm__ volatile("illegal_at: ud2"); }
static void trap(void) { __asm__ volatile("int3"); }
static void privileged(void) { __asm__ volatile("hlt"); }
static void jump(void) { ((void (*)(void))page)(); }
static void unaligned(void) {
    __asm__ volatile("pushf; orl $0x40000, (%%rsp); popf; mov 1(%0), %%eax; pushf; andl $~0x40000, (%%rsp); popf" : : "r"(page) : "rax", "memory");
}

static void *kills(void *x) { pthread_kill(*(pthread_t *)x, SIGUSR1); return 0; }

int main(void) {
    const int all[] = {SIGUSR1, SIGUSR2, SIGCHLD, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGPIPE, SIGALRM, SIGIO, SIGSYS, SIGRTMIN, SIGVTALRM};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        catch(all[i]);
    pid_t me = getpid();
    kill(me, SIGUSR1);
    told("kill", me);
    raise(SIGUSR1);
    told("raise", me);
    syscall(SYS_tkill, syscall(SYS_gettid), SIGUSR2);
    told("tkill", me);
    kill(0, 0);
    sigqueue(me, SIGRTMIN, (union sigval){.sival_int = 42});
    p(last.si_value.sival_int);
    told("sigqueue", me);
    siginfo_t made = {.si_signo = SIGUSR2, .si_code = -5};
    made.si_pid = 77;
    made.si_uid = 88;
    p(syscall(SYS_rt_sigqueueinfo, me, SIGUSR2, &made));
    p(last.si_pid == 77 && last.si_uid == 88);
    told("rt_sigqueueinfo", 77);
    made.si_code = 5;
    pe(syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR2, &made));
    p(syscall(SYS_rt_sigqueueinfo, me, SIGUSR2, &made));
    told("a code of the kernel's, to itself", 77);
    pthread_t self = pthread_self(), thread;
    pthread_create(&thread, 0, kills, &self);
    pthread_join(thread, 0);
    told("pthread_kill", me);
    // From a child; and SIGCHLD for each thing that befalls one.
    sigset_t chld, old;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, &old);
    int go[2];
    pipe(go);
    pid_t pid = fork();
    if (!pid) {
        sigprocmask(SIG_SETMASK, &old, 0);
        char byte;
        kill(getppid(), SIGUSR1);
        raise(SIGSTOP);
        read(go[0], &byte, 1);
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
    }
    siginfo_t info;
    for (int i = 0; i < 3; i++) {
        while (sigwaitinfo(&chld, &info) != SIGCHLD)
            ;
        if (i == 0)
            told("kill by the child", pid);
        printf("SIGCHLD: code %d, status %d, from %s, uid %d\n", info.si_code, info.si_status, info.si_pid == pid ? "the child" : "another", info.si_uid == getuid());
        if (i == 0)
            kill(pid, SIGCONT);
        else
            write(go[1], "x", 1);
    }
    waitpid(pid, 0, 0);
    sigprocmask(SIG_SETMASK, &old, 0);

    page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page + 4096, 4096);
    fault("unmapped", null, (void *)16);
    mprotect(page, 4096, PROT_READ);
    fault("read-only", readonly, page);
    fault("behind the mapping", beyond, page + 4096);
    fault("no address at all", noncanonical, 0);
    fault("not executable", jump, page);
    fault("division", divide, divide_at);
    fault("illegal instruction", illegal, illegal_at);
    fault("breakpoint", trap, 0);
    fault("privileged instruction", privileged, 0);
    mkfile("short", "x");
    int fd = open("short", O_RDWR);
    munmap(page, 4096);
    page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    fault("behind the file's end", beyond, page + 4096);
    fault("unaligned", unaligned, 0);

    // Timers, pipes, input.
    timer_t id;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 7};
    timer_create(CLOCK_MONOTONIC, &event, &id);
    timer_settime(id, 0, &(struct itimerspec){{0}, {0, 1000000}}, 0);
    while (!last.si_signo)
        pause();
    printf("timer: code %d, value %d, overrun %d\n", last.si_code, last.si_value.sival_int, last.si_overrun);
    memset((void *)&last, 0, sizeof last);
    setitimer(ITIMER_REAL, &(struct itimerval){{0}, {0, 1000}}, 0);
    while (!last.si_signo)
        usleep(100);
    told("setitimer", 0);
    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    fcntl(pair[0], F_SETFL, O_ASYNC);
    fcntl(pair[0], F_SETOWN, me);
    fcntl(pair[0], F_SETSIG, SIGRTMIN);
    write(pair[1], "x", 1);
    while (!last.si_signo)
        usleep(100);
    printf("input: signal %d, code %d, band %ld, descriptor %d\n", last.si_signo - SIGRTMIN, last.si_code, last.si_band, last.si_fd == pair[0]);
    close(pair[0]);
    memset((void *)&last, 0, sizeof last);
    write(pair[1], "x", 1);
    told("SIGPIPE", me);
    // A filter's SIGSYS.
    struct sock_filter code[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0}, {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_getpriority},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_TRAP | 99}, {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    struct sock_fprog program = {4, code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
    syscall(SYS_getpriority, 0, 0);
    printf("SIGSYS: code %d, errno %d, call %d, architecture %#x\n", last.si_code, last.si_errno, last.si_syscall == SYS_getpriority, last.si_arch);
}
