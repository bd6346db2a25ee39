// openat2(2) and the links of /proc: refused by RESOLVE_NO_MAGICLINKS, NO_SYMLINKS, BENEATH, IN_ROOT, each in its way.
#include "paths.h"

int main(void) {
    kinds();
    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY), proc = open("/proc/self", O_PATH);
    dup2(dir, 20);
    dup2(file, 21);
    ln("/proc/self/fd/21", "to_magic");
    ln("/proc/self/fd/20/inner", "through_magic");
    static const char *const paths[] = {"/proc/self/fd/20", "/proc/self/fd/21", "/proc/self/fd/20/inner", "/proc/self/exe",
                                        "/proc/self/cwd", "/proc/self/cwd/file", "/proc/self/root", "/proc/self/root/proc",
                                        "/proc/self/status", "/proc/thread-self/comm", "/proc/self/fd", "to_magic",
                                        "through_magic", "/proc/self/fd/999", "/proc/self/fd/20/..", "/proc/self/ns/mnt",
                                        "/proc/mounts", "/dev/fd/21", "link"};
    static const uint64_t resolve[] = {0, RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH, RESOLVE_IN_ROOT};
    static const int flags[] = {O_RDONLY, O_PATH, O_PATH | O_NOFOLLOW, O_RDONLY | O_NOFOLLOW};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        for (int j = 0; j < 5; j++)
            for (int k = 0; k < 4; k++)
                printf("%s, resolve %#llx, flags %#x: %s\n", paths[i], (unsigned long long)resolve[j], flags[k],
                       errno_name(-how(AT_FDCWD, paths[i], flags[k], resolve[j])));
    static const char *const below[] = {"fd/21", "fd/20/inner", "status", "cwd", "exe", "root/proc", "../self/status",
                                        "task", "fd", "."};
    for (size_t i = 0; i < sizeof below / sizeof *below; i++)
        for (int j = 0; j < 5; j++)
            for (int k = 0; k < 4; k++)
                printf("below /proc/self: %s, resolve %#llx, flags %#x: %s\n", below[i], (unsigned long long)resolve[j],
                       flags[k], errno_name(-how(proc, below[i], flags[k], resolve[j])));
}
