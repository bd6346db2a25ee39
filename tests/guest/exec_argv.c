// argv and envp of execve(2): none, empty, odd strings, and pointers that lead nowhere.
#include "check.h"

extern char **environ;

static void try(const char *label, const char *path, void *args, void *env) {
    pid_t pid = fork();
    if (!pid) {
        printf("%s: %s\n", label, errno_name(-sys(SYS_execve, path, args, env)));
        _exit(1);
    }
    show_end(label, pid);
}

int main(int argc, char **argv) {
    if (argc != 1 || !strstr(argv[0], "exec_argv")) {
        printf("  argc %d:", argc);
        for (int i = 0; i < argc; i++)
            printf(" [%s]", argv[i]);
        int variables = 0;
        for (char **e = environ; *e; e++, variables++)
            printf(" {%s}", *e);
        char name[32], line[64];
        FILE *f = fopen("/proc/self/comm", "r");
        printf(" comm %s", fgets(name, sizeof name, f));
        fclose(f);
        int fd = open("/proc/self/cmdline", O_RDONLY);
        ssize_t n = read(fd, line, sizeof line);
        printf("  cmdline of %zd bytes\n", n);
        return 5;
    }
    copy_self("prog");
    char *none[] = {0}, *one[] = {"x", 0}, *empty[] = {"", 0}, *odd[] = {"a/b/", "", "\t\n", "\xff\xfe", "a=b", 0};
    char *slashes[] = {"//dir/../name", 0}, *long_[] = {"0123456789abcdefghij", "y", 0};
    char *nowhere[] = {"x", bad_page(), 0}, *first_nowhere[] = {bad_page(), 0}, *variables[] = {"A=1", "A=2", "=", "", "B", 0};
    try("no argv, no envp", "prog", 0, 0);
    try("no argv", "prog", 0, variables);
    try("empty argv", "prog", none, none);
    try("empty argv, no envp", A("prog"), none, 0);
    try("one", "prog", one, 0);
    try("an empty string", "prog", empty, empty);
    try("odd strings", "prog", odd, variables);
    try("slashes", "./prog", slashes, none);
    try("long", ".//prog", long_, none);
    try("argv nowhere", "prog", bad_page(), none);
    try("envp nowhere", "prog", one, bad_page());
    try("a string nowhere", "prog", nowhere, none);
    try("the first nowhere", "prog", first_nowhere, none);
    try("a variable nowhere", "prog", one, nowhere);
    try("odd address", "prog", (char *)1, none);
    try("kernel address", "prog", one, (char *)-4096);
    try("path nowhere", bad_page(), one, none);
    try("no path", 0, one, none);
    try("empty path", "", one, none);
    // Errors of the file come before those of the arguments, and the other way round.
    try("missing, and argv nowhere", "missing", bad_page(), none);
    try("directory, and a string nowhere", ".", nowhere, none);
    // An array that ends with its page.
    char **edge = (char **)bad_page() - 2;
    edge[0] = "x", edge[1] = 0;
    try("ends with the page", "prog", edge, none);
    edge[1] = "y";
    try("runs off the page", "prog", edge, none);
    char *last = bad_page() - 4;
    memcpy(last, "abc", 4);
    char *at_edge[] = {last, 0};
    try("a string that ends with the page", "prog", at_edge, none);
    edge = (char **)bad_page() - 2;
    memset(bad_page() - 8, 'z', 8);
    at_edge[0] = bad_page() - 4;
    try("a string that runs off the page", "prog", at_edge, none);
    // Scripts take argv[0]'s place, wherever it leads.
    mkfile("script", "#!./prog argument\n");
    chmod("script", 0755);
    try("script, no argv", "script", 0, 0);
    try("script, empty argv", "script", none, none);
    try("script, one", "script", one, none);
    try("script, the first nowhere", "script", first_nowhere, none);
    try("script, a string nowhere", "script", nowhere, none);
}
