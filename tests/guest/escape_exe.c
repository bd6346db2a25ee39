// A process executes a name while another changes what that means, and a process is looked at while it is born. Run by
// tests/escape.rs.
//
// Arguments: a host directory that holds "marker", and how often. No link of /proc may lead to the host's files.
#include "check.h"
#include <pthread.h>

static volatile pid_t expected;
static volatile int stop, looked;
static ino_t own_root, own_exe;

static void *look(void *unused) {
    static const char *const links[] = {"root", "exe"};
    char path[64];
    for (int i = 0; !stop; i++) {
        struct stat st;
        snprintf(path, sizeof path, "/proc/%d/%s", expected, links[i & 1]);
        int fd = open(path, O_PATH);
        if (fd < 0 || fstat(fd, &st))
            continue;
        looked++;
        if (st.st_ino != (i & 1 ? own_exe : own_root))
            printf("a newborn's %s: SEEN\n", links[i & 1]);
        close(fd);
    }
    return unused;
}

static void births(int count) {
    struct stat st;
    own_root = stat("/", &st) ? 0 : st.st_ino;
    own_exe = stat("/proc/self/exe", &st) ? 0 : st.st_ino;
    pthread_t thread;
    expected = getpid();
    pthread_create(&thread, 0, look, 0);
    for (int i = 0; i < count; i++) {
        pid_t pid = fork();
        if (!pid)
            _exit(0);
        expected = pid + 1;
        waitpid(pid, 0, 0);
    }
    stop = 1;
    pthread_join(thread, 0);
    printf("births: %s\n", looked ? "looked" : "no race");
}

static void programs(const char *directory, int count) {
    char marker[PATH_MAX];
    snprintf(marker, sizeof marker, "%s/marker", directory);
    copy_self("swap");
    ln(marker, "other");
    pid_t swapper = fork();
    if (!swapper)
        for (;;)
            renameat2(AT_FDCWD, "swap", AT_FDCWD, "other", 2);
    int began = 0, refused = 0;
    for (int i = 0; i < count; i++) {
        pid_t pid = fork();
        if (!pid) {
            execl("swap", "swap", "child", NULL);
            _exit(99);
        }
        int status;
        waitpid(pid, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 99)
            refused++;
        else
            began++;
    }
    kill(swapper, SIGKILL);
    waitpid(swapper, 0, 0);
    printf("programs: %s\n", began && refused ? "raced" : "no race");
}

int main(int argc, char **argv) {
    if (argc == 2) {
        // Its name leads to the program, or to the host's file, or nowhere by now.
        char start[4] = "";
        int fd = open("/proc/self/exe", O_RDONLY);
        if (fd >= 0 && read(fd, start, 4) == 4 && memcmp(start, "\x7f" "ELF", 4))
            puts("a program's exe: SEEN");
        return 0;
    }
    if (argc < 3)
        die("DIRECTORY COUNT");
    programs(argv[1], atoi(argv[2]));
    births(2 * atoi(argv[2]));
}
