// /proc/self says what the program is: exe, cwd, root, fd, comm, cmdline, environ, auxv, status, stat, maps.
#include "check.h"
#include <elf.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

static char buffer[65536];

static char *target(const char *path) {
    long n = sys(SYS_readlink, path, buffer, sizeof buffer - 1);
    if (n < 0)
        return strcpy(buffer, errno_name(-n));
    buffer[n] = 0;
    return buffer;
}

static long slurp(const char *path) {
    long fd = sys(SYS_openat, AT_FDCWD, path, O_RDONLY), n = 0;
    if (fd < 0)
        return fd;
    for (long r; (r = read(fd, buffer + n, sizeof buffer - 1 - n)) > 0;)
        n += r;
    buffer[n] = 0;
    close(fd);
    return n;
}

static void in_status(const char *key, long want) {
    char *at = slurp("/proc/self/status") > 0 ? strstr(buffer, key) : 0;
    printf("status %s %s\n", key + 1, at && atol(at + strlen(key)) == want ? "right" : "wrong");
}

static int look(int argc, char **argv, const char *name) {
    printf("exe is %s\n", strcmp(target("/proc/self/exe"), name) ? "another" : "this program");
    struct stat one, two;
    p(sys(SYS_stat, "/proc/self/exe", &one) == 0 && sys(SYS_stat, name, &two) == 0 && one.st_ino == two.st_ino);
    long fd = sys(SYS_openat, AT_FDCWD, "/proc/self/exe", O_RDONLY);
    p(fd >= 0 && read(fd, buffer, 4) == 4 && !memcmp(buffer, "\177ELF", 4));
    p(fstat(fd, &one) == 0 && one.st_ino == two.st_ino);
    t(openat, AT_FDCWD, "/proc/self/exe", O_RDONLY | O_NOFOLLOW);
    p(sys(SYS_lstat, "/proc/self/exe", &one) == 0 && S_ISLNK(one.st_mode));
    t(access, "/proc/self/exe", X_OK);

    printf("cwd is %s\n", shown(target("/proc/self/cwd")));
    printf("root is %s\n", target("/proc/self/root"));
    printf("self is %s\n", atoi(target("/proc/self")) == getpid() ? "this process" : "another");
    char path[64];
    snprintf(path, sizeof path, "%d/task/%ld", getpid(), sys(SYS_gettid));
    printf("thread-self is %s\n", strcmp(target("/proc/thread-self"), path) ? "another" : "this thread");
    int file = open("file", O_RDONLY), dir = open("dir", O_PATH), pipes[2];
    pipe(pipes);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    printf("fd of a file is %s\n", shown(target(path)));
    snprintf(path, sizeof path, "/proc/%d/fd/%d", getpid(), dir);
    printf("fd of a directory is %s\n", shown(target(path)));
    snprintf(path, sizeof path, "/proc/thread-self/fd/%d", pipes[0]);
    printf("fd of a pipe is %.5s\n", target(path));
    snprintf(path, sizeof path, "/dev/fd/%d", file);
    printf("/dev/fd is %s\n", shown(target(path)));
    unlink("file2");
    rename("file", "file2");
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    printf("renamed: %s\n", shown(target(path)));
    unlink("file2");
    printf("deleted: %s\n", shown(target(path)));
    mkfile("file", "x");

    slurp("/proc/self/comm");
    printf("comm %s", buffer);
    char comm[16];
    prctl(PR_GET_NAME, comm);
    printf("PR_GET_NAME %s\n", comm);
    long n = slurp("/proc/self/cmdline"), at = 0;
    int equal = 1;
    for (int i = 0; i < argc; at += strlen(buffer + at) + 1, i++)
        equal &= at < n && !strcmp(buffer + at, argv[i]);
    printf("cmdline %s\n", equal && at == n ? "equals argv" : "differs from argv");
    extern char **environ;
    n = slurp("/proc/self/environ"), at = 0, equal = 1;
    for (char **e = environ; *e; at += strlen(buffer + at) + 1, e++)
        equal &= at < n && !strcmp(buffer + at, *e);
    printf("environ %s\n", equal && at == n ? "equals environ" : "differs from environ");
    n = slurp("/proc/self/auxv");
    Elf64_auxv_t *vector = (void *)(environ + 1), *seen = (void *)buffer;
    for (char **e = environ; *e; e++)
        vector = (void *)(e + 2);
    equal = n > 0;
    for (int i = 0;; i++) {
        equal &= vector[i].a_type == seen[i].a_type && vector[i].a_un.a_val == seen[i].a_un.a_val;
        if (!vector[i].a_type)
            break;
    }
    printf("auxv %s\n", equal ? "equals the vector on the stack" : "differs from the vector on the stack");

    in_status("\nPid:", getpid());
    in_status("\nTgid:", getpid());
    in_status("\nPPid:", getppid());
    in_status("\nThreads:", 1);
    in_status("\nUid:", getuid());
    in_status("\nUmask:", 22);
    slurp("/proc/self/status");
    printf("%.*s\n", (int)strcspn(buffer, "\n"), buffer);

    slurp("/proc/self/stat");
    printf("stat name %.*s\n", (int)(strrchr(buffer, ')') - strchr(buffer, '(') + 1), strchr(buffer, '('));
    unsigned long field[60] = {0};
    char *word = strrchr(buffer, ')') + 4;
    for (int i = 4; i < 53 && word; i++) {
        field[i] = strtoul(word, &word, 10);
    }
    p(field[4] == (unsigned long)getppid());
    p(field[26] <= (unsigned long)look && field[27] > (unsigned long)look);
    p(field[28] > (unsigned long)&argc - (1 << 20) && field[28] < (unsigned long)&argc + (1 << 20));
    p(field[48] == (unsigned long)argv[0]);
    p(field[49] == (unsigned long)argv[argc - 1] + strlen(argv[argc - 1]) + 1);
    p(!*environ || field[50] == (unsigned long)*environ);

    slurp("/proc/self/maps");
    char *line = strstr(buffer, name);
    p(line && line[strlen(name)] == '\n');
    p(strstr(buffer, "[stack]") != 0);
    p(strstr(buffer, "[vdso]") != 0);
    p(malloc(1000000) != 0 && strstr(buffer, "[heap]") != 0);
    // The map that holds this function is executable and belongs to this file.
    unsigned long from, to;
    char mode[8], mapped[PATH_MAX];
    int found = 0;
    for (line = strtok(buffer, "\n"); line; line = strtok(0, "\n")) {
        *mapped = 0;
        if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %4095[^\n]", &from, &to, mode, mapped) >= 3 && from <= (unsigned long)look && to > (unsigned long)look)
            found = mode[2] == 'x' && !strcmp(mapped, name);
    }
    p(found);
    p(slurp("/proc/self/mountinfo") > 0 && strstr(buffer, " / ") != 0);
    p(slurp("/proc/self/mounts") > 0);
    p(slurp("/proc/self/limits") > 0 && slurp("/proc/self/io") >= -EACCES && slurp("/proc/self/smaps") > 0);
    p(slurp("/proc/self/mem") == -EIO || 1);
    p(slurp("/proc/self/missing"));
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "again"))
        return look(argc, argv, A("dir/copy of it"));
    mkfile("file", "x");
    mkdirs("dir");
    if (look(argc, argv, argv[0]))
        return 1;
    // Again as another program, with an argv[0] that has nothing to do with its name, through a link.
    copy_self("dir/copy of it");
    ln("dir/copy of it", "link");
    pid_t pid = fork();
    if (!pid) {
        char *args[] = {"some name", "again", "", "last", 0}, *env[] = {"ONE=1", "TWO=", 0};
        sys(SYS_execve, "./link", args, env);
        _exit(1);
    }
    show_end("again", pid);
}
