// Directories that are renamed, moved and exchanged while they are the working directory or open: what "..", getcwd and
// descriptors say afterwards.
#include "check.h"

static char text[PATH_MAX];

static void where(const char *label) {
    long n = sys(SYS_getcwd, text, sizeof text);
    printf("%s: %s\n", label, n < 0 ? errno_name(-n) : shown(text));
    struct stat st;
    t(stat, "../mark", &st);
    t(access, "mark", F_OK);
    if (strcmp(text, start_dir) && n > (long)strlen(start_dir))
        list("..");
}

int main(void) {
    mkdirs("a");
    mkdirs("a/b");
    mkdirs("a/b/c");
    mkdirs("z");
    mkfile("a/b/mark", "in b");
    mkfile("z/mark", "in z");
    mkfile("mark", "on top");
    int b = open("a/b", O_PATH | O_DIRECTORY), c = open("a/b/c", O_RDONLY | O_DIRECTORY);
    t(chdir, "a/b/c");
    where("at first");
    t(rename, A("a/b/c"), A("z/new"));
    where("moved");
    t(rename, A("z"), A("y"));
    where("its parent renamed");
    t(mkdir, A("a/b/c"), 0700);
    t(mkdir, A("z"), 0700);
    where("the old names taken");
    t(renameat2, AT_FDCWD, A("y"), AT_FDCWD, A("a"), RENAME_EXCHANGE);
    where("its parent exchanged");
    t(symlink, "a", A("to_a"));
    t(chdir, A("to_a/new"));
    where("by a link");
    t(rename, A("a"), A("q"));
    t(symlink, "y", A("a"));
    where("the link leads elsewhere");
    topen(b, "../mark", O_RDONLY);
    t(faccessat, b, "mark", F_OK);
    t(faccessat, c, "../mark", F_OK);
    t(faccessat, b, "../../mark", F_OK);
    t(fchdir, b);
    where("by a descriptor");
    t(fchdir, c);
    where("by the other");
    t(fchdir, 999);
    t(fchdir, open(A("mark"), O_RDONLY));
    t(fchdir, open(A("mark"), O_PATH));
    t(chdir, "..");
    where("up");
    t(chdir, "..");
    where("up again");
    // Two processes with one directory, and two with their own.
    pid_t pid = fork();
    if (!pid) {
        chdir("q");
        _exit(0);
    }
    show_end("child that changes its own directory", pid);
    where("the parent's");
    pid = (pid_t)syscall(SYS_clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0);
    if (!pid) {
        chdir("q");
        _exit(0);
    }
    show_end("child that changes the common directory", pid);
    where("the parent's");
}
