// Scripts: how the kernel splits the first line, chains, limits, errors (fs/binfmt_script.c).
#include "check.h"

static int arrived(int argc, char **argv) {
    printf("  argc %d:", argc);
    for (int i = 0; i < argc; i++) {
        size_t n = strlen(argv[i]);
        if (n > 200)
            printf(" [%zu bytes]", n);
        else
            printf(" [%s]", shown(argv[i]));
    }
    printf("\n");
    return 7;
}

static void run_file(const char *path, const char *label) {
    pid_t pid = fork();
    if (!pid) {
        char *args[] = {"argv0", "one", "two", 0}, *env[] = {"XROOT_INTERP=1", 0};
        long ret = sys(SYS_execve, path, args, env);
        printf("  %s\n", errno_name(-ret));
        _exit(1);
    }
    show_end(label, pid);
}

static void script(const char *label, const char *text, size_t n) {
    int fd = open("script", O_WRONLY | O_CREAT | O_TRUNC, 0755);
    if (fd < 0 || write(fd, text, n) != (ssize_t)n)
        die("script");
    close(fd);
    run_file("script", label);
}
#define S(text) script(#text, text, sizeof text - 1)

int main(int argc, char **argv) {
    if (getenv("XROOT_INTERP"))
        return arrived(argc, argv);
    copy_self("interp");
    mkdirs("dir");
    copy_self("dir/with");
    mkfile("noexec", "x");

    S("#!./interp\n");
    S("#!./interp");
    S("#! ./interp\n");
    S("#! \t ./interp \t \n");
    S("#!./interp arg\n");
    S("#!./interp  two words \t\n");
    S("#!./interp\targ\n");
    S("#!./interp arg\r\n");
    S("#!./interp\r\n");
    S("#!./interp \0hidden\n");
    S("#!./interp a\0b\n");
    S("#!dir/with\n");
    S("#!interp\n");
    S("#!\n");
    S("#!");
    S("#! \t \n");
    S("#!\n./interp\n");
    S("#");
    S(" #!./interp\n");
    S("#!./missing\n");
    S("#!missing/x\n");
    S("#!dir\n");
    S("#!./noexec\n");
    S("#!./interp/x\n");
    S("#!/nonexistent_directory_of_xroot_tests/sh\n");
    S("#!/proc/self/exe\n");

    char text[5000];
    int n = snprintf(text, sizeof text, "#!%s arg\n", A("interp"));
    script("absolute interpreter", text, n);
    run_file(A("script"), "absolute script");
    ln("script", "link");
    run_file("link", "through a link");
    run_file(A("dir/../link"), "through an absolute link");

    // The first 256 bytes count.
    for (int length = 250; length <= 260; length++) {
        memset(text, 'x', sizeof text);
        memcpy(text, "#!./interp ", 11);
        text[length] = '\n';
        char label[64];
        snprintf(label, sizeof label, "newline at %d", length);
        script(label, text, 400);
    }
    for (int length = 253; length <= 258; length++) {
        memset(text, 'x', sizeof text);
        memcpy(text, "#!", 2);
        memset(text + 2, '/', 200);
        memcpy(text + 2, ".", 1);
        memcpy(text + 202, "interp", 6);
        text[208] = ' ';
        text[length] = 0;
        char label[64];
        snprintf(label, sizeof label, "argument ends with the file at %d", length);
        script(label, text, length);
    }
    memset(text, '/', sizeof text);
    memcpy(text, "#!.", 3);
    strcpy(text + 300, "interp\n");
    script("interpreter name longer than the buffer", text, 307);
    memset(text, ' ', sizeof text);
    memcpy(text, "#!", 2);
    strcpy(text + 254, "./interp\n");
    script("blanks up to the end of the buffer", text, 263);

    // Scripts whose interpreter is a script.
    mkfile("level0", "#!./interp last\n");
    chmod("level0", 0755);
    for (int i = 1; i <= 6; i++) {
        char name[16];
        snprintf(name, sizeof name, "level%d", i);
        snprintf(text, sizeof text, "#!./level%d arg%d\n", i - 1, i);
        mkfile(name, text);
        chmod(name, 0755);
        run_file(name, name);
    }
    mkfile("self", "#!./self\n");
    chmod("self", 0755);
    run_file("self", "self");
}
