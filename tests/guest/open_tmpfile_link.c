// Files without a name, and the ways to give them one: through /proc/self/fd and by AT_EMPTY_PATH.
#include "paths.h"

static void name_it(const char *label, int fd) {
    char link[64];
    sprintf(link, "/proc/self/fd/%d", fd);
    printf("%s\n", label);
    t(linkat, AT_FDCWD, link, AT_FDCWD, "by_proc", AT_SYMLINK_FOLLOW);
    show_path("by_proc");
    t(linkat, AT_FDCWD, link, AT_FDCWD, "by_proc", AT_SYMLINK_FOLLOW);
    t(linkat, AT_FDCWD, link, AT_FDCWD, "not_followed", 0);
    t(linkat, fd, "", AT_FDCWD, "by_empty", AT_EMPTY_PATH);
    show_path("by_empty");
    t(linkat, fd, "", AT_FDCWD, "dir/by_empty", AT_EMPTY_PATH | AT_SYMLINK_FOLLOW);
    t(linkat, fd, "", AT_FDCWD, "missing/x", AT_EMPTY_PATH);
    t(linkat, fd, "", AT_FDCWD, "plain", 0);
    t(linkat, fd, 0, AT_FDCWD, "plain", AT_EMPTY_PATH);
    unlink("by_proc");
    unlink("by_empty");
    unlink("dir/by_empty");
}

int main(void) {
    kinds();
    int fd = open(".", O_TMPFILE | O_RDWR, 0640);
    struct stat st;
    t(fstat, fd, &st);
    show_stat("without a name", &st);
    t(write, fd, "hidden", 6);
    name_it("O_TMPFILE", fd);
    t(linkat, AT_FDCWD, ({ static char l[64]; sprintf(l, "/proc/self/fd/%d", fd); l; }), AT_FDCWD, "kept", AT_SYMLINK_FOLLOW);
    cat("kept");
    name_it("O_TMPFILE for reading is refused", open("dir", O_TMPFILE | O_RDONLY, 0600));
    name_it("O_TMPFILE|O_EXCL", open("dir", O_TMPFILE | O_RDWR | O_EXCL, 0600));
    name_it("O_TMPFILE for writing", open("dir", O_TMPFILE | O_WRONLY, 0600));
    name_it("a file with a name", open("file", O_RDONLY));
    name_it("a file by O_PATH", open("file", O_PATH));
    name_it("a link by O_PATH", open("link", O_PATH | O_NOFOLLOW));
    name_it("a directory", open("dir", O_RDONLY));
    name_it("a fifo", open("fifo", O_PATH));
    mkfile("gone", "x");
    fd = open("gone", O_RDWR);
    unlink("gone");
    name_it("a deleted file", fd);
    int pipes[2];
    pipe(pipes);
    name_it("a pipe", pipes[0]);
    name_it("a memfd", (int)syscall(SYS_memfd_create, "x", 0));
    topen(AT_FDCWD, "closed", O_TMPFILE | O_RDWR, 0600);
    topen(AT_FDCWD, "nowrite", O_TMPFILE | O_RDWR, 0600);
    topen(AT_FDCWD, "nosearch", O_TMPFILE | O_RDWR, 0600);
    topen(AT_FDCWD, "/proc", O_TMPFILE | O_RDWR, 0600);
    topen(AT_FDCWD, "to_dir", O_TMPFILE | O_RDWR, 0600);
    topen(AT_FDCWD, "to_dir", O_TMPFILE | O_RDWR | O_NOFOLLOW, 0600);
    list(".");
    list("dir");
}
