// execveat(2) of a descriptor: pipes, sockets, directories, FIFOs, devices, deleted and write-only files.
#include "check.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>

static char *args[] = {"child", "one", 0}, *env[] = {0};

static void try(const char *label, int fd, int flags) {
    pid_t pid = fork();
    if (!pid) {
        long r = sys(SYS_execveat, fd, "", args, env, AT_EMPTY_PATH | flags);
        printf("%s: %s\n", label, errno_name(-r));
        _exit(1);
    }
    show_end(label, pid);
}

int main(int argc, char **argv) {
    if (!strcmp(argv[0], "child")) {
        char exe[PATH_MAX];
        exe[readlink("/proc/self/exe", exe, sizeof exe - 1)] = 0;
        printf("  runs, exe %s\n", shown(exe));
        return 7;
    }
    copy_self("prog");
    int pair[2], sock[2];
    pipe(pair);
    socketpair(AF_UNIX, SOCK_STREAM, 0, sock);
    mkfifo("fifo", 0777);
    ln("prog", "link");
    try("pipe", pair[0], 0);
    try("socket", sock[0], 0);
    try("epoll", epoll_create1(0), 0);
    try("eventfd", eventfd(0, 0), 0);
    try("directory", open(".", O_RDONLY | O_DIRECTORY), 0);
    try("directory by O_PATH", open(".", O_PATH), 0);
    try("fifo", open("fifo", O_RDONLY | O_NONBLOCK), 0);
    try("fifo by O_PATH", open("fifo", O_PATH), 0);
    try("device", open("/dev/null", O_RDONLY), 0);
    try("link by O_PATH", open("link", O_PATH | O_NOFOLLOW), 0);
    try("link by O_PATH, not followed", open("link", O_PATH | O_NOFOLLOW), AT_SYMLINK_NOFOLLOW);
    try("program, not followed", open("prog", O_RDONLY), AT_SYMLINK_NOFOLLOW);
    try("program by O_PATH", open("prog", O_PATH), 0);
    int gone = open("prog", O_PATH);
    rename("prog", "moved");
    try("renamed", gone, 0);
    unlink("moved");
    try("deleted", gone, 0);
    try("deleted, close-on-exec", fcntl(gone, F_DUPFD_CLOEXEC, 50), 0);
    copy_self("again");
    int writable = open("again", O_RDWR);
    try("open for writing", writable, 0);
    close(writable);
    chmod("again", 0644);
    try("not executable", open("again", O_RDONLY), 0);
    chmod("again", 0);
    try("no permission at all", open("again", O_PATH), 0);
    chmod("again", 0755);
    // A descriptor of the null sort: the working directory.
    try("AT_FDCWD", AT_FDCWD, 0);
    try("-1", -1, 0);
}
