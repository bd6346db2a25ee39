// A filter that looks at arguments and at the instruction sees what the program passed, not what became of it.
#include "seccomp.h"

static struct stat st;

// Answers EXDEV to `nr` if the low word of argument `index` is not `value`.
static void expect(unsigned nr, unsigned index, unsigned value) {
    struct sock_filter code[] = {LOAD(NR_FIELD), IF(nr, 0, 3), LOAD(ARG_FIELD(index)), IF(value, 1, 0),
                                 RET(SECCOMP_RET_ERRNO | EXDEV), RET(SECCOMP_RET_ALLOW)};
    install(code, LENGTH(code));
}

// Kills what `nr` is not called from within `range` bytes of `from`.
static void expect_place(unsigned nr, unsigned long from, unsigned range) {
    unsigned field = offsetof(struct seccomp_data, instruction_pointer);
    struct sock_filter code[] = {LOAD(NR_FIELD),
                                 IF(nr, 0, 6),
                                 LOAD(field + 4),
                                 IF((unsigned)(from >> 32), 0, 3),
                                 LOAD(field),
                                 BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (unsigned)from, 0, 1),
                                 BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (unsigned)from + range, 0, 1),
                                 RET(SECCOMP_RET_KILL_PROCESS),
                                 RET(SECCOMP_RET_ALLOW)};
    install(code, LENGTH(code));
}

int main(void) {
    mkfile("file", "x");
    ln("file", "link");
    char *path = A("file");
    CHILD("the path's address", {
        expect(SYS_openat, 1, (unsigned)(long)path);
        tv(openat, AT_FDCWD, path, O_RDONLY);
        tv(openat, AT_FDCWD, A("link"), O_RDONLY);
    });
    CHILD("flags and mode", {
        expect(SYS_openat, 2, O_RDWR | O_CREAT);
        expect(SYS_openat, 3, 0640);
        tv(openat, AT_FDCWD, path, O_RDWR | O_CREAT, 0640);
        tv(openat, AT_FDCWD, path, O_RDWR | O_CREAT, 0600);
        tv(openat, AT_FDCWD, path, O_RDONLY, 0640);
    });
    CHILD("the directory", {
        expect(SYS_newfstatat, 0, (unsigned)AT_FDCWD);
        t(newfstatat, AT_FDCWD, "link", &st, 0);
        t(newfstatat, 0, A("link"), &st, 0);
    });
    CHILD("the place", {
        const int numbers[] = {SYS_stat, SYS_open, SYS_openat, SYS_rename, SYS_chdir, SYS_connect, SYS_bind, SYS_unlink};
        for (size_t i = 0; i < LENGTH(numbers); i++)
            expect_place(numbers[i], (unsigned long)checked_entry, 512);
        t(stat, path, &st);
        tv(open, path, O_RDONLY);
        tv(openat, AT_FDCWD, A("link"), O_RDONLY);
        t(rename, A("link"), A("link2"));
        t(chdir, A(""));
        struct sockaddr_un name = {AF_UNIX, "socket"};
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        p(sys(SYS_bind, fd, &name, sizeof name));
        p(sys(SYS_connect, fd, &name, sizeof name));
        t(unlink, "socket");
        t(unlink, A("link2"));
    });
}
