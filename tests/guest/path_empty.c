// Every path call with an empty path, and with a pointer that leads nowhere.
#include "paths.h"

int main(void) {
    kinds();
    put_back = reset;
    int dir = open("dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC), file = open("file", O_RDONLY | O_CLOEXEC);
    every_labelled("empty", AT_FDCWD, "");
    every_labelled("empty, of a directory", dir, "");
    every_labelled("empty, of a file", file, "");
    every_labelled("empty, of nothing", 999, "");
    every_labelled("null", AT_FDCWD, 0);
    every_labelled("null, of a directory", dir, 0);
    every_labelled("null, of nothing", 999, 0);
    every_labelled("unmapped", AT_FDCWD, bad_page());
    every_labelled("unmapped, of nothing", 999, bad_page());
    every_labelled("kernel's", AT_FDCWD, (char *)0xffff800000000000);
    every_labelled("not canonical", AT_FDCWD, (char *)0x0123456789abcdef);
}
