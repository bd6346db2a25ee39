// A program may unmap what it has not mapped itself, and goes on: all read-only anonymous memory, of which it has none.
#include "check.h"

static void unmap_all(void) {
    static char text[65536];
    int fd = open("/proc/self/maps", O_RDONLY);
    size_t n = 0;
    for (ssize_t got; (got = read(fd, text + n, sizeof text - 1 - n)) > 0;)
        n += (size_t)got;
    close(fd);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long start, end, inode;
        char access[5], rest[PATH_MAX] = "";
        if (sscanf(line, "%lx-%lx %4s %*s %*s %lu %s", &start, &end, access, &inode, rest) >= 4 && !strcmp(access, "r--p") && !inode && !*rest)
            munmap((void *)start, end - start);
    }
}

int main(int argc, char **argv) {
    if (argc > 1)
        return printf("executed\n"), 0;
    mkfile("file", "x");
    unmap_all();
    t(chmod, "file", 0600);
    unmap_all();
    t(rename, "file", "other");
    pid_t child = fork();
    if (!child) {
        unmap_all();
        t(truncate, "other", 3);
        unmap_all();
        char *args[] = {argv[0], "again", NULL}, *none[] = {NULL};
        execve("/proc/self/exe", args, none);
        die("execve");
    }
    int s;
    waitpid(child, &s, 0);
    p(s);
    t(unlink, "other");
}
