// A tracer interrupts calls that block, among them those whose path leads somewhere, and looks at what it finds.
#include "trace.h"

static void opens(void) {
    int fd = open("fifo", O_RDONLY);
    char byte = '?';
    read(fd, &byte, 1);
    _exit(byte);
}

static void opens_elsewhere(void) {
    int fd = openat(AT_FDCWD, "there", O_WRONLY);
    _exit(fd >= 0 ? 100 : errno);
}

static void on_usr1(int signal) { (void)signal; }

static void opens_once(void) {
    struct sigaction action = {.sa_handler = on_usr1};
    sigaction(SIGUSR1, &action, NULL);
    int fd = open("fifo", O_RDONLY);
    _exit(fd >= 0 ? 100 : errno);
}

static const char *string_at(pid_t pid, unsigned long address) {
    static char text[32];
    for (size_t i = 0; i < sizeof text; i += 8)
        if (tr(PTRACE_PEEKDATA, pid, address + i, text + i))
            return "unreadable";
    text[sizeof text - 1] = 0;
    return text;
}

static void look(pid_t pid) {
    struct user_regs_struct regs;
    if (tr(PTRACE_GETREGS, pid, 0, &regs))
        die("registers");
    unsigned char code[8];
    tr(PTRACE_PEEKTEXT, pid, regs.rip - 2, code);
    int is_open = regs.orig_rax == SYS_open || regs.orig_rax == SYS_openat;
    printf("  call %ld, result %ld, behind %02x%02x, path %s, flags %#llx\n", (long)regs.orig_rax, (long)regs.rax, code[0],
           code[1], is_open ? string_at(pid, regs.orig_rax == SYS_open ? regs.rdi : regs.rsi) : "-",
           is_open ? regs.orig_rax == SYS_open ? regs.rsi : regs.rdx : 0);
}

static void interrupt(pid_t pid) {
    tr(PTRACE_INTERRUPT, pid, 0, 0);
    next("interrupted", pid);
    look(pid);
}

// As long as it takes until the task sleeps in its call again.
static void asleep(pid_t pid) {
    usleep(20000);
    until(pid, 'S');
}

static void feed(const char *name, int flags) {
    int fd = open(name, flags | O_NONBLOCK);
    if (flags == O_WRONLY)
        write(fd, "x", 1);
    usleep(20000);
    close(fd);
}

int main(void) {
    mkfifo("fifo", 0600);
    ln("fifo", "there");

    printf("-- interrupted again and again\n");
    pid_t pid = running(opens);
    asleep(pid);
    ptr(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD);
    for (int i = 0; i < 3; i++) {
        interrupt(pid);
        ptr(PTRACE_CONT, pid, 0, 0);
        asleep(pid);
    }
    interrupt(pid);
    printf("-- and followed from there\n");
    ptr(PTRACE_SYSCALL, pid, 0, 0);
    next("entry", pid);
    look(pid);
    ptr(PTRACE_SYSCALL, pid, 0, 0);
    asleep(pid);
    tr(PTRACE_INTERRUPT, pid, 0, 0);
    next("exit", pid);
    look(pid);
    ptr(PTRACE_CONT, pid, 0, 0);
    asleep(pid);
    feed("fifo", O_WRONLY);
    next("end", pid);

    printf("-- a signal comes too\n");
    pid = running(opens_once);
    asleep(pid);
    ptr(PTRACE_SEIZE, pid, 0, 0);
    interrupt(pid);
    kill(pid, SIGUSR1);
    ptr(PTRACE_CONT, pid, 0, 0);
    next("signal", pid);
    look(pid);
    ptr(PTRACE_CONT, pid, 0, 0);
    asleep(pid);
    kill(pid, SIGUSR1);
    next("signal", pid);
    look(pid);
    ptr(PTRACE_CONT, pid, 0, SIGUSR1);
    next("end", pid);

    printf("-- a step into it\n");
    pid = running(opens_elsewhere);
    asleep(pid);
    ptr(PTRACE_SEIZE, pid, 0, 0);
    interrupt(pid);
    ptr(PTRACE_SINGLESTEP, pid, 0, 0);
    asleep(pid);
    feed("fifo", O_RDONLY);
    next("step", pid);
    look(pid);
    ptr(PTRACE_CONT, pid, 0, 0);
    next("end", pid);

    printf("-- the call is taken away\n");
    pid = running(opens_elsewhere);
    asleep(pid);
    ptr(PTRACE_SEIZE, pid, 0, 0);
    interrupt(pid);
    struct user_regs_struct regs;
    tr(PTRACE_GETREGS, pid, 0, &regs);
    regs.orig_rax = -1;
    regs.rax = -EXDEV;
    ptr(PTRACE_SETREGS, pid, 0, &regs);
    ptr(PTRACE_CONT, pid, 0, 0);
    next("end", pid);

    printf("-- killed in it\n");
    pid = running(opens);
    asleep(pid);
    ptr(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXIT);
    interrupt(pid);
    ptr(PTRACE_CONT, pid, 0, 0);
    asleep(pid);
    kill(pid, SIGKILL);
    next("exit", pid);
    look(pid);
    ptr(PTRACE_CONT, pid, 0, 0);
    next("end", pid);

    printf("-- detached in it\n");
    pid = running(opens);
    asleep(pid);
    ptr(PTRACE_ATTACH, pid, 0, 0);
    next("attached", pid);
    look(pid);
    ptr(PTRACE_DETACH, pid, 0, 0);
    asleep(pid);
    feed("fifo", O_WRONLY);
    next("end", pid);
}
