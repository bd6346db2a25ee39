// Four threads, 20,000 stats each of a file of their own: no answer ever is for another thread's path.
#include "check.h"
#include <pthread.h>

static int wrong[4];

static void *work(void *arg) {
    long i = (long)arg;
    char name[16];
    snprintf(name, sizeof name, "file%ld", i);
    char absolute[PATH_MAX];
    strcpy(absolute, A(name));
    for (int round = 0; round < 20000; round++) {
        struct stat st;
        long ret = round & 1 ? sys(SYS_stat, absolute, &st) : sys(SYS_newfstatat, AT_FDCWD, name, &st, 0);
        wrong[i] += ret || st.st_size != 10 + i;
        if (round % 50 == 0) {
            long fd = sys(SYS_openat, AT_FDCWD, absolute, O_RDONLY);
            wrong[i] += fd < 0 || fstat(fd, &st) || st.st_size != 10 + i;
            close(fd);
        }
    }
    return 0;
}

int main(void) {
    pthread_t thread[4];
    for (int i = 0; i < 4; i++) {
        char name[16], text[32] = "xxxxxxxxxxxxxxxx";
        snprintf(name, sizeof name, "file%d", i);
        text[10 + i] = 0;
        mkfile(name, text);
    }
    for (long i = 0; i < 4; i++)
        pthread_create(&thread[i], 0, work, (void *)i);
    for (int i = 0; i < 4; i++) {
        pthread_join(thread[i], 0);
        printf("thread %d: %d wrong\n", i, wrong[i]);
    }
}
