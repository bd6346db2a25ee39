// A 32-bit program without a C library: tells its machine, shows a file, and executes what it is told. Built by tests/i386.rs.
static int call(int nr, const void *a, const void *b, const void *c) {
    int ret;
    __asm__ volatile("int $0x80" : "=a"(ret) : "0"(nr), "b"(a), "c"(b), "d"(c) : "memory");
    return ret;
}

enum { EXIT = 1, READ = 3, WRITE = 4, OPEN = 5, EXECVE = 11, UNAME = 122 };

static void print(const char *text) {
    int n = 0;
    while (text[n])
        n++;
    call(WRITE, (void *)1, text, (void *)n);
}

void begin(int *stack) {
    char **argv = (char **)(stack + 1), **env = argv + *stack + 1;
    static char name[6][65], text[128];
    call(UNAME, name, 0, 0);
    print("machine ");
    print(name[4]);
    print("\n");
    int fd = call(OPEN, "/etc/name", 0, 0);
    int n = call(READ, (void *)fd, text, (void *)(sizeof text - 1));
    print(n < 0 ? "no file\n" : text);
    if (argv[1]) {
        call(EXECVE, argv[1], argv + 1, env);
        print("cannot be executed\n");
    }
    call(EXIT, (void *)7, 0, 0);
}

__asm__(".globl _start; _start: mov %esp, %eax; and $-16, %esp; sub $12, %esp; push %eax; call begin");
