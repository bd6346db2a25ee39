// Bad addresses: NULL, unmapped, strings that run off the mapping, unwritable results. EFAULT, never a crash.
#include "check.h"

static struct stat st;

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    char *page = bad_page();
    char *kernel = (char *)0xffff800000000000;
    char *odd = (char *)0x00007ffffffff000;

    // A string right at the end of a mapping is whole; one byte more and its NUL is missing.
    char *whole = page - 5;
    memcpy(whole, "file", 5);
    t(stat, whole, &st);
    topen(AT_FDCWD, whole, O_RDONLY);
    char *cut = page - 4;
    memmove(cut, "file", 4);
    t(stat, cut, &st);
    topen(AT_FDCWD, cut, O_RDONLY);
    t(access, cut, F_OK);
    t(chdir, cut);
    t(mkdir, cut, 0700);
    t(unlink, cut);
    t(rename, cut, "x");
    t(rename, "file", cut);
    t(symlink, cut, "x");
    t(readlink, cut, &st, 10);
    t(truncate, cut, 0);
    t(execve, cut, 0, 0);
    // An argv that runs off its page; a script's gets longer.
    mkfile("script", "#!/proc/self/exe\n");
    chmod("script", 0700);
    char **args = (char **)(page - 8);
    *args = "x";
    t(execve, "script", args, 0);

    // A page and a half of name that never ends: too long comes before the hole.
    char *three = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(three, 'x', 2 * 4096);
    mprotect(three + 2 * 4096, 4096, PROT_NONE);
    t(stat, three, &st);
    t(stat, three + 4096, &st);
    t(stat, three + 4097, &st);
    memset(three, '/', 2 * 4096);
    t(stat, three, &st);
    topen(AT_FDCWD, three + 4096, O_RDONLY);
    topen(AT_FDCWD, three + 5000, O_RDONLY);

    t(stat, kernel, &st);
    t(stat, odd, &st);
    t(stat, page, &st);
    t(stat, -1, &st);
    t(openat, AT_FDCWD, kernel, O_RDONLY);
    t(openat, AT_FDCWD, odd, O_RDONLY);
    t(stat, "file", kernel);
    t(stat, "file", odd);
    t(stat, "file", page - 8);
    t(lstat, "file", "read-only memory is not writable, and this literal is longer than a struct stat would be: "
                     "................................................................................");
    t(readlink, "dir", kernel, 10);
    t(getcwd, kernel, 4096);
    t(getcwd, page - 1, 4096);
    t(statfs, ".", kernel);
    t(statx, AT_FDCWD, "file", 0, STATX_ALL, kernel);
    t(pipe, kernel);
    t(utimensat, AT_FDCWD, "file", kernel, 0);
    t(openat2, AT_FDCWD, "file", kernel, 24);
    t(bind, socket(AF_UNIX, SOCK_STREAM, 0), kernel, 20);
    t(execve, "file", kernel, 0);
    t(execve, kernel, kernel, kernel);
    t(getdents64, open(".", O_RDONLY), kernel, 4096);
    t(name_to_handle_at, AT_FDCWD, "file", kernel, &st, 0);

    // Only the last byte of a result is out of reach: the whole call fails.
    t(stat, "file", page - sizeof st + 1);
    t(stat, "file", page - sizeof st);
    t(newfstatat, AT_FDCWD, A("file"), page - sizeof st + 1, 0);
    t(newfstatat, AT_FDCWD, A("file"), page - sizeof st, 0);
    // The result may lie where the path lies.
    char both[sizeof st] = "file";
    t(stat, both, both);
    show_stat("both", (struct stat *)both);
    char *where = A("file");
    t(lstat, where, where);
    show_stat("where", (struct stat *)where);

    // Memory that is mapped by file, or executable serves as well.
    int fd = open("names", O_RDWR | O_CREAT, 0600);
    write(fd, "file", 5);
    char *map = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);
    t(stat, map, &st);
    topen(AT_FDCWD, map, O_RDONLY);
    char *rx = mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    t(stat, rx, &st);
    topen(AT_FDCWD, rx, O_RDONLY);
    char *beyond = mmap(0, 8192, PROT_READ, MAP_SHARED, fd, 0);
    t(stat, beyond + 4096, &st);
    topen(AT_FDCWD, beyond + 4096, O_RDONLY);
}
