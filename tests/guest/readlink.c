// readlink(2) and readlinkat(2).
#include "check.h"

static char buffer[PATH_MAX];

static void target(const char *call, long n) {
    show(call, n, AS_NUMBER);
    if (n >= 0)
        printf("  \"%.*s\"\n", (int)n, buffer);
}
#define READLINK(path, size) target("readlink(" #path ", " #size ")", sys(SYS_readlink, path, buffer, size))
#define READLINKAT(fd, path, size) target("readlinkat(" #fd ", " #path ", " #size ")", sys(SYS_readlinkat, fd, path, buffer, size))

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    ln("file", "link");
    ln("../file", "dir/up");
    ln("/an/absolute/target", "absolute");
    ln("dir", "to_dir");
    ln("loop", "loop");
    ln("a//b/./c/", "odd");
    mkdirs("closed");
    ln("x", "closed/link");
    chmod("closed", 0);

    READLINK("link", 100);
    READLINK(A("link"), 100);
    READLINK("link", 4);
    READLINK("link", 2);
    READLINK("absolute", 100);
    READLINK(A("absolute"), 3);
    READLINK("odd", 100);
    READLINK("loop", 100);
    READLINK("to_dir", 100);
    READLINK("to_dir/", 100);
    READLINK("to_dir/up", 100);
    READLINK("file", 100);
    READLINK("dir", 100);
    READLINK("missing", 100);
    READLINK("link/x", 100);
    READLINK("loop/x", 100);
    READLINK("", 100);
    READLINK("closed/link", 100);
    READLINK("link", 0);
    READLINK("link", -1);
    READLINK(0, 100);
    t(readlink, "link", 0, 100);
    t(readlink, "link", bad_page(), 100);
    t(readlink, "file", bad_page(), 100);

    int dir = open("dir", O_RDONLY | O_DIRECTORY), link = open("link", O_PATH | O_NOFOLLOW);
    int file = open("file", O_RDONLY);
    READLINKAT(AT_FDCWD, "link", 100);
    READLINKAT(AT_FDCWD, A("link"), 100);
    READLINKAT(dir, "up", 100);
    READLINKAT(dir, "missing", 100);
    READLINKAT(dir, "", 100);
    READLINKAT(link, "", 100);
    READLINKAT(link, "", 1);
    READLINKAT(file, "", 100);
    READLINKAT(file, "x", 100);
    READLINKAT(999, "x", 100);
    READLINKAT(999, "", 100);
    READLINKAT(999, A("link"), 100);
    READLINKAT(AT_FDCWD, "", 100);
    READLINKAT(dir, "up", 0);

    // Nothing beyond the target is written, and no NUL.
    memset(buffer, '#', 16);
    t(readlink, "link", buffer, 16);
    printf("  %.8s\n", buffer);

    // The longest target.
    char *longest = memset(malloc(4096), 'x', 4095);
    longest[4095] = 0;
    for (int i = 200; i < 4095; i += 200)
        longest[i] = '/';
    pe(symlink(longest, "longest"));
    long n = sys(SYS_readlink, "longest", buffer, sizeof buffer);
    p(n);
    p(n > 0 && !memcmp(buffer, longest, n));
    n = sys(SYS_readlink, A("longest"), buffer, sizeof buffer);
    p(n > 0 && !memcmp(buffer, longest, n));
    chmod("closed", 0700);
}
