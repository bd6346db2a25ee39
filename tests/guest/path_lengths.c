// Every path call at the limits: a name of 255 and 256 bytes, a path of 4095 and 4096.
#include "paths.h"

// "././...file", `bytes` long.
static char *dotted(const char *prefix, size_t bytes, const char *last) {
    static char path[PATH_MAX + 16];
    size_t n = strlen(prefix), keep = strlen(last);
    memcpy(path, prefix, n);
    for (; n + keep < bytes; n++)
        path[n] = '/';
    strcpy(path + n, last);
    return path;
}

int main(void) {
    kinds();
    put_back = reset;
    char name[300];
    memset(name, 'n', sizeof name);
    name[255] = 0;
    every_labelled("name of 255", AT_FDCWD, name);
    strcpy(name + 255, "/x");
    every_labelled("name of 255 in the middle", AT_FDCWD, name);
    name[255] = 'n', name[256] = 0;
    every_labelled("name of 256", AT_FDCWD, name);
    strcpy(name + 256, "/x");
    every_labelled("name of 256 in the middle", AT_FDCWD, name);
    memcpy(name, "file/", 5);
    every_labelled("name of 251 below a file", AT_FDCWD, name);
    memset(name, 'n', sizeof name);
    memcpy(name, "missing/", 8);
    name[290] = 0;
    every_labelled("name of 282 in a missing directory", AT_FDCWD, name);
    memcpy(name, "loop/nnn", 8);
    every_labelled("name of 285 in a loop", AT_FDCWD, name);
    every_labelled("path of 4095", AT_FDCWD, dotted("dir", 4095, "inner"));
    every_labelled("path of 4096", AT_FDCWD, dotted("dir", 4096, "inner"));
    every_labelled("path of 4095 to a new name", AT_FDCWD, dotted("dir", 4095, "new"));
    every_labelled("path of 4096 below a file", AT_FDCWD, dotted("file", 4096, "x"));
    every_labelled("path of 4096 of nothing", 999, dotted("dir", 4096, "x"));
    every_labelled("absolute path of 4095", AT_FDCWD, dotted(A(""), 4095, "file"));
    every_labelled("absolute path of 4096", AT_FDCWD, dotted(A(""), 4096, "file"));
}
