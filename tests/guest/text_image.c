// What the image of a running program forbids, from when to when, and what it does not.
#include "check.h"

static int in[2], out[2];

// Starts `path`, which runs until it is told to end.
static pid_t start_program(const char *path, int forks) {
    pid_t pid = fork();
    if (!pid) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        execl(path, "prog", forks ? "fork" : "wait", NULL);
        _exit(9);
    }
    char byte;
    read(out[0], &byte, 1);
    return pid;
}

static void end_program(pid_t pid) {
    write(in[1], "x", 1);
    waitpid(pid, 0, 0);
}

int main(int argc, char **argv) {
    char byte = 'r';
    if (argc > 1) {
        if (!strcmp(argv[1], "fork") && fork())
            _exit(0);
        write(1, &byte, 1);
        read(0, &byte, 1);
        if (byte == 'e')
            execl("./other", "prog", "wait", NULL);
        return 0;
    }
    pipe(in);
    pipe(out);
    fcntl(in[1], F_SETFD, FD_CLOEXEC);
    copy_self("prog");
    copy_self("other");
    int before = open("prog", O_RDONLY);
    int writer_of_other = open("other", O_RDWR);
    close(writer_of_other);
    pid_t pid = start_program("./prog", 0);

    topen(AT_FDCWD, "prog", O_RDONLY | O_TRUNC);
    topen(AT_FDCWD, "prog", O_WRONLY | O_APPEND);
    topen(AT_FDCWD, "prog", O_PATH | O_RDWR);
    topen(AT_FDCWD, "prog", 3);
    topen(AT_FDCWD, "prog", O_WRONLY | O_DIRECTORY);
    topen(AT_FDCWD, "prog", O_WRONLY | O_CREAT | O_EXCL, 0700);
    t(ftruncate, before, 1);
    t(truncate, "prog", 1 << 20);
    t(truncate, "prog", -1);
    char link_[64];
    snprintf(link_, sizeof link_, "/proc/self/fd/%d", before);
    topen(AT_FDCWD, link_, O_WRONLY);
    topen(AT_FDCWD, link_, O_RDWR | O_TRUNC);
    // Metadata and names are free.
    t(chmod, "prog", 0755);
    t(utimensat, AT_FDCWD, "prog", 0, 0);
    t(link, "prog", "name");
    topen(AT_FDCWD, "name", O_RDWR);
    t(rename, "name", "prog2");
    t(unlink, "prog");
    copy_self("prog");
    topen(AT_FDCWD, "prog", O_RDWR);
    topen(AT_FDCWD, "prog2", O_RDWR);
    // Without write permission that is what is said.
    t(chmod, "prog2", 0555);
    topen(AT_FDCWD, "prog2", O_RDWR);
    t(chmod, "prog2", 0755);
    t(unlink, "prog2");
    copy_self("prog2");
    topen(AT_FDCWD, "prog2", O_RDWR);
    end_program(pid);
    topen(AT_FDCWD, link_, O_WRONLY);

    // A child keeps the image of its parent.
    pid = start_program("./prog", 1);
    waitpid(pid, 0, 0);
    topen(AT_FDCWD, "prog", O_RDWR);
    write(in[1], "x", 1);
    for (int i = 0; i < 1000; i++) {
        int fd = open("prog", O_RDWR);
        if (fd >= 0) {
            close(fd);
            break;
        }
        usleep(10000);
    }
    topen(AT_FDCWD, "prog", O_RDWR);

    // Two run, and each has to end.
    pid = start_program("./prog", 0);
    pid_t second = start_program("./prog", 0);
    kill(pid, SIGKILL);
    waitpid(pid, 0, 0);
    topen(AT_FDCWD, "prog", O_RDWR);
    kill(second, SIGKILL);
    waitpid(second, 0, 0);
    topen(AT_FDCWD, "prog", O_RDWR);

    // Another program in its place frees it.
    pid = start_program("./prog", 0);
    topen(AT_FDCWD, "other", O_RDWR);
    write(in[1], "e", 1);
    read(out[0], &byte, 1);
    topen(AT_FDCWD, "prog", O_RDWR);
    topen(AT_FDCWD, "other", O_RDWR);
    end_program(pid);
    topen(AT_FDCWD, "other", O_RDWR);

    // A library, or whatever is mapped executable, is not busy; nor is a script.
    int library = open("other", O_RDONLY);
    void *map = mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, library, 0);
    topen(AT_FDCWD, "other", O_RDWR);
    munmap(map, 4096);
    mkfile("script", "#!./prog wait\n");
    chmod("script", 0755);
    pid = start_program("./script", 0);
    topen(AT_FDCWD, "script", O_RDWR);
    topen(AT_FDCWD, "prog", O_RDWR);
    end_program(pid);
    // What a descriptor was opened for before stays allowed: but then it cannot be run.
    int fd = open("other", O_WRONLY);
    pid = fork();
    if (!pid) {
        execl("./other", "prog", "wait", NULL);
        _exit(errno == ETXTBSY ? 26 : 1);
    }
    show_end("exec", pid);
    t(ftruncate, fd, 100);
}
