/* A library that only a tool is to find. Its constructor sees the environment as ld.so leaves it. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;
int seen_library_path, seen_masked;

__attribute__((constructor)) static void construct(void) {
    for (char **env = environ; *env; env++) {
        seen_library_path += !strncmp(*env, "LD_LIBRARY_PATH=", 16);
        seen_masked += !strncmp(*env + 1, "D_", 2) && **env != 'L';
    }
    if (getenv("COPY_ENVIRONMENT")) setenv("COPIED", "yes", 1);
    if (getenv("SHIFT_ENVIRONMENT")) unsetenv("SHIFT_ENVIRONMENT");
    if (getenv("END_ENVIRONMENT")) *environ = NULL;
}

/* ld.so registers it with the C library by a function that it hands to the program's entry. */
__attribute__((destructor)) static void destruct(void) {
    write(1, "library destroyed\n", 18);
}

int library(void) { return 42; }
