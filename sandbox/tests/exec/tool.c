/* Prints what a tool sees of how it was started; with an argument, runs that as a child in the end. */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
extern char start[];
#ifdef LIBRARY
int library(void);
extern int seen_library_path, seen_masked;
#endif

/* The entry point: keeps the registers that it is entered with. */
unsigned long stack, at_exit;
__asm__(".pushsection .text\n"
        ".globl start\n"
        "start: mov %rsp, stack(%rip)\n"
        "mov %rdx, at_exit(%rip)\n"
        "jmp _start\n"
        ".popsection\n");

static void bye(void) {
    puts("at exit");
    fflush(stdout);
}

/* Behind argv and behind envp the vectors lie as the System V ABI has them, and the kernel says the same. */
static void vectors(char **argv) {
    unsigned long *word = (unsigned long *)stack, entries = 0, kernel[128], entry = 0;
    printf("stack aligned %d argv %d envp %d\n", (stack & 15) == 0, (char **)(word + 1) == argv,
           getenv("COPIED") || (char **)(word + 2 + *word) == environ);
    word += 2 + *word;
    while (*word) word++;
    for (ElfW(auxv_t) *at = (ElfW(auxv_t) *)(word + 1); at->a_type; at++) {
        if (at->a_type == AT_IGNORE) continue;
        entries++;
        if (at->a_type == AT_HWCAP) continue; /* glibc has a value of its own. */
        if (getauxval(at->a_type) != at->a_un.a_val) printf("type %lu differs\n", (unsigned long)at->a_type);
    }
    int fd = open("/proc/self/auxv", O_RDONLY);
    ssize_t size = read(fd, kernel, sizeof kernel);
    close(fd);
    for (unsigned long at = 0; at * sizeof *kernel < (unsigned long)size && kernel[at]; at += 2) {
        entries--;
        if (kernel[at] == AT_ENTRY) entry = kernel[at + 1];
        if (kernel[at] != AT_HWCAP && getauxval(kernel[at]) != kernel[at + 1])
            printf("type %lu differs in /proc\n", kernel[at]);
    }
    printf("vector %lu entry %d %d\n", entries, getauxval(AT_ENTRY) == (unsigned long)start,
           entry == (unsigned long)start);
}

static void kernel_environment(void) {
    static char buf[200000];
    int fd = open("/proc/self/environ", O_RDONLY);
    size_t len = 0;
    for (ssize_t got; (got = read(fd, buf + len, sizeof buf - len)) > 0;) len += got;
    close(fd);
    for (char *at = buf; at < buf + len; at += strlen(at) + 1) printf("kernel %s\n", at);
}

int main(int argc, char **argv) {
    atexit(bye);
    printf("argc %d\n", argc);
    for (char **env = environ; *env; env++) printf("env %s\n", *env);
    kernel_environment();
    vectors(argv);
#ifdef LIBRARY
    printf("library %d, for which ld.so had %d, masked %d\n", library(), seen_library_path, seen_masked);
    printf("function to call at exit %d\n", at_exit != 0);
#endif
    fflush(stdout);
    if (argc > 1) {
        pid_t child;
        if (posix_spawn(&child, argv[1], NULL, NULL, argv + 1, environ)) return 1;
        waitpid(child, NULL, 0);
    }
    return 0;
}
