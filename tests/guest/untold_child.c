// Children of threads that an exit_group of another thread ends in the middle of fork: they run on, whoever saw them born.
#include "check.h"
#include <pthread.h>

static void *fork_on(void *unused) {
    (void)unused;
    for (;;)
        if (!fork())
            _exit(0);
}

int main(void) {
    for (int i = 0; i < 60; i++) {
        int end[2];
        pipe(end);
        if (!fork()) {
            pthread_t thread;
            pthread_create(&thread, NULL, fork_on, NULL);
            pthread_create(&thread, NULL, fork_on, NULL);
            usleep((useconds_t)(200 + i * 7919 % 1500));
            _exit(0);
        }
        close(end[1]);
        wait(NULL);
        // The end of the pipe comes when the last child is gone.
        char byte;
        alarm(60);
        if (read(end[0], &byte, 1) != 0)
            die("read");
        close(end[0]);
    }
    printf("all gone\n");
}
