// Memory and registers of a stopped task, by ptrace(2) and past it.
#include "trace.h"
#include <elf.h>

static char text[64] = "what the parent reads";
static const char constant[16] = "constant";
static double number = 1.5;

static void body(void) {
    raise(SIGUSR1);
    printf("%s, %s\n", text, constant);
    printf("%.2f\n", number);
    fflush(stdout);
}

int main(void) {
    pid_t pid = traced(body);
    next("child", pid);
    unsigned long word = 0;
    ptr(PTRACE_PEEKDATA, pid, text, &word);
    printf("%.8s\n", (char *)&word);
    ptr(PTRACE_PEEKDATA, pid, 8, &word);
    ptr(PTRACE_PEEKTEXT, pid, text, 8);
    ptr(PTRACE_POKEDATA, pid, 8, 1);
    memcpy(&word, "WHAT the", 8);
    ptr(PTRACE_POKEDATA, pid, text, word);
    memcpy(&word, "poked in", 8);
    ptr(PTRACE_POKEDATA, pid, constant, word);
    ptr(PTRACE_PEEKUSER, pid, offsetof(struct user_regs_struct, orig_rax), &word);
    printf("%lx\n", word);
    ptr(PTRACE_PEEKUSER, pid, 3, &word);
    ptr(PTRACE_PEEKUSER, pid, 100000, &word);
    ptr(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[7]), 0x155);
    ptr(PTRACE_PEEKUSER, pid, offsetof(struct user, u_debugreg[7]), &word);
    printf("%lx\n", word);
    ptr(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[7]), 0);

    char path[64], got[64] = "";
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    int fd = open(path, O_RDWR);
    p(pread(fd, got, 21, (off_t)text));
    printf("%s\n", got);
    p(pwrite(fd, "PAST", 4, (off_t)text));
    close(fd);
    struct iovec here = {got, 21}, there = {text, 21};
    p(process_vm_readv(pid, &here, 1, &there, 1, 0));
    printf("%s\n", got);

    struct user_regs_struct regs, again;
    struct iovec part = {&regs, sizeof regs};
    ptr(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part);
    printf("%zu\n", part.iov_len);
    ptr(PTRACE_GETREGS, pid, 0, &again);
    printf("%s\n", memcmp(&regs, &again, sizeof regs) ? "differ" : "same");
    part.iov_len = 16;
    ptr(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part);
    printf("%zu\n", part.iov_len);
    part.iov_len = 13;
    ptr(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part);
    part.iov_len = 1 << 20;
    part.iov_base = malloc(1 << 20);
    ptr(PTRACE_GETREGSET, pid, NT_PRFPREG, &part);
    printf("%zu\n", part.iov_len);
    ptr(PTRACE_SETREGSET, pid, NT_PRFPREG, &part);
    part.iov_len = 1 << 20;
    p(tr(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &part));
    printf("%s\n", part.iov_len > 512 ? "more" : "few");
    ptr(PTRACE_GETREGSET, pid, 12345, &part);
    ptr(PTRACE_GETREGSET, pid, NT_PRSTATUS, 8);
    struct user_fpregs_struct fp;
    ptr(PTRACE_GETFPREGS, pid, 0, &fp);
    printf("mxcsr %#x\n", fp.mxcsr);
    ptr(PTRACE_SETFPREGS, pid, 0, &fp);
    ptr(PTRACE_GETREGS, pid, 0, 8);
    ptr(PTRACE_SETREGS, pid, 0, 8);
    ptr(PTRACE_GETFPREGS, pid, 0, 8);
    unsigned long base = 0;
    p(tr(30, pid, &base, 0x1003));
    printf("%s\n", base == regs.fs_base ? "fs" : "other");
    ptr(30, pid, &base, 0x9999);
    struct { unsigned long address, size_and_signature; unsigned flags, pad; } rseq;
    p(tr(0x420f, pid, sizeof rseq, &rseq));
    p(tr(0x420c, pid, 0, NULL) == -1 ? errno : 0);
    fflush(stdout);
    tr(PTRACE_CONT, pid, 0, 0);
    next("signal", pid);
    fflush(stdout);
    tr(PTRACE_CONT, pid, 0, 0);
    next("end", pid);
}
