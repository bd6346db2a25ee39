// execve(2) of a file that somebody has open for writing is ETXTBSY; mappings and O_PATH are no writers.
#include "check.h"

static char *args[] = {"prog", "child", 0}, *env[] = {0};

static void try(const char *label, const char *path) {
    pid_t pid = fork();
    if (!pid) {
        printf("%s: %s\n", label, errno_name(-sys(SYS_execve, path, args, env)));
        _exit(1);
    }
    show_end(label, pid);
}

static void opened(const char *label, int flags) {
    int fd = open("prog", flags | O_CLOEXEC, 0755);
    if (fd < 0)
        die("open");
    try(label, "prog");
    try(label, A("hard"));
    close(fd);
    try("closed again", "prog");
}

int main(int argc, char **argv) {
    if (argc > 1)
        return 6;
    copy_self("prog");
    link("prog", "hard");
    opened("O_RDONLY", O_RDONLY);
    opened("O_WRONLY", O_WRONLY);
    opened("O_RDWR", O_RDWR);
    opened("O_APPEND", O_WRONLY | O_APPEND);
    opened("O_CREAT", O_WRONLY | O_CREAT);
    opened("O_PATH", O_PATH | O_RDWR);
    opened("access mode 3", 3);

    // By another process; by its mapping once the descriptor is closed; and by one that has inherited it.
    int ready[2], go[2];
    pipe(ready);
    pipe(go);
    for (int way = 0; way < 3; way++) {
        char byte = 0;
        int fd = way == 2 ? open("prog", O_WRONLY) : -1;
        pid_t pid = fork();
        if (!pid) {
            int mine = way == 2 ? fd : open("prog", O_RDWR);
            if (way == 1) {
                if (mmap(0, 4096, PROT_READ, MAP_SHARED, mine, 0) == MAP_FAILED)
                    die("mmap");
                close(mine);
            }
            write(ready[1], "x", 1);
            read(go[0], &byte, 1);
            _exit(0);
        }
        close(fd);
        read(ready[0], &byte, 1);
        try(((char *[]){"another has it open", "another has it mapped", "a child has inherited it"})[way], "prog");
        write(go[1], "x", 1);
        waitpid(pid, 0, 0);
        try("it has gone", "prog");
    }
    // A writable shared mapping.
    int fd = open("prog", O_RDWR);
    void *map = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    try("mapped writable", "prog");
    munmap(map, 4096);
    try("unmapped", "prog");

    // Scripts, and their interpreters.
    mkfile("script", "#!./prog\n");
    chmod("script", 0755);
    try("script", "script");
    fd = open("script", O_WRONLY | O_CLOEXEC);
    try("script open for writing", "script");
    close(fd);
    fd = open("prog", O_WRONLY | O_CLOEXEC);
    try("interpreter open for writing", "script");
    close(fd);
    mkfile("text", "x");
    fd = open("text", O_WRONLY | O_CLOEXEC);
    try("not executable and open for writing", "text");
    chmod("text", 0755);
    try("no program and open for writing", "text");
    close(fd);
    try("no program", "text");
    // Another file's writer does not matter, nor one of the file that was there before.
    fd = open("prog", O_WRONLY | O_CLOEXEC);
    unlink("prog");
    copy_self("prog");
    try("a new file of the name", "prog");
    try("the old file by its other name", "hard");
    close(fd);
    try("the old file, closed", "hard");
}
