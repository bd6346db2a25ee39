// /proc of a process with threads: task/TID has its own names, links and descriptors; thread-self is the caller's.
#include "check.h"
#include <pthread.h>
#include <sys/prctl.h>

static void names(const char *label, const char *format, int id) {
    static const char *const files[] = {"comm", "cwd", "exe", "root", "fd/50", "status", "stat", "cmdline", "environ", "maps",
                                        "mountinfo", "auxv", "limits", "fdinfo/50", "children", "ns/mnt", "missing", "task"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[128], text[PATH_MAX] = "";
        int n = snprintf(path, sizeof path, format, id);
        snprintf(path + n, sizeof path - n, "/%s", files[i]);
        long ret = sys(SYS_readlink, path, text, sizeof text - 1);
        if (ret > 0 && text[0] == '/') {
            char *slash = strrchr(text, '/');
            printf("%s %s: %s\n", label, files[i], strcmp(files[i], "exe") ? shown(text) : slash + 1);
            continue;
        }
        long fd = sys(SYS_openat, AT_FDCWD, path, O_RDONLY);
        printf("%s %s: readlink %s, open %s", label, files[i], ret < 0 ? errno_name(-ret) : "ok", fd < 0 ? errno_name(-fd) : "ok");
        if (fd >= 0) {
            ssize_t got = read((int)fd, text, sizeof text - 1);
            printf(", read %s", got < 0 ? errno_name(errno) : got ? "something" : "nothing");
            if (!strcmp(files[i], "comm"))
                printf(" %.*s", (int)got - 1, text);
            close((int)fd);
        }
        printf("\n");
    }
}

static int ready[2], go[2];
static pid_t tid;

static void *thread(void *arg) {
    char byte;
    tid = gettid();
    prctl(PR_SET_NAME, "second");
    names("thread-self of the second", "/proc/thread-self", 0);
    names("self of the second", "/proc/self", 0);
    write(ready[1], "x", 1);
    read(go[0], &byte, 1);
    return arg;
}

int main(void) {
    char byte, path[64];
    mkdirs("dir");
    prctl(PR_SET_NAME, "first");
    dup2(open("dir", O_RDONLY), 50);
    pipe(ready);
    pipe(go);
    pthread_t t;
    pthread_create(&t, 0, thread, 0);
    read(ready[0], &byte, 1);
    names("thread-self of the first", "/proc/thread-self", 0);
    names("task of the second", "/proc/self/task/%d", tid);
    names("the second as if it were a process", "/proc/%d", tid);
    names("no such task", "/proc/self/task/%d", 1);
    struct stat a, b;
    sprintf(path, "/proc/%d/task/%d", getpid(), tid);
    p(stat(path, &a));
    p(chdir(path));
    p(access("comm", R_OK));
    char text[PATH_MAX];
    long n = sys(SYS_readlink, "cwd", text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    p(!strncmp(text, "/proc/", 6));
    p(chdir(start_dir));
    DIR *dir = opendir("/proc/self/task");
    int count = 0;
    for (struct dirent *e; (e = readdir(dir));)
        count += e->d_name[0] != '.';
    p(count);
    sprintf(path, "/proc/%d", tid);
    // A thread's directory is found but not listed.
    p(stat(path, &b));
    count = 0;
    dir = opendir("/proc");
    for (struct dirent *e; (e = readdir(dir));)
        count += atoi(e->d_name) == tid;
    p(count);
    write(go[1], "x", 1);
    pthread_join(t, 0);
    sprintf(path, "/proc/self/task/%d/comm", tid);
    int fd = open("/proc/self/comm", O_RDWR);
    write(fd, "renamed", 7);
    names("self, renamed", "/proc/self", 0);
    (void)byte;
}
