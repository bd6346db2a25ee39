// Cleans up when it is interrupted, as make does, and then ends by the signal that it was sent.
#include "check.h"

static pid_t whom;

static void handler(int signal_number) {
    signal(signal_number, SIG_DFL);
    // Cleaning up takes its time. Meanwhile the signal is blocked, and whoever sends it again is not heard.
    struct timespec rest = {0, 300000000};
    while (nanosleep(&rest, &rest))
        ;
    kill(whom, signal_number);
}

// With an argument, it ends all of its group.
int main(int argc, char **argv) {
    (void)argv;
    whom = argc > 1 ? 0 : getpid();
    signal(SIGINT, handler);
    puts("ready");
    fflush(stdout);
    for (int i = 0; i < 2; i++)
        pause();
    return 2;
}
