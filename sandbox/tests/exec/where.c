/* Prints where things lie. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

int main(int argc, char **argv) {
    (void)argv;
    printf("main %p\n", (void *)main);
    printf("heap %p\n", sbrk(0));
    printf("stack %p\n", (void *)&argc);
    if (getauxval(AT_BASE)) printf("lib %lx\n", getauxval(AT_BASE));
    return 0;
}
