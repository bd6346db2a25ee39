// What tests/debuggers.rs attaches to: two threads that sleep until a debugger lets them end.
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

volatile int go_on = 1;
int counter;

static void *spin(void *unused) {
    while (go_on)
        usleep(1000);
    return unused;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, spin, NULL);
    printf("ready\n");
    fflush(stdout);
    while (go_on) {
        counter++;
        usleep(1000);
    }
    pthread_join(thread, NULL);
    printf("done\n");
    return 4;
}
