// What tests/debuggers.rs runs under a debugger: threads that meet, and a variable that one of them changes.
#include <pthread.h>
#include <stdio.h>

static pthread_barrier_t meeting;
int counter;

int twice(int number) { return number * 2; }

static void *work(void *step) {
    pthread_barrier_wait(&meeting);
    pthread_barrier_wait(&meeting);
    return step;
}

int main(void) {
    pthread_t threads[3];
    pthread_barrier_init(&meeting, NULL, 4);
    for (long i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, work, (void *)i);
    pthread_barrier_wait(&meeting);
    int result = twice(21);
    counter = result;
    pthread_barrier_wait(&meeting);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("result %d, counter %d\n", result, counter);
    return 3;
}
