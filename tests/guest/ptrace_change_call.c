// A tracer makes another call of the one that its tracee is about to make, by every request that can.
#include "trace.h"
#ifndef PTRACE_SET_SYSCALL_INFO
#define PTRACE_SET_SYSCALL_INFO 0x4212
#endif

static char one[4200], two[4200];
static struct stat st;

static void stats(void) {
    // The tracer counts the calls from here on.
    raise(SIGUSR2);
    _exit(syscall(SYS_stat, one, &st) == 0 ? (int)st.st_size : 100 + errno);
}

// What `change` makes of the call, from its entry on.
static void changed(const char *what, void (*change)(pid_t, struct user_regs_struct *)) {
    pid_t pid = traced(stats);
    int status;
    waitpid(pid, &status, 0);
    tr(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
    tr(PTRACE_CONT, pid, 0, 0);
    waitpid(pid, &status, 0);
    if (WSTOPSIG(status) != SIGUSR2)
        die("the signal");
    struct user_regs_struct regs;
    do {
        tr(PTRACE_SYSCALL, pid, 0, 0);
        if (waitpid(pid, &status, 0) != pid || WSTOPSIG(status) != (SIGTRAP | 0x80))
            die("a call");
        tr(PTRACE_GETREGS, pid, 0, &regs);
    } while (regs.orig_rax != SYS_stat || (long)regs.rax != -ENOSYS);
    change(pid, &regs);
    printf("%s: ", what);
    tr(PTRACE_SYSCALL, pid, 0, 0);
    waitpid(pid, &status, 0);
    if (WIFSTOPPED(status)) {
        tr(PTRACE_GETREGS, pid, 0, &regs);
        printf("call %d = %s, ", (int)regs.orig_rax,
               (long)regs.rax < 0 && (long)regs.rax > -4096 ? errno_name(-(long)regs.rax)
               : (long)regs.rax == getpid()                 ? "its parent"
                                                            : "small");
        tr(PTRACE_CONT, pid, 0, 0);
        waitpid(pid, &status, 0);
    }
    printf("%s\n", words(status));
}

static void path(pid_t pid, struct user_regs_struct *regs) {
    regs->rdi = (unsigned long)two;
    tr(PTRACE_SETREGS, pid, 0, regs);
}

static void bad_path(pid_t pid, struct user_regs_struct *regs) {
    regs->rdi = 1;
    tr(PTRACE_SETREGS, pid, 0, regs);
}

static void text(pid_t pid, struct user_regs_struct *regs) {
    for (size_t i = 0; i <= strlen(two); i += 8) {
        long word;
        memcpy(&word, two + i, 8);
        if (tr(PTRACE_POKEDATA, pid, regs->rdi + i, word))
            die("poke");
    }
}

static void number(pid_t pid, struct user_regs_struct *regs) {
    regs->orig_rax = SYS_mkdir;
    regs->rdi = (unsigned long)A("made");
    regs->rsi = 0700;
    for (size_t i = 0; i <= strlen(A("made")); i += 8) {
        long word;
        memcpy(&word, (char *)regs->rdi + i, 8);
        tr(PTRACE_POKEDATA, pid, one + i, word);
    }
    regs->rdi = (unsigned long)one;
    tr(PTRACE_SETREGS, pid, 0, regs);
}

static void word(pid_t pid, struct user_regs_struct *regs) {
    (void)regs;
    tr(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rdi), two);
}

static void long_number(pid_t pid, struct user_regs_struct *regs) {
    (void)regs;
    tr(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), 0x500000000 | SYS_stat);
    tr(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rdi), two);
}

static void taken(pid_t pid, struct user_regs_struct *regs) {
    regs->orig_rax = -1;
    regs->rax = -EXDEV;
    tr(PTRACE_SETREGS, pid, 0, regs);
}

static void taken_short(pid_t pid, struct user_regs_struct *regs) {
    regs->orig_rax = 0xffffffff;
    regs->rax = 0;
    tr(PTRACE_SETREGS, pid, 0, regs);
}

static void unknown(pid_t pid, struct user_regs_struct *regs) {
    regs->orig_rax = 9999;
    tr(PTRACE_SETREGS, pid, 0, regs);
}

static void other_abi(pid_t pid, struct user_regs_struct *regs) {
    regs->orig_rax = 0x40000000 | SYS_getppid;
    tr(PTRACE_SETREGS, pid, 0, regs);
}

static void harmless(pid_t pid, struct user_regs_struct *regs) {
    regs->orig_rax = SYS_getppid;
    tr(PTRACE_SETREGS, pid, 0, regs);
}

static void executes(pid_t pid, struct user_regs_struct *regs) {
    regs->orig_rax = SYS_execve;
    regs->rdi = (unsigned long)two;
    regs->rsi = regs->rdx = 0;
    tr(PTRACE_SETREGS, pid, 0, regs);
}

static void elsewhere(pid_t pid, struct user_regs_struct *regs) {
    // The call returns to other code: a jump to itself is not needed, the instruction itself makes another call.
    regs->rip -= 2;
    tr(PTRACE_SETREGS, pid, 0, regs);
}

static void ends(pid_t pid, struct user_regs_struct *regs) {
    regs->orig_rax = SYS_exit_group;
    regs->rdi = 42;
    tr(PTRACE_SETREGS, pid, 0, regs);
}

int main(void) {
    mkfile("one", "1");
    mkfile("two", "22");
    snprintf(one, sizeof one, "%s", A("one"));
    snprintf(two, sizeof two, "%s", A("two"));
    changed("another path", path);
    changed("a bad path", bad_path);
    changed("other text", text);
    changed("a word", word);
    changed("a number with high bits", long_number);
    changed("another call", number);
    show_path("made");
    changed("taken away", taken);
    changed("taken away by half", taken_short);
    changed("unknown", unknown);
    changed("x32", other_abi);
    changed("harmless", harmless);
    changed("execve", executes);
    changed("twice", elsewhere);
    changed("exit", ends);
}
