// Names are bytes: everything but NUL and the slash is allowed.
#include "check.h"

static struct stat st;

static void name(const char *path) {
    char text[600], *at = text;
    for (const char *c = path; *c; c++)
        at += sprintf(at, *c > 32 && *c < 127 ? "%c" : "\\x%02x", (unsigned char)*c);
    printf("%s:", text);
    long fd = sys(SYS_openat, AT_FDCWD, A(path), O_RDWR | O_CREAT | O_EXCL, 0600);
    printf(" create %s", fd < 0 ? errno_name(-fd) : "ok");
    if (fd >= 0) {
        // What the kernel calls the open file is the same bytes.
        char link[64], seen[PATH_MAX];
        snprintf(link, sizeof link, "/proc/self/fd/%ld", fd);
        long n = sys(SYS_readlink, link, seen, sizeof seen - 1);
        seen[n < 0 ? 0 : n] = 0;
        printf(" fd %s", strcmp(seen, A(path)) ? "another name" : "same name");
        close(fd);
    }
    printf(" stat %s", errno_name(-sys(SYS_stat, path, &st)));
    char other[600];
    snprintf(other, sizeof other, "%s\xfe", path);
    printf(" rename %s", errno_name(-sys(SYS_rename, path, A(other))));
    printf(" access %s", errno_name(-sys(SYS_access, A(other), F_OK)));
    printf(" mkdir %s", errno_name(-sys(SYS_mkdir, A(path), 0700)));
    printf(" chdir %s", errno_name(-sys(SYS_chdir, path)));
    char cwd[PATH_MAX] = "";
    sys(SYS_getcwd, cwd, sizeof cwd);
    printf(" getcwd %s", strcmp(cwd, A(path)) ? "another name" : "same name");
    if (chdir(start_dir))
        die("go back");
    printf(" rmdir %s", errno_name(-sys(SYS_rmdir, path)));
    printf(" symlink %s", errno_name(-sys(SYS_symlink, other, path)));
    printf(" follow %s", errno_name(-sys(SYS_stat, A(path), &st)));
    printf(" unlink %s %s\n", errno_name(-sys(SYS_unlink, A(path))), errno_name(-sys(SYS_unlink, other)));
}

int main(void) {
    name("plain");
    name("\xff\xfe");
    name("\x80");
    name("latin1-\xe9t\xe9");
    name("utf8-\xc3\xa9t\xc3\xa9");
    name("cut-\xc3");
    name("overlong-\xc0\xaf..\xc0\xaf");
    name("surrogate-\xed\xa0\x80");
    name(" blank ");
    name("new\nline");
    name("tab\t");
    name("\x01\x02\x7f");
    name("back\\slash");
    name("quote'\"`$");
    name("colon:and=comma,");
    name("...");
    name("..\xff");
    name("-rf");
    name("*?[");
    name("(deleted)");
    name("x (deleted)");
    // All bytes that a name may hold, in one name of 254.
    char all[256];
    int n = 0;
    for (int b = 1; b < 256; b++)
        if (b != '/')
            all[n++] = (char)b;
    all[n] = 0;
    p(n);
    p(sys(SYS_mkdir, A(all), 0700));
    p(sys(SYS_chdir, all));
    char cwd[PATH_MAX] = "";
    sys(SYS_getcwd, cwd, sizeof cwd);
    p(!strcmp(cwd, A(all)));
    p(sys(SYS_stat, ".", &st));
    p(sys(SYS_rmdir, A(all)));
    if (chdir(start_dir))
        die("go back");
    list(".");
}
