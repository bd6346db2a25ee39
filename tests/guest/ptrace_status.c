// /proc/PID/status and stat of a traced process.
#include "trace.h"

static void told(pid_t pid) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        int tracer;
        if (sscanf(line, "TracerPid: %d", &tracer) == 1)
            printf("traced by %s\n", tracer == getpid() ? "me" : tracer ? "another" : "nobody");
        if (!strncmp(line, "State:", 6))
            printf("%s", line);
    }
    if (file)
        fclose(file);
    snprintf(path, sizeof path, "/proc/%d/task/%d/status", pid, pid);
    file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        int tracer;
        if (sscanf(line, "TracerPid: %d", &tracer) == 1)
            printf("its thread by %s\n", tracer == getpid() ? "me" : tracer ? "another" : "nobody");
    }
    if (file)
        fclose(file);
}

int main(void) {
    told(getpid());
    pid_t pid = running(sleep_on);
    until(pid, 'S');
    told(pid);
    ptr(PTRACE_SEIZE, pid, 0, 0);
    told(pid);
    ptr(PTRACE_INTERRUPT, pid, 0, 0);
    next("interrupted", pid);
    told(pid);
    ptr(PTRACE_DETACH, pid, 0, 0);
    until(pid, 'S');
    told(pid);
    kill(pid, SIGKILL);
    next("end", pid);
}
