// Which programs rules let execve(2) run: the program, the interpreter of a script, a script itself, what is without a name.
#include "landlock.h"

static char *env[] = {"GREETING=hello", 0};

// Runs `path` in a child and prints how that went.
static void run(const char *label, const char *path, char *first, char *second) {
    pid_t pid = fork();
    if (!pid) {
        char *args[] = {first, second, 0};
        long result = sys(SYS_execve, path, args, env);
        printf("%s: %s\n", label, errno_name(-result));
        _exit(0);
    }
    show_end(label, pid);
}

static void run_fd(const char *label, int fd, const char *path, int flags) {
    pid_t pid = fork();
    if (!pid) {
        char *args[] = {"self", "hello", 0};
        long result = sys(SYS_execveat, fd, path, args, env, flags);
        printf("%s: %s\n", label, errno_name(-result));
        _exit(0);
    }
    show_end(label, pid);
}

static void script(const char *path, const char *interpreter) {
    char text[PATH_MAX + 32];
    snprintf(text, sizeof text, "#!%s script\n", interpreter);
    mkfile(path, text);
    if (chmod(path, 0755))
        die("chmod %s", path);
}

static void set_up(void) {
    mkdirs("in");
    mkdirs("out");
    copy_self("in/prog");
    copy_self("out/prog");
    script("in/script_in", "in/prog");
    script("in/script_out", "out/prog");
    script("in/script_missing", "in/missing");
    script("out/script_in", "in/prog");
    script("in/two_in", "in/script_in");
    script("in/two_out", "out/script_in");
    mkfile("in/text", "no program");
    mkfile("out/text", "no program");
    chmod("in/text", 0755);
    chmod("out/text", 0755);
    copy_self("out/closed");
    chmod("out/closed", 0644);
    ln("../out/prog", "in/leads_out");
    ln("../in/prog", "out/leads_in");
}

static void run_all(void) {
    run("in", "in/prog", "self", "hello");
    run("out", "out/prog", "self", "hello");
    run("by link out", "in/leads_out", "self", "hello");
    run("by link in", "out/leads_in", "self", "hello");
    run("absolute in", A("in/prog"), "self", "hello");
    run("absolute out", A("out/prog"), "self", "hello");
    run("missing", "out/missing", "self", "hello");
    run("closed", "out/closed", "self", "hello");
    run("directory", "out", "self", "hello");
    run("no argv", "out/prog", 0, 0);
    run("script in, interpreter in", "in/script_in", "x", 0);
    run("script in, interpreter out", "in/script_out", "x", 0);
    run("script in, interpreter missing", "in/script_missing", "x", 0);
    run("script out, interpreter in", "out/script_in", "x", 0);
    run("script of script in", "in/two_in", "x", 0);
    run("script of script out", "in/two_out", "x", 0);
    run("text in", "in/text", "x", 0);
    run("text out", "out/text", "x", 0);
    int in = open("in", O_PATH), out = open("out", O_PATH), prog = open("out/prog", O_PATH);
    run_fd("execveat in", in, "prog", 0);
    run_fd("execveat out", out, "prog", 0);
    run_fd("execveat by descriptor", prog, "", AT_EMPTY_PATH);
    run_fd("execveat nofollow", in, "leads_out", AT_SYMLINK_NOFOLLOW);
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", prog);
    run("by link of a descriptor", path, "self", "hello");
    run_fd("check in", in, "prog", 0x10000);
    run_fd("check out", out, "prog", 0x10000);
}

static void executing(void) {
    int set = ruleset(EXECUTE, 0, 0);
    p(allow(set, "in", EXECUTE));
    enter(set);
    run_all();
    cat("out/text");
}

// To execute is to read, too.
static void executing_unread(void) {
    int set = ruleset(EXECUTE | READ_FILE, 0, 0);
    p(allow(set, "in", EXECUTE | READ_FILE));
    p(allow(set, "out", EXECUTE));
    enter(set);
    run_all();
    cat("out/text");
}

static void reading(void) {
    int set = ruleset(READ_FILE, 0, 0);
    p(allow(set, "in", READ_FILE));
    enter(set);
    run_all();
}

static void nothing(void) {
    enter(ruleset(ALL_FS, BIND_TCP | CONNECT_TCP, SCOPE_ABSTRACT | SCOPE_SIGNAL));
    run("in", "in/prog", "self", "hello");
    run("text", "in/text", "self", "hello");
    topen(AT_FDCWD, "in/prog", O_RDONLY);
}

static void one_file(void) {
    int set = ruleset(EXECUTE | READ_FILE | READ_DIR, 0, 0);
    p(allow(set, "in/prog", EXECUTE | READ_FILE));
    enter(set);
    run("in", "in/prog", "self", "hello");
    run("script", "in/script_in", "self", "hello");
    run("out", "out/prog", "self", "hello");
    // A domain within.
    enter(ruleset(EXECUTE, 0, 0));
    run("in", "in/prog", "self", "hello");
}

// Programs without a name are under no rule.
static void nameless(void) {
    int from = open("in/prog", O_RDONLY), memory = memfd_create("prog", 0);
    static char block[1 << 16];
    for (ssize_t n; (n = read(from, block, sizeof block)) > 0;)
        if (write(memory, block, n) != n)
            die("write");
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", memory);
    int again = open(link, O_RDONLY);
    close(memory);
    enter(ruleset(ALL_FS, 0, 0));
    run_fd("memory", again, "", AT_EMPTY_PATH);
    snprintf(link, sizeof link, "/proc/self/fd/%d", again);
    run("memory by link", link, "self", "hello");
}

static void net_only(void) {
    enter(ruleset(0, BIND_TCP, 0));
    run("in", "in/prog", "self", "hello");
    run("out", "out/script_in", "self", "hello");
}

// A dynamic program's interpreter is executed, its libraries are read.
static void with_libraries(uint64_t access) {
    int set = ruleset(EXECUTE | READ_FILE, 0, 0);
    static const char *const places[] = {"/lib", "/lib64", "/usr", "/etc/ld.so.cache", 0};
    for (int i = 0; places[i]; i++)
        allow(set, places[i], access);
    p(allow(set, "in", EXECUTE | READ_FILE));
    enter(set);
    run("in", "in/prog", "self", "hello");
    run("script", "in/script_in", "self", "hello");
    run("out", "out/prog", "self", "hello");
}

static void with_executable_libraries(void) { with_libraries(EXECUTE | READ_FILE); }

static void with_readable_libraries(void) { with_libraries(READ_FILE); }

// A thread that is not the leader executes.
static void *thread(void *path) {
    char *args[] = {"self", "from a thread", 0};
    long result = sys(SYS_execve, path, args, env);
    printf("thread: %s\n", errno_name(-result));
    return 0;
}

static char stack[1 << 16] __attribute__((aligned(16)));

static int start_thread(void *path) {
    thread(path);
    sys(SYS_exit, 0);
    return 0;
}

static int start_last_thread(void *path) {
    thread(path);
    sys(SYS_exit_group, 4);
    return 0;
}

static void of_a_thread(void) {
    int set = ruleset(EXECUTE, 0, 0);
    p(allow(set, "in", EXECUTE));
    enter(set);
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    pid_t alive = 1;
    clone(start_thread, stack + sizeof stack, flags | CLONE_CHILD_CLEARTID, "out/prog", 0, 0, &alive);
    while (__atomic_load_n(&alive, __ATOMIC_ACQUIRE))
        usleep(1000);
    clone(start_last_thread, stack + sizeof stack, flags, "in/prog");
    for (;;)
        pause();
}

int main(int argc, char **argv) {
    if (argc > 1 || getenv("GREETING")) {
        const char *greeting = getenv("GREETING");
        printf("%s runs: %s, %s\n", argc > 0 ? argv[0] : "-", argc > 1 ? argv[1] : "-", greeting ? greeting : "-");
        return 3;
    }
    set_up();
    part("executing", executing);
    part("executing unread", executing_unread);
    part("reading", reading);
    part("nothing", nothing);
    part("one file", one_file);
    part("nameless", nameless);
    part("net only", net_only);
    part("executable libraries", with_executable_libraries);
    part("readable libraries", with_readable_libraries);
    part("thread", of_a_thread);
}
