// A tracer is gone before it has heard of a stop.
#include "trace.h"

static int report[2];

static void on_usr1(int signal) {
    (void)signal;
    write(report[1], "u", 1);
}

static void hears_usr1(void) {
    signal(SIGUSR1, on_usr1);
    raise(SIGUSR1);
    write(report[1], ".", 1);
    _exit(0);
}

static void heard(const char *what) {
    char text[16];
    int n = 0;
    for (; n < 15 && read(report[0], text + n, 1) == 1 && text[n] != '.'; n++)
        ;
    printf("%s: %.*s\n", what, n, text);
}

// A signal is about to be delivered when the tracer ends: it arrives, unless a wait has told of it.
static void unheard(int told) {
    pid_t tracer = fork();
    if (!tracer) {
        pid_t child = traced(hears_usr1);
        waitpid(child, NULL, 0);
        tr(PTRACE_CONT, child, 0, 0);
        until(child, 't');
        if (told)
            waitpid(child, NULL, told > 1 ? WNOHANG : 0);
        _exit(0);
    }
    next("tracer", tracer);
    heard(told ? "told" : "not told");
}

int main(void) {
    if (pipe(report))
        die("pipe");
    unheard(0);
    unheard(1);
    unheard(2);
}
