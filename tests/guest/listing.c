// A listing goes on where its position says: telldir, seekdir, rewinddir, dup, fork and buffers for one name at a time.
// Lists the directory in argv[1], which may hold names that are bound there; without, one of its own.
// In the user namespace whose mounts it is compared with, its user is 0.
#define RUN_BY_ANYBODY
#include "check.h"

static _Alignas(8) char buffer[4096];

// Names in the next `room` bytes, or a negated errno.
static long next(int fd, size_t room, int old) {
    long n = sys(old ? SYS_getdents : SYS_getdents64, fd, buffer, room), count = 0;
    for (long at = 0; at < n; at += *(uint16_t *)(buffer + at + 16))
        count++;
    return n < 0 ? n : count;
}

static long all(int fd, size_t room, int old) {
    long total = 0;
    for (long n; (n = next(fd, room, old)) > 0;)
        total += n;
    return total;
}

int main(int argc, char **argv) {
    const char *place = argc > 1 ? argv[1] : "dir";
    if (argc < 2) {
        mkdirs("dir");
        mkdirs("dir/sub");
        for (int i = 0; i < 20; i++) {
            char name[32];
            snprintf(name, sizeof name, "dir/name-%d", i);
            mkfile(name, "");
        }
    }
    list(place);
    struct stat st;
    DIR *dir = opendir(place);
    long where[256];
    char names[256][256];
    int count = 0, right = 1;
    for (struct dirent *e; (where[count] = telldir(dir), e = readdir(dir));) {
        strcpy(names[count++], e->d_name);
        right &= !fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) && DTTOIF(e->d_type) == (st.st_mode & S_IFMT);
        right &= e->d_ino != 0;
    }
    p(right);
    // Backwards, each name is where it was.
    for (int i = count - 1; i >= 0; i--) {
        seekdir(dir, where[i]);
        struct dirent *e = readdir(dir);
        if (!e || strcmp(e->d_name, names[i]))
            printf("seekdir finds %s in the place of %s\n", e ? e->d_name : "nothing", names[i]);
    }
    rewinddir(dir);
    int again = 0;
    while (readdir(dir))
        again++;
    p(again == count);
    closedir(dir);

    int fd = open(place, O_RDONLY | O_DIRECTORY);
    p(all(fd, sizeof buffer, 0) == count);
    t(getdents64, fd, buffer, sizeof buffer);
    t(lseek, fd, 0, SEEK_SET);
    p(all(fd, 280, 0) == count);
    t(lseek, fd, 0, SEEK_SET);
    p(all(fd, sizeof buffer, 1) == count);
    t(lseek, fd, 0, SEEK_SET);

    // Two descriptors and two processes share one position.
    int twin = dup(fd), total = 0;
    for (int turn = 0;; turn++) {
        long n = 0;
        if (turn % 3 == 2) {
            pid_t child = fork();
            if (!child)
                _exit(next(fd, 280, 0));
            int status;
            waitpid(child, &status, 0);
            n = WEXITSTATUS(status);
        } else {
            n = next(turn % 3 ? twin : fd, 280, 0);
        }
        if (n <= 0)
            break;
        total += n;
    }
    p(total == count);
    t(getdents64, fd, buffer, sizeof buffer);
    t(lseek, fd, 0, SEEK_SET);
    t(getdents64, fd, bad_page(), 4096);
    t(getdents64, fd, buffer, 20);
    p(all(fd, sizeof buffer, 0) == count);
}
