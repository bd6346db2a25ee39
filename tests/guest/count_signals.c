// Counts the signals that it gets, for tests/lifecycle.rs and tests/terminal.rs: they send them, and ask.
//
// Says "ready" and its pid; then, for each line that it reads, the counts so far. At the end of input it exits with 0,
// after the line "exit N" with N. Arguments name signals that are left as they were.
#include "check.h"

static const struct {
    int number;
    const char *name;
} known[] = {{SIGHUP, "HUP"},   {SIGINT, "INT"},     {SIGQUIT, "QUIT"}, {SIGUSR1, "USR1"}, {SIGUSR2, "USR2"},
             {SIGTERM, "TERM"}, {SIGCONT, "CONT"},   {SIGWINCH, "WINCH"}, {SIGTSTP, "TSTP"}, {SIGALRM, "ALRM"}};
enum { KNOWN = sizeof known / sizeof *known };

static volatile int counts[65];
static void count(int signal) { counts[signal]++; }

int main(int argc, char **argv) {
    for (int i = 0; i < KNOWN; i++) {
        int wanted = 1;
        for (int a = 1; a < argc; a++)
            wanted &= strcmp(argv[a], known[i].name) != 0;
        // Reading goes on after each; a path call between shows that nothing is lost there either.
        if (wanted)
            sigaction(known[i].number, &(struct sigaction){.sa_handler = count, .sa_flags = SA_RESTART}, 0);
    }
    printf("ready %d\n", getpid());
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        if (!strncmp(line, "exit ", 5))
            exit(atoi(line + 5));
        struct stat st;
        if (sys(SYS_stat, "/", &st))
            die("stat");
        printf("counts:");
        for (int i = 0; i < KNOWN; i++)
            if (counts[known[i].number])
                printf(" %s=%d", known[i].name, counts[known[i].number]);
        printf(" end\n");
    }
}
