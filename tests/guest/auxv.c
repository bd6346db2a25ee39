// The auxiliary vector and the initial stack: order of the entries, and each that can be checked.
#include "check.h"
#include <elf.h>
#include <sys/auxv.h>

extern char **environ;
extern char __executable_start[];
extern void _start(void);

static int look(int argc, char **argv) {
    char **after = environ;
    while (*after)
        after++;
    Elf64_auxv_t *vector = (void *)(after + 1);
    printf("types:");
    for (Elf64_auxv_t *a = vector; a->a_type; a++)
        if (a->a_type != AT_BASE)
            printf(" %lu", a->a_type);
    printf("\n");
    p(((long)(argv - 1) & 15));
    p(*(long *)(argv - 1) == argc);
    p(argv[argc] == 0);
    p((char **)environ == argv + argc + 1);
    // The strings: arguments, environment, the name of the file, in that order, up to the top of the stack.
    char *at = argv[0];
    for (int i = 0; i < argc; i++)
        p(argv[i] == at), at += strlen(at) + 1;
    int in_order = 1;
    for (char **e = environ; *e; e++)
        in_order &= *e == at, at += strlen(at) + 1;
    p(in_order);
    char *execfn = (char *)getauxval(AT_EXECFN);
    p(execfn == at);
    printf("AT_EXECFN %s\n", argc > 1 ? shown(execfn) : !strcmp(execfn, argv[0]) ? "as argv[0]" : execfn);

    Elf64_Phdr *ph = (void *)getauxval(AT_PHDR);
    p(getauxval(AT_PHENT));
    int n = getauxval(AT_PHNUM), loads = 0, stack = 0;
    Elf64_Ehdr *self = (void *)__executable_start;
    p((char *)ph == __executable_start + self->e_phoff);
    p(n == self->e_phnum);
    for (int i = 0; i < n; i++)
        loads += ph[i].p_type == PT_LOAD, stack += ph[i].p_type == PT_GNU_STACK;
    p(loads > 1 && stack == 1);
    p(getauxval(AT_ENTRY) == (unsigned long)_start);
    p(getauxval(AT_BASE) == 0);
    p(getauxval(AT_FLAGS));
    p(getauxval(AT_PAGESZ));
    p(getauxval(AT_CLKTCK));
    p(getauxval(AT_HWCAP));
    p(getauxval(AT_HWCAP2));
    p(getauxval(AT_MINSIGSTKSZ));
    p(getauxval(AT_UID) == getuid() && getauxval(AT_EUID) == geteuid());
    p(getauxval(AT_GID) == getgid() && getauxval(AT_EGID) == getegid());
    p(getauxval(AT_SECURE));
    printf("AT_PLATFORM %s\n", (char *)getauxval(AT_PLATFORM));
    unsigned char *random = (void *)getauxval(AT_RANDOM);
    int bits = 0;
    for (int i = 0; i < 16; i++)
        bits += __builtin_popcount(random[i]);
    p(bits > 10 && bits < 118);

    // The vdso is mapped and works.
    Elf64_Ehdr *vdso = (void *)getauxval(AT_SYSINFO_EHDR);
    p(vdso && !memcmp(vdso, ELFMAG, 4));
    struct timespec one, two;
    p(clock_gettime(CLOCK_MONOTONIC, &one) == 0 && sys(SYS_clock_gettime, CLOCK_MONOTONIC, &two) == 0 && two.tv_sec - one.tv_sec < 60);
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "where")) {
        // Addresses for the parent to compare; the pipe is descriptor 9.
        void *where[] = {&argc, malloc(1), (void *)getauxval(AT_SYSINFO_EHDR), mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)};
        write(9, where, sizeof where);
        write(9, (void *)getauxval(AT_RANDOM), 16);
        return 0;
    }
    look(argc, argv);
    if (argc > 1)
        return 0;
    copy_self("prog");
    pid_t pid = fork();
    if (!pid) {
        char *args[] = {"other name", "one", "two words", "", 0}, *env[] = {"A=1", "", "B=", 0};
        sys(SYS_execve, "././prog", args, env);
        _exit(1);
    }
    show_end("by relative path", pid);
    pid = fork();
    if (!pid) {
        char *args[] = {"x", "one", 0}, *env[] = {0};
        sys(SYS_execve, A("prog"), args, env);
        _exit(1);
    }
    show_end("by absolute path, empty environment", pid);

    // Address space layout randomisation: eight runs, not all at the same places.
    void *where[8][6];
    int pipes[2];
    pipe(pipes);
    dup2(pipes[1], 9);
    for (int i = 0; i < 8; i++) {
        pid = fork();
        if (!pid) {
            execl("./prog", "prog", "where", (char *)0);
            _exit(1);
        }
        waitpid(pid, 0, 0);
        if (read(pipes[0], where[i], sizeof where[i]) != sizeof where[i])
            die("short answer");
    }
    static const char *const what[] = {"stack", "heap", "vdso", "mmap", "AT_RANDOM"};
    for (int j = 0; j < 5; j++) {
        int differ = 0;
        for (int i = 1; i < 8; i++)
            differ |= where[i][j] != where[0][j];
        printf("%s %s\n", what[j], differ ? "moves" : "stays");
    }
}
