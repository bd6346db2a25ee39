// Every path call with a string whose NUL is the last byte of its mapping, and with one that lacks it.
#include "paths.h"

int main(void) {
    kinds();
    put_back = reset;
    char *end = bad_page();
    every_labelled("whole file", AT_FDCWD, memcpy(end - 5, "file", 5));
    every_labelled("whole missing", AT_FDCWD, memcpy(end - 8, "missing", 8));
    every_labelled("cut", AT_FDCWD, memcpy(end - 4, "file", 4));
    every_labelled("cut absolute", AT_FDCWD, memcpy(end - 4, "/bin", 4));
    end[-1] = 0;
    every_labelled("empty", AT_FDCWD, end - 1);
    // From one page to the next.
    char *two = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    every_labelled("across pages", AT_FDCWD, memcpy(two + 4096 - 4, "dir/inner", 10));
}
