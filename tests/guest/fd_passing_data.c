// Data between opened files: sendfile, splice, tee, copy_file_range, cachestat, fallocate, by every kind of descriptor.
#include "paths.h"
#include <sys/sendfile.h>

#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

int main(void) {
    kinds();
    int pipes[2], pair[2];
    pipe2(pipes, O_NONBLOCK);
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    const struct {
        const char *name;
        int fd;
    } all[] = {{"reading", open("other", O_RDONLY)}, {"writing", open("file", O_RDWR)}, {"appending", open("file", O_WRONLY | O_APPEND)},
               {"directory", open("dir", O_RDONLY)}, {"place", open("file", O_PATH)},   {"fifo", open("fifo", O_RDWR | O_NONBLOCK)},
               {"pipe out", pipes[0]},              {"pipe in", pipes[1]},              {"socket", pair[0]},
               {"comm", open("/proc/self/comm", O_RDONLY)}, {"limits", open("/proc/self/limits", O_RDONLY)}, {"null", open("/dev/null", O_RDWR)},
               {"memfd", (int)syscall(SYS_memfd_create, "m", 0)}, {"nothing", 999}};
    enum { N = sizeof all / sizeof *all };
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            if (i == j || !strcmp(all[i].name, "fifo") || !strcmp(all[i].name, "pipe out") || !strcmp(all[i].name, "socket"))
                continue;
            for (int k = 0; k < 2; k++)
                lseek(all[k].fd, 0, SEEK_SET);
            long a = sys(SYS_sendfile, all[j].fd, all[i].fd, 0, 3), b = sys(SYS_copy_file_range, all[i].fd, 0, all[j].fd, 0, 3, 0);
            long c = sys(SYS_splice, all[i].fd, 0, all[j].fd, 0, 3, SPLICE_F_NONBLOCK), d = sys(SYS_tee, all[i].fd, all[j].fd, 3, SPLICE_F_NONBLOCK);
            printf("%s to %s: sendfile %s, copy_file_range %s, splice %s, tee %s\n", all[i].name, all[j].name, a < 0 ? errno_name(-a) : "ok",
                   b < 0 ? errno_name(-b) : "ok", c < 0 ? errno_name(-c) : "ok", d < 0 ? errno_name(-d) : "ok");
            char drain[256];
            while (read(pipes[0], drain, sizeof drain) > 0)
                ;
            while (recv(pair[1], drain, sizeof drain, MSG_DONTWAIT) > 0)
                ;
            while (read(all[5].fd, drain, sizeof drain) > 0)
                ;
        }
    for (int i = 0; i < N; i++) {
        struct {
            uint64_t offset, length;
        } range = {0, 0};
        uint64_t stat[5];
        long a = sys(SYS_cachestat, all[i].fd, &range, stat, 0), b = sys(SYS_fallocate, all[i].fd, 0, 0, 10), c = sys(SYS_fadvise64, all[i].fd, 0, 0, 0);
        long d = sys(SYS_readahead, all[i].fd, 0, 10), e = sys(SYS_sync_file_range, all[i].fd, 0, 0, 0), f = sys(SYS_fallocate, all[i].fd, 3, 0, 5);
        printf("%s: cachestat %s, fallocate %s, fadvise %s, readahead %s, sync_file_range %s, punch a hole %s\n", all[i].name, errno_name(-a), errno_name(-b), errno_name(-c), errno_name(-d), errno_name(-e), errno_name(-f));
    }
    show_path("file");
}
