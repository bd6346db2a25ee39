// Paths through /proc and /dev/fd: magic links, of oneself and of a child, lead where the process is.
#include "check.h"

static struct stat st;
static char path[PATH_MAX], buffer[PATH_MAX];

static char *proc(pid_t pid, const char *rest) {
    snprintf(path, sizeof path, "/proc/%d/%s", pid, rest);
    return path;
}

static void readlink_shown(const char *label, const char *name) {
    long n = sys(SYS_readlink, name, buffer, sizeof buffer - 1);
    buffer[n < 0 ? 0 : n] = 0;
    printf("%s -> %s\n", label, n < 0 ? errno_name(-n) : shown(buffer));
}

int main(void) {
    mkdirs("dir");
    mkfile("dir/inner", "inner text");
    mkfile("file", "text");
    ln("/proc/self/cwd/file", "link");
    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY);

    topen(AT_FDCWD, "/proc/self/cwd/file", O_RDONLY);
    topen(AT_FDCWD, "/proc/self/cwd/../missing_directory/x", O_RDONLY);
    topen(AT_FDCWD, "/proc/self/cwd/dir/../file", O_RDONLY);
    topen(AT_FDCWD, "link", O_RDONLY);
    t(stat, "/proc/self/cwd", &st);
    t(lstat, "/proc/self/cwd", &st);
    show_stat("cwd", &(struct stat){.st_mode = st.st_mode & S_IFMT, .st_uid = st.st_uid, .st_nlink = 1});
    snprintf(path, sizeof path, "/proc/self/root%s/file", start_dir);
    topen(AT_FDCWD, path, O_RDONLY);
    t(stat, "/proc/self/root", &st);
    struct stat root;
    stat("/", &root);
    p(st.st_ino == root.st_ino && st.st_dev == root.st_dev);
    t(stat, "/proc/self/root/..", &st);
    p(st.st_ino == root.st_ino && st.st_dev == root.st_dev);
    snprintf(path, sizeof path, "/proc/self/fd/%d/inner", dir);
    topen(AT_FDCWD, path, O_RDONLY);
    cat(path);
    snprintf(path, sizeof path, "/proc/self/fd/%d/../file", dir);
    topen(AT_FDCWD, path, O_RDONLY);
    snprintf(path, sizeof path, "/proc/self/fd/%d/x", file);
    topen(AT_FDCWD, path, O_RDONLY);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    topen(AT_FDCWD, path, O_RDONLY);
    topen(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW);
    topen(AT_FDCWD, path, O_RDWR | O_APPEND);
    t(chmod, path, 0600);
    t(stat, path, &st);
    show_stat("through fd", &st);
    t(unlink, path);
    t(rename, path, "x");
    topen(AT_FDCWD, "/proc/self/fd/999", O_RDONLY);
    topen(AT_FDCWD, "/proc/self/fd/x", O_RDONLY);
    snprintf(path, sizeof path, "/dev/fd/%d", file);
    topen(AT_FDCWD, path, O_RDONLY);
    snprintf(path, sizeof path, "/proc/thread-self/fd/%d", file);
    topen(AT_FDCWD, path, O_RDONLY);
    t(stat, "/dev/stdout", &st);

    // An open file that has lost its name, or whose name belongs to another file now.
    unlink("file");
    mkfile("file", "impostor");
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    cat(path);
    cat("file");
    readlink_shown("unlinked", path);

    // cwd through /proc as the base for everything.
    t(chdir, "/proc/self/cwd/dir");
    p(getcwd(buffer, sizeof buffer) && !strcmp(buffer, A("dir")));
    t(chdir, "/proc/self/cwd/..");
    p(getcwd(buffer, sizeof buffer) && !strcmp(buffer, start_dir));
    snprintf(path, sizeof path, "/proc/self/fd/%d", dir);
    t(chdir, path);
    p(getcwd(buffer, sizeof buffer) && !strcmp(buffer, A("dir")));
    t(chdir, A(""));
    t(mkdir, "/proc/self/cwd/made", 0700);
    t(rename, "/proc/self/cwd/made", "/proc/self/cwd/dir/moved");
    t(rmdir, "/proc/thread-self/cwd/dir/moved");

    // A child elsewhere.
    int ready[2];
    pipe(ready);
    pid_t pid = fork();
    if (!pid) {
        if (chdir("dir"))
            die("chdir");
        dup2(open("inner", O_RDONLY), 50);
        write(ready[1], "x", 1);
        for (;;)
            pause();
    }
    char byte;
    read(ready[0], &byte, 1);
    readlink_shown("child cwd", proc(pid, "cwd"));
    readlink_shown("child root", proc(pid, "root"));
    readlink_shown("child fd", proc(pid, "fd/50"));
    readlink_shown("child fd", proc(pid, "fd/51"));
    topen(AT_FDCWD, proc(pid, "cwd/inner"), O_RDONLY);
    topen(AT_FDCWD, proc(pid, "cwd/../file"), O_RDONLY);
    topen(AT_FDCWD, proc(pid, "fd/50"), O_RDONLY);
    long fd = sys(SYS_openat, AT_FDCWD, proc(pid, "fd/50"), O_RDONLY);
    p(read(fd, buffer, sizeof buffer) == 10 && !memcmp(buffer, "inner text", 10));
    topen(AT_FDCWD, proc(pid, "root/proc/self/cwd/file"), O_RDONLY);
    readlink_shown("task cwd", (snprintf(path, sizeof path, "/proc/%d/task/%d/cwd", pid, pid), path));
    long n = sys(SYS_readlink, proc(pid, "exe"), buffer, sizeof buffer - 1);
    buffer[n < 0 ? 0 : n] = 0;
    char own[PATH_MAX];
    n = sys(SYS_readlink, "/proc/self/exe", own, sizeof own - 1);
    own[n < 0 ? 0 : n] = 0;
    p(!strcmp(buffer, own));
    int base = open(proc(pid, ""), O_PATH | O_DIRECTORY);
    topen(base, "cwd/inner", O_RDONLY);
    topen(base, "exe", O_RDONLY);
    n = sys(SYS_readlinkat, base, "cwd", buffer, sizeof buffer - 1);
    buffer[n < 0 ? 0 : n] = 0;
    printf("%s\n", shown(buffer));
    kill(pid, SIGKILL);
    show_end("child", pid);
    topen(AT_FDCWD, proc(pid, "cwd/inner"), O_RDONLY);
    topen(base, "cwd/inner", O_RDONLY);
    readlink_shown("gone", proc(pid, "cwd"));
}
