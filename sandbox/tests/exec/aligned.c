/* Prints whether the image lies at a multiple of ALIGN, and whether far data is what the file says. */
#include <stdio.h>

extern char __executable_start[];
static __attribute__((aligned(ALIGN))) int far_away[4] = {1, 2, 3, 4};
static __attribute__((aligned(ALIGN))) char zeros[ALIGN];

int main(void) {
    int dirty = 0;
    for (long i = 0; i < ALIGN; i += 64) dirty |= zeros[i];
    printf("%d %d %d %d\n", (unsigned long)__executable_start % ALIGN == 0, (unsigned long)far_away % ALIGN == 0,
           far_away[3], dirty);
    return 0;
}
