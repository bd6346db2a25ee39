// Numbers that mean nothing are ENOSYS, whatever the arguments, and the process goes on.
#include "check.h"

int main(void) {
    static const long numbers[] = {340, 400, 423, 500, 511, 600, 1000, 4095, 4096, 65536, -1, -100, 0x7fffffff, 1ll << 32 | 600};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        printf("%ld: %s\n", numbers[i], errno_name(-sys(numbers[i], "file", O_RDONLY, 3, 4, 5, 6)));
    // Retired calls that only keep their number.
    static const long retired[] = {134, 156, 174, 177, 178, 180, 181, 182, 183, 184, 185, 205, 211, 212, 214, 215, 236};
    for (size_t i = 0; i < sizeof retired / sizeof *retired; i++)
        printf("%ld: %s\n", retired[i], errno_name(-sys(retired[i], A("file"), 0, 0, 0, 0, 0)));
    // The upper half of the number's register counts for nothing.
    p(sys(SYS_getpid | 1l << 32) == getpid());
    mkfile("file", "x");
    struct stat st;
    p(sys(SYS_stat | 5l << 32, A("file"), &st));
    p(sys(SYS_mkdir | 1l << 63, A("dir"), 0700));
    list(".");
}
