// Positions in a directory: every told one can be returned to, in any order, with any buffer, over dup, fork and lseek.
#include "check.h"

struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};
static struct {
    char name[64];
    long offset;
} all[512];
static int count;

static void read_all(int fd, size_t size) {
    char buffer[8192];
    _Alignas(8) char *at = buffer;
    count = 0;
    for (long n; (n = sys(SYS_getdents64, fd, buffer, size)) > 0;)
        for (at = buffer; at < buffer + n; at += ((struct entry *)at)->length) {
            struct entry *e = (void *)at;
            snprintf(all[count].name, sizeof all->name, "%s", e->name);
            all[count++].offset = e->offset;
        }
}

int main(void) {
    mkdirs("dir");
    char name[64];
    for (int i = 0; i < 200; i++) {
        sprintf(name, "dir/%d-a name of some length", i);
        mkfile(name, "");
    }
    int fd = open("dir", O_RDONLY | O_DIRECTORY);
    read_all(fd, 8192);
    p(count);
    int last = count;
    static char first[512][64];
    for (int i = 0; i < count; i++)
        strcpy(first[i], all[i].name);
    // The same in the same order, whatever the buffer.
    static const size_t sizes[] = {72, 100, 128, 1000, 4096};
    for (int i = 0; i < 5; i++) {
        t(lseek, fd, 0, SEEK_SET);
        read_all(fd, sizes[i]);
        int differ = count != last;
        for (int j = 0; j < count; j++)
            differ += strcmp(first[j], all[j].name) != 0;
        printf("buffer of %zu: %d differ\n", sizes[i], differ);
    }
    // From each told position the rest follows.
    int wrong = 0;
    for (int i = last - 1; i >= 0; i -= 7) {
        char buffer[72];
        if (lseek(fd, all[i].offset, SEEK_SET) != all[i].offset)
            wrong++;
        long n = sys(SYS_getdents64, fd, buffer, sizeof buffer);
        if (i + 1 == last ? n != 0 : n <= 0 || strcmp(((struct entry *)buffer)->name, first[i + 1]))
            wrong++;
    }
    p(wrong);
    // Too small for one entry.
    t(lseek, fd, 0, SEEK_SET);
    for (int size = 0; size <= 32; size += 8)
        printf("buffer of %d: %s\n", size, sys(SYS_getdents64, fd, name, size) < 0 ? "EINVAL" : "ok");
    // A position is shared.
    t(lseek, fd, 0, SEEK_SET);
    int copy = dup(fd);
    char buffer[72];
    tv(getdents64, copy, buffer, sizeof buffer);
    long now = lseek(fd, 0, SEEK_CUR);
    p(now == all[0].offset || now == all[1].offset);
    pid_t pid = fork();
    if (!pid) {
        while (sys(SYS_getdents64, fd, buffer, sizeof buffer) > 0)
            ;
        _exit(0);
    }
    show_end("child that reads to the end", pid);
    t(getdents64, fd, buffer, sizeof buffer);
    t(lseek, fd, 0, SEEK_SET);
    int own = open("dir", O_RDONLY);
    tv(getdents64, own, buffer, sizeof buffer);
    t(lseek, fd, 0, SEEK_CUR);
    t(lseek, fd, -1, SEEK_SET);
    // The C library's way.
    DIR *dir = opendir("dir");
    long told[300];
    int n = 0;
    static char names[300][64];
    for (struct dirent *e; told[n] = telldir(dir), (e = readdir(dir)); n++)
        snprintf(names[n], 64, "%s", e->d_name);
    p(n);
    wrong = 0;
    for (int i = n - 1; i >= 0; i -= 11) {
        seekdir(dir, told[i]);
        struct dirent *e = readdir(dir);
        wrong += !e || strcmp(e->d_name, names[i]);
    }
    p(wrong);
    rewinddir(dir);
    p(!strcmp(readdir(dir)->d_name, names[0]));
    // What is removed and added meanwhile: what stays is seen once.
    rewinddir(dir);
    int seen[200] = {0}, more = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        int i = atoi(e->d_name);
        if (e->d_name[0] == '.')
            continue;
        seen[i]++;
        if (i % 2) {
            sprintf(name, "dir/%s", e->d_name);
            unlink(name);
        }
        if (more++ < 20) {
            sprintf(name, "dir/%d-new", 500 + more);
            close(open(name, O_CREAT | O_RDWR, 0600));
            unlink(name);
        }
    }
    wrong = 0;
    for (int i = 0; i < 200; i++)
        wrong += seen[i] != 1;
    p(wrong);
    t(getdents64, open("dir/0-a name of some length", O_RDONLY), buffer, 72);
    t(getdents64, open("dir", O_PATH), buffer, 72);
    t(getdents64, 999, buffer, 72);
    t(getdents64, own, bad_page(), 72);
    t(getdents, own, bad_page(), 72);
    t(getdents, fd, buffer, 8);
}
