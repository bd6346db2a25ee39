// 200 threads that open files, twice: no hang, none lost, no wrong file.
#include "check.h"
#include <pthread.h>

static int wrong, done;

static void *work(void *arg) {
    long i = (long)arg;
    char name[32], text[32] = "";
    snprintf(name, sizeof name, "file%ld", i);
    mkfile(name, name);
    for (int round = 0; round < 10; round++) {
        memset(text, 0, sizeof text);
        long fd = sys(SYS_openat, AT_FDCWD, round & 1 ? A(name) : name, O_RDONLY);
        if (fd < 0 || read(fd, text, 31) < 0 || strcmp(text, name))
            __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
        close(fd);
    }
    __atomic_add_fetch(&done, 1, __ATOMIC_RELAXED);
    return 0;
}

int main(void) {
    pthread_t thread[200];
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 * 1024);
    for (int again = 0; again < 2; again++) {
        for (long i = 0; i < 200; i++)
            if (pthread_create(&thread[i], &small, work, (void *)i))
                die("pthread_create");
        for (int i = 0; i < 200; i++)
            pthread_join(thread[i], 0);
        printf("%d threads done, %d wrong\n", done, wrong);
    }
}
