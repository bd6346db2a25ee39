// Files and directories removed while they are open, mapped, executed or worked in: they live on, and say so.
#include "paths.h"

static void told(const char *label, int fd) {
    char link[64], text[PATH_MAX] = "";
    sprintf(link, "/proc/self/fd/%d", fd);
    long n = sys(SYS_readlink, link, text, sizeof text - 1);
    struct stat st;
    fstat(fd, &st);
    printf("%s: %s, %ld names\n", label, n < 0 ? errno_name(-n) : shown(text), S_ISDIR(st.st_mode) ? (st.st_nlink > 0) : (long)st.st_nlink);
}

int main(void) {
    kinds();
    int file = open("file", O_RDWR), dir = open("empty", O_RDONLY), path = open("link", O_PATH | O_NOFOLLOW), fifo = open("fifo", O_RDWR);
    char *map = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    told("file", file);
    told("dir", dir);
    told("link", path);
    told("fifo", fifo);
    t(unlink, "file");
    t(rmdir, "empty");
    t(unlink, "link");
    t(unlink, "fifo");
    told("file", file);
    told("dir", dir);
    told("link", path);
    told("fifo", fifo);
    t(write, file, "more", 4);
    printf("%.4s\n", map);
    t(ftruncate, file, 2);
    t(fchmod, file, 0604);
    t(linkat, file, "", AT_FDCWD, "back", AT_EMPTY_PATH);
    t(openat, dir, "x", O_RDWR | O_CREAT, 0600);
    t(mkdirat, dir, "x", 0700);
    t(newfstatat, dir, ".", &some_stat, 0);
    t(newfstatat, dir, "..", &some_stat, 0);
    t(getdents64, dir, some_text, 1024);
    char text[PATH_MAX];
    t(readlinkat, path, "", text, 100);
    // The name is used again, by a file, by a directory, and one that says it is deleted.
    mkfile("file", "new");
    told("file", file);
    mkdirs("empty");
    told("dir", dir);
    mkfile("file (deleted)", "named so");
    told("file", file);
    int odd = open("file (deleted)", O_RDONLY);
    told("odd", odd);
    unlink("file (deleted)");
    told("odd", odd);
    // One of two names.
    link("other", "second");
    int two = open("other", O_RDONLY);
    unlink("other");
    told("opened by the name that is gone", two);
    rename("second", "third");
    told("and the other renamed", two);
    // Its directory goes, too.
    mkdirs("up");
    mkfile("up/f", "x");
    int inner = open("up/f", O_RDONLY), up = open("up", O_RDONLY);
    rename("up", "down");
    told("in a renamed directory", inner);
    unlink("down/f");
    rmdir("down");
    told("in a removed directory", inner);
    told("the directory", up);
    // unlink and rmdir of what must not be removed so.
    static const char *const names[] = {"dir", "dir/.", "dir/..", ".", "..", "to_dir", "to_dir/", "dir/inner/", "third/", "/", "/..", "nowrite/inner", "closed/inner", "dir/"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        long a = sys(SYS_unlinkat, AT_FDCWD, names[i], 0), b = sys(SYS_unlinkat, AT_FDCWD, names[i], AT_REMOVEDIR);
        printf("%s: unlink %s, rmdir %s\n", names[i], errno_name(-a), errno_name(-b));
    }
}
