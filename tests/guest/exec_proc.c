// What /proc/self tells of a program, however it was started: exe, comm, cmdline, auxv, stat.
#include "check.h"
#include <elf.h>
#include <sys/auxv.h>

extern char etext, edata, end;
extern char **environ;
void _start(void);

static size_t slurp(const char *path, char *to, size_t size) {
    int fd = open(path, O_RDONLY);
    size_t total = 0;
    for (ssize_t n; (n = read(fd, to + total, size - total)) > 0;)
        total += n;
    close(fd);
    to[total < size ? total : size - 1] = 0;
    return total;
}

static int child(int argc, char **argv) {
    static char text[1 << 16];
    char exe[PATH_MAX];
    exe[readlink("/proc/self/exe", exe, sizeof exe - 1)] = 0;
    printf("  exe %s\n", shown(exe));
    slurp("/proc/self/comm", text, sizeof text);
    printf("  comm %s", text);
    size_t n = slurp("/proc/self/cmdline", text, sizeof text);
    printf("  cmdline");
    for (char *s = text; s < text + n; s += strlen(s) + 1)
        printf(" [%s]", shown(s));
    printf("\n");
    n = slurp("/proc/self/environ", text, sizeof text);
    printf("  environ");
    for (char *s = text; s < text + n; s += strlen(s) + 1)
        printf(" {%s}", s);
    printf("\n  AT_EXECFN %s\n", shown((char *)getauxval(AT_EXECFN)));
    // The file's vector is the one on the stack.
    n = slurp("/proc/self/auxv", text, sizeof text);
    char **e = environ;
    while (*e)
        e++;
    printf("  auxv is the stack's: %d\n", !memcmp(e + 1, text, n < 300 ? n : 300));
    slurp("/proc/self/stat", text, sizeof text);
    char *field = strrchr(text, ')') + 2;
    unsigned long value[60] = {0};
    for (int i = 3; i < 53 && field; i++) {
        value[i] = strtoul(field, 0, 10);
        field = strchr(field, ' ');
        field += !!field;
    }
    char *name = strchr(text, '(');
    *strrchr(text, ')') = 0;
    printf("  stat name %s, code %d %d, stack %d, data %d, brk %d, arguments %d %d, environment %d\n", name + 1,
           value[26] <= (uintptr_t)_start && (uintptr_t)_start < value[27], value[27] - value[26] < 1 << 24,
           value[28] > (uintptr_t)&argc && value[28] < (uintptr_t)argv[0],
           value[45] <= (uintptr_t)&edata && (uintptr_t)&edata <= value[46] + 4096, value[47] >= (uintptr_t)&end || value[47] == 0,
           value[48] == (uintptr_t)argv[0], value[49] == (uintptr_t)(argv[argc - 1] + strlen(argv[argc - 1]) + 1),
           value[50] == (environ[0] ? (uintptr_t)environ[0] : value[51]));
    printf("  entry %d, program headers %d %d\n", getauxval(AT_ENTRY) == (uintptr_t)_start, getauxval(AT_PHENT) == sizeof(Elf64_Phdr),
           ((Elf64_Phdr *)getauxval(AT_PHDR))->p_type <= PT_PHDR && getauxval(AT_PHNUM) < 20);
    printf("  secure %ld, flags %ld, ids %d, page %ld, clock %ld\n", getauxval(AT_SECURE), getauxval(AT_FLAGS),
           getauxval(AT_UID) == getuid() && getauxval(AT_EGID) == getegid(), getauxval(AT_PAGESZ), getauxval(AT_CLKTCK));
    return 0;
}

static char *args[] = {"zero/th", "child", "a b", "", 0}, *env[] = {"A=1", "B=", 0};

static void by_path(const char *path) {
    pid_t pid = fork();
    if (!pid)
        _exit(-sys(SYS_execve, path, args, env));
    show_end(shown(path), pid);
}

static void by_descriptor(int fd, const char *path, int flags) {
    pid_t pid = fork();
    if (!pid)
        _exit(-sys(SYS_execveat, fd, path, args, env, flags));
    show_end(path, pid);
}

int main(int argc, char **argv) {
    if (argc > 2)
        return child(argc, argv);
    mkdirs("dir");
    copy_self("dir/program_with_a_long_name");
    ln("dir/program_with_a_long_name", "link");
    mkfile("a_script_of_some_length", "#! ./link -x y\n");
    chmod("a_script_of_some_length", 0755);
    by_path("dir/program_with_a_long_name");
    by_path(A("dir/program_with_a_long_name"));
    by_path("dir/../dir//./program_with_a_long_name");
    by_path("link");
    by_path("./a_script_of_some_length");
    int dir = dup2(open("dir", O_PATH), 40), file = dup2(open("link", O_RDONLY), 41), script = dup2(open("a_script_of_some_length", O_RDONLY), 42);
    by_descriptor(dir, "program_with_a_long_name", 0);
    by_descriptor(file, "", AT_EMPTY_PATH);
    by_descriptor(script, "", AT_EMPTY_PATH);
    by_path("/proc/self/fd/41");
    link("dir/program_with_a_long_name", "hard");
    by_path("hard");
    // By a name that is gone when the program looks at itself.
    unlink("hard");
    unlink("dir/program_with_a_long_name");
    by_descriptor(file, "", AT_EMPTY_PATH);
}
