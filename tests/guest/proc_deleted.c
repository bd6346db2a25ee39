// What the links of /proc say of files and directories that are renamed or deleted: cwd, root and fd.
#include "check.h"

static void says(const char *label, const char *link) {
    char text[PATH_MAX] = "";
    long n = sys(SYS_readlink, link, text, sizeof text - 1);
    struct stat st, l;
    long s = sys(SYS_stat, link, &st), m = sys(SYS_lstat, link, &l);
    printf("%s: %s, stat %s, lstat %s %s\n", label, n < 0 ? errno_name(-n) : shown(text), s ? errno_name(-s) : file_type(st.st_mode),
           m ? errno_name(-m) : file_type(l.st_mode), n > 0 && !m && l.st_size == 64 ? "of 64 bytes" : "");
}

int main(void) {
    says("root", "/proc/self/root");
    says("cwd", "/proc/self/cwd");
    mkdirs("a");
    mkdirs("a/b");
    chdir("a/b");
    says("cwd", "/proc/self/cwd");
    rename(A("a/b"), A("c"));
    says("cwd, moved", "/proc/self/cwd");
    rmdir(A("c"));
    says("cwd, deleted", "/proc/self/cwd");
    mkdirs(A("c"));
    says("cwd, its name used again", "/proc/self/cwd");
    topen(AT_FDCWD, "/proc/self/cwd", O_RDONLY | O_DIRECTORY);
    t(chdir, "/proc/self/cwd");
    t(chdir, A(""));
    says("cwd", "/proc/thread-self/cwd");
    mkfile("x (deleted)", "");
    dup2(open("x (deleted)", O_RDONLY), 40);
    says("a name that says so", "/proc/self/fd/40");
    unlink("x (deleted)");
    says("and is", "/proc/self/fd/40");
    mkfile("new\nline \\ and blank", "");
    dup2(open("new\nline \\ and blank", O_RDONLY), 40);
    says("odd bytes", "/proc/self/fd/40");
    unlink("new\nline \\ and blank");
    dup2(open(".", O_TMPFILE | O_RDWR, 0600), 40);
    char text[PATH_MAX];
    long n = sys(SYS_readlink, "/proc/self/fd/40", text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    p(strstr(text, " (deleted)") != 0);
    p(!strncmp(text, A("#"), strlen(A("#"))));
    list(".");
}
