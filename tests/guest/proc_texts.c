// The files of /proc/self that tell files and arguments: mounts, maps, fdinfo, environ, cmdline, auxv, net/unix, locks.
#include "check.h"
#include <elf.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/inotify.h>

static char text[1 << 20];

static char *whole(const char *path) {
    int fd = open(path, O_RDONLY);
    size_t at = 0;
    for (ssize_t n; fd >= 0 && (n = read(fd, text + at, sizeof text - 1 - at)) > 0;)
        at += n;
    text[at] = 0;
    close(fd);
    return text;
}
static int lines_with(const char *path, const char *word) {
    int count = 0;
    char *copy = whole(path);
    for (char *line = strtok(copy, "\n"); line; line = strtok(0, "\n"))
        count += strstr(line, word) != 0;
    return count;
}

int main(int argc, char **argv) {
    mkfile("mapped file", "0123456789");
    int fd = open("mapped file", O_RDWR);
    char *map = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    p(lines_with("/proc/self/maps", A("mapped file")));
    p(lines_with("/proc/self/smaps", A("mapped file")));
    p(lines_with("/proc/thread-self/maps", A("mapped file")));
    rename("mapped file", "moved\nfile");
    p(lines_with("/proc/self/maps", "moved\\012file"));
    unlink("moved\nfile");
    p(lines_with("/proc/self/maps", "moved\\012file (deleted)"));
    p(lines_with("/proc/self/maps", "[stack]"));
    p(lines_with("/proc/self/maps", "[heap]") <= 1);
    p(lines_with("/proc/self/maps", "[vdso]"));
    // Read in pieces, and again from the start.
    int maps = open("/proc/self/maps", O_RDONLY);
    char first[100], again[100];
    p(read(maps, first, 50));
    p(read(maps, first + 50, 50) > 0);
    p(lseek(maps, 0, SEEK_SET));
    p(read(maps, again, 50));
    p(memcmp(first, again, 50));
    p(pread(maps, again, 20, 10));
    p(memcmp(first + 10, again, 20));
    t(write, maps, "x", 1);
    topen(AT_FDCWD, "/proc/self/maps", O_RDWR);
    topen(AT_FDCWD, "/proc/self/mountinfo", O_WRONLY);
    topen(AT_FDCWD, "/proc/self/status", O_RDWR | O_CREAT, 0600);
    topen(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_DIRECTORY);
    topen(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CREAT | O_EXCL, 0600);
    topen(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_TRUNC);
    topen(AT_FDCWD, "/proc/self/maps/", O_RDONLY);
    t(faccessat, AT_FDCWD, "/proc/self/maps", W_OK);
    struct stat st;
    t(stat, "/proc/self/maps", &st);
    show_stat("maps", &st);
    // Every mount has a root, and "/" is one.
    p(lines_with("/proc/self/mountinfo", " / ") > 0);
    p(lines_with("/proc/self/mounts", " / ") > 0);
    p(lines_with("/proc/mounts", " /proc ") > 0);
    // Arguments and environment are those of the program.
    whole("/proc/self/cmdline");
    p(!strcmp(strrchr(text, '/') ? strrchr(text, '/') : text, strrchr(argv[0], '/')));
    whole("/proc/self/environ");
    p(strstr(text, "PATH=") != 0);
    // The vector that the kernel keeps is the one that the program got.
    int aux = open("/proc/self/auxv", O_RDONLY);
    Elf64_auxv_t vector[64];
    ssize_t n = read(aux, vector, sizeof vector);
    int differ = 0;
    for (int i = 0; i < n / (ssize_t)sizeof *vector && vector[i].a_type; i++)
        differ += getauxval(vector[i].a_type) != vector[i].a_un.a_val;
    p(differ);
    // fdinfo.
    lseek(fd, 5, SEEK_SET);
    char path[64];
    sprintf(path, "/proc/self/fdinfo/%d", fd);
    p(strstr(whole(path), "pos:\t5\n") != 0);
    int watch = inotify_init();
    inotify_add_watch(watch, ".", IN_CREATE);
    sprintf(path, "/proc/self/fdinfo/%d", watch);
    p(lines_with(path, "inotify wd:1 ino:"));
    flock(fd, LOCK_EX);
    sprintf(path, "/proc/self/fdinfo/%d", fd);
    p(lines_with(path, "FLOCK"));
    // Sockets' names.
    int s = socket(AF_UNIX, SOCK_STREAM, 0), r = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct sockaddr_un a = {AF_UNIX, "a relative name of a socket"};
    bind(s, (void *)&a, sizeof a);
    struct sockaddr_un b = {AF_UNIX};
    snprintf(b.sun_path, sizeof b.sun_path, "%s", A("abs"));
    bind(r, (void *)&b, sizeof b);
    p(lines_with("/proc/net/unix", " a relative name of a socket"));
    p(lines_with("/proc/self/net/unix", b.sun_path) > 0);
    char odd[32];
    snprintf(odd, sizeof odd, "a socket of %d", getpid());
    struct sockaddr_un c = {AF_UNIX};
    memcpy(c.sun_path + 1, odd, strlen(odd));
    bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&c, 3 + strlen(odd));
    p(lines_with("/proc/net/unix", odd));
    unlink(a.sun_path);
    p(map[0]);
}
