/* Forks and allocates, under an emulator. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    int ended = 0;
    for (int i = 0; i < 32; i++)
        if (!fork()) {
            char *memory = malloc(1 << 20);
            memset(memory, i, 1 << 20);
            _exit(memory[4096] != i);
        }
    int status;
    while (wait(&status) > 0) ended += status == 0;
    printf("%s %s %d children\n", argv[0], argv[argc - 1], ended);
    return 0;
}
