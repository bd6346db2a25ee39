// Calls that move data between descriptors opened by path: pread, sendfile, splice, copy_file_range, mmap.
#include "check.h"
#include <sys/sendfile.h>

int main(void) {
    mkfile("from", "abcdefghijklmnopqrstuvwxyz");
    long from = sys(SYS_openat, AT_FDCWD, A("from"), O_RDONLY), to = sys(SYS_openat, AT_FDCWD, A("to"), O_RDWR | O_CREAT, 0600);
    char text[64] = "";
    t(pread64, from, text, 5, 3);
    printf("  %s\n", text);
    t(pwrite64, to, "0123456789", 10, 0);
    t(pread64, from, text, 5, -1);
    t(pread64, from, bad_page(), 5, 0);
    t(sendfile, to, from, 0, 4);
    cat("to");
    loff_t off = 10, out = 4;
    t(copy_file_range, from, &off, to, &out, 6, 0);
    cat("to");
    t(copy_file_range, from, &off, to, &out, 6, 1);
    t(copy_file_range, from, 0, from, 0, 6, 0);
    int pipes[2];
    pipe(pipes);
    off = 20;
    t(splice, from, &off, pipes[1], 0, 6, 0);
    t(tee, pipes[0], pipes[0], 6, 0);
    memset(text, 0, sizeof text);
    t(read, pipes[0], text, 63);
    printf("  %s\n", text);
    struct iovec io[2] = {{text, 2}, {text + 10, 3}};
    t(preadv, from, io, 2, 1);
    t(writev, to, io, 2);
    t(readv, to, io, 2000);
    t(fallocate, to, 0, 0, 4096);
    t(fallocate, from, 0, 0, 4096);
    show_path("to");

    // Mappings of files opened by path, shared between processes.
    char *map = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, to, 0);
    p(map != MAP_FAILED);
    pid_t pid = fork();
    if (!pid) {
        strcpy(map, "written by the child");
        _exit(0);
    }
    show_end("child", pid);
    printf("  %s\n", map);
    memset(text, 0, sizeof text);
    t(pread64, to, text, 20, 0);
    printf("  %s\n", text);
    p(mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, from, 0) == MAP_FAILED ? errno == EACCES : -1);
    p(mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, from, 0) != MAP_FAILED);
    t(fsync, to);
    t(fdatasync, to);
    t(sync_file_range, to, 0, 10, 0);
    t(fsync, 999);
}
