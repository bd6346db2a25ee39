// /proc/self/exe of a program that is renamed, moved, deleted and replaced while it runs, and of one without a name.
#include "check.h"

static int is_again;

static void show_exe(const char *label) {
    char text[PATH_MAX + 1], magic[4] = "";
    struct stat by_link, opened;
    printf("%s:\n", label);
    ssize_t len = readlink("/proc/self/exe", text, PATH_MAX);
    text[len < 0 ? 0 : len] = 0;
    printf("  reads %s\n", shown(text));
    int failed = stat("/proc/self/exe", &by_link);
    printf("  stat %s", failed ? errno_name(errno) : "arrives");
    int fd = open("/proc/self/exe", O_RDONLY);
    if (fd >= 0) {
        read(fd, magic, 4);
        fstat(fd, &opened);
        printf(", open arrives at %s, %s file", memcmp(magic, "\x7f" "ELF", 4) ? "something else" : "a program",
               opened.st_ino == by_link.st_ino ? "the same" : "another");
        close(fd);
    } else {
        printf(", open %s", errno_name(errno));
    }
    fd = open("/proc/self/exe", O_PATH);
    if (fd >= 0) {
        char own[64];
        snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
        len = readlink(own, text, PATH_MAX);
        text[len < 0 ? 0 : len] = 0;
        printf(", as a place %s", shown(text));
        close(fd);
    }
    printf("\n  to write: %s", errno_name(open("/proc/self/exe", O_WRONLY) < 0 ? errno : 0));
    printf(", not followed: %s", errno_name(open("/proc/self/exe", O_RDONLY | O_NOFOLLOW) < 0 ? errno : 0));
    printf(", gone on behind it: %s\n", errno_name(open("/proc/self/exe/x", O_RDONLY) < 0 ? errno : 0));
    if (is_again)
        return;
    pid_t pid = fork();
    if (!pid) {
        execl("/proc/self/exe", "again", "again", NULL);
        printf("  execve %s\n", errno_name(errno));
        _exit(1);
    }
    show_end("  executed again", pid);
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "again")) {
        is_again = 1;
        show_exe("again");
        // A link that leads nowhere would be one to make a file by.
        printf("  made: %s\n", errno_name(open("/proc/self/exe", O_RDONLY | O_CREAT, 0644) < 0 ? errno : 0));
        return 8;
    }
    if (argc < 2) {
        copy_self("prog");
        if (!fork())
            execl("prog", "prog", "moves", NULL);
        wait(NULL);
        // Another program, that has never had a name.
        int mem = memfd_create("nameless", 0), self = open("/proc/self/exe", O_RDONLY);
        char buffer[65536];
        for (ssize_t got; (got = read(self, buffer, sizeof buffer)) > 0;)
            write(mem, buffer, got);
        char own[64];
        snprintf(own, sizeof own, "/proc/self/fd/%d", mem);
        int ro = open(own, O_RDONLY | O_CLOEXEC);
        close(mem);
        if (!fork())
            fexecve(ro, (char *[]){"prog", "nameless", NULL}, environ);
        wait(NULL);
        return 0;
    }
    if (!strcmp(argv[1], "nameless")) {
        show_exe("a memfd");
        return 0;
    }
    show_exe("as it began");
    rename("prog", "other");
    show_exe("renamed");
    mkdirs("dir");
    rename("other", "dir/moved");
    show_exe("moved");
    rename("dir", "up");
    show_exe("a directory above renamed");
    mkfile("prog", "not this one");
    show_exe("the first name is another's");
    link("up/moved", "second");
    unlink("up/moved");
    show_exe("unlinked, with another name left");
    unlink("second");
    show_exe("deleted");
    mkfile("up/moved", "not this one");
    chmod("up/moved", 0755);
    show_exe("replaced");
    // Another process's.
    if (!fork()) {
        char others[64], text[PATH_MAX + 1];
        snprintf(others, sizeof others, "/proc/%d/exe", getppid());
        ssize_t len = readlink(others, text, PATH_MAX);
        text[len < 0 ? 0 : len] = 0;
        printf("the parent's reads %s, open %s\n", shown(text), errno_name(open(others, O_RDONLY) < 0 ? errno : 0));
        exit(0);
    }
    wait(NULL);
}
