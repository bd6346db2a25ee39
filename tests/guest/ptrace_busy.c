// Tracers come while their tracees make calls and execute programs: nothing gets lost.
#include "trace.h"

static char *self;

static void calls(void) {
    struct stat st;
    for (int i = 0; i < 200 || access("go", F_OK); i++)
        stat("/", &st);
    _exit(7);
}

// What is asked for at PTRACE_SEIZE holds from then on.
static void seize_busy(void) {
    int missed = 0;
    for (int i = 0; i < 60; i++) {
        unlink("go");
        pid_t pid = running(calls);
        if (tr(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXIT))
            die("seize");
        mkfile("go", "");
        int status;
        waitpid(pid, &status, 0);
        if (status >> 8 != (SIGTRAP | PTRACE_EVENT_EXIT << 8))
            missed++;
        while (!WIFEXITED(status) && !WIFSIGNALED(status)) {
            tr(PTRACE_CONT, pid, 0, 0);
            waitpid(pid, &status, 0);
        }
    }
    p(missed);
}

static void executes(void) { execl(self, self, "again", NULL); }

// Every stop of a process that executes one program after another is at an instruction of the program's own.
static void stop_executing(int seize) {
    pid_t pid = running(executes);
    int wrong = 0;
    static const char *first;
    for (int i = 0; i < 300; i++) {
        int status;
        if (seize ? tr(PTRACE_SEIZE, pid, 0, 0) || tr(PTRACE_INTERRUPT, pid, 0, 0) : tr(PTRACE_ATTACH, pid, 0, 0))
            die("attach");
        // What comes before the stop that was asked for is let through.
        for (;;) {
            if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
                die("wait %x", status);
            if (seize ? status >> 16 == PTRACE_EVENT_STOP : WSTOPSIG(status) == SIGSTOP)
                break;
            tr(PTRACE_CONT, pid, 0, seize || WSTOPSIG(status) != SIGTRAP ? WSTOPSIG(status) : 0);
        }
        siginfo_t si;
        if (tr(PTRACE_GETSIGINFO, pid, 0, &si) && !wrong++)
            first = "no signal information";
        struct user_regs_struct regs;
        if (tr(PTRACE_GETREGS, pid, 0, &regs))
            die("registers");
        char path[64], line[512], name[256], hit = 0;
        snprintf(path, sizeof path, "/proc/%d/maps", pid);
        FILE *maps = fopen(path, "r");
        while (maps && fgets(line, sizeof line, maps)) {
            unsigned long from, to;
            *name = 0;
            if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %255s", &from, &to, name) >= 2 && from <= regs.rip && regs.rip < to)
                hit = strstr(name, "ptrace_busy") || strstr(name, "ld-linux") || strstr(name, "vdso") ? 1 : 2;
        }
        if (maps)
            fclose(maps);
        if (hit != 1 && !wrong++)
            first = hit ? "elsewhere" : "unmapped";
        tr(PTRACE_DETACH, pid, 0, 0);
    }
    printf("%s: wrong %d %s\n", seize ? "PTRACE_INTERRUPT" : "PTRACE_ATTACH", wrong, wrong ? first : "");
    kill(pid, SIGKILL);
    next("end", pid);
}

int main(int argc, char **argv) {
    self = argv[0];
    if (argc > 1) {
        execl(argv[0], argv[0], "again", NULL);
        _exit(9);
    }
    seize_busy();
    stop_executing(1);
    stop_executing(0);
}
