// Files and links of /proc are opened with every flag that says something about links, by name and by descriptor.
#include "check.h"
#include <linux/openat2.h>

static char text[PATH_MAX];

static const char *result(long ret) { return ret < 0 ? errno_name(-ret) : "ok"; }

// Where the kernel says that a descriptor leads, ids left out.
static void show_link(long fd) {
    char link[40], *at;
    snprintf(link, sizeof link, "/proc/self/fd/%ld", fd);
    long n = sys(SYS_readlink, link, text, sizeof text - 1);
    text[n < 0 ? 0 : n] = 0;
    if (!strncmp(text, "/proc/", 6) && (at = strchr(text + 6, '/')))
        printf(" of %s", !strncmp(at, "/task/", 6) ? strchr(at + 6, '/') : at);
    else
        printf(" of %s", strstr(text, "proc_open") ? "this program" : shown(text));
}

static void try(const char *path, int flags) {
    long fd = sys(SYS_openat, AT_FDCWD, path, flags);
    printf("%s %#o: %s", path, flags, result(fd));
    char byte;
    if (fd >= 0) {
        if (!(flags & O_PATH)) {
            long n = read(fd, &byte, 1);
            printf(", read %s", n < 0 ? errno_name(errno) : n ? "something" : "nothing");
        }
        show_link(fd);
        close(fd);
    }
    for (int refuse = 0; refuse < 2; refuse++) {
        struct open_how how = {.flags = flags, .resolve = refuse ? RESOLVE_NO_SYMLINKS : RESOLVE_NO_MAGICLINKS};
        fd = sys(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
        printf(", %s", result(fd));
        if (fd >= 0)
            close(fd);
    }
    printf("\n");
}

int main(void) {
    static const char *const paths[] = {"/proc/self/maps",   "/proc/self/mountinfo", "/proc/thread-self/status",
                                        "/proc/self/stat",   "/proc/mounts",         "/proc/self/exe",
                                        "/proc/self/cwd",    "/proc/self/root",      "/proc/self/fd/0"};
    static const int flags[] = {O_RDONLY, O_PATH, O_RDONLY | O_NOFOLLOW, O_PATH | O_NOFOLLOW, O_RDONLY | O_DIRECTORY};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        for (size_t j = 0; j < sizeof flags / sizeof *flags; j++)
            try(paths[i], flags[j]);
    // Not where it would change the program itself.
    for (size_t i = 0; i < 4; i++) {
        topen(AT_FDCWD, paths[i], O_RDWR);
        topen(AT_FDCWD, paths[i], O_WRONLY | O_TRUNC);
        topen(AT_FDCWD, paths[i], O_RDONLY | O_CREAT, 0600);
        topen(AT_FDCWD, paths[i], O_RDONLY | O_CREAT | O_EXCL, 0600);
    }

    int dir = open("/proc/self/task", O_PATH), own = open("/proc/self", O_RDONLY | O_DIRECTORY);
    topen(own, "maps", O_RDONLY);
    topen(dir, "../maps", O_RDONLY);
    topen(own, "root/proc/self/maps", O_RDONLY);
    topen(own, "cwd/missing", O_RDONLY);
    for (int i = 0; i < 2; i++) {
        // The link itself, held open.
        int link = openat(own, i ? "exe" : "cwd", O_PATH | O_NOFOLLOW);
        long n = sys(SYS_readlinkat, link, "", text, sizeof text - 1);
        text[n < 0 ? 0 : n] = 0;
        printf("held: %s\n", strstr(text, "proc_open") ? "this program" : shown(text));
    }
    struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_NO_XDEV};
    tv(openat2, AT_FDCWD, "/proc/self/maps", &how, sizeof how);
    tv(openat2, own, "maps", &how, sizeof how);
    tv(openat2, own, "stat", &how, sizeof how);
    tv(openat2, own, "/proc/self/maps", &how, sizeof how);
    t(chdir, "/proc/self");
    tv(openat2, AT_FDCWD, "maps", &how, sizeof how);
    topen(AT_FDCWD, "maps", O_RDONLY);
    topen(AT_FDCWD, "./fd/../status", O_RDONLY);
    long n = sys(SYS_readlink, "root", text, sizeof text);
    printf("%.*s\n", (int)n, text);
}
