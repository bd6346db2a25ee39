// Programs and scripts of a directory above which another one may not be searched, executed from inside.
#include "check.h"

static void try(const char *path) {
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        char *argv[] = {"zero", "said", 0}, *envp[] = {0};
        int ret = (int)sys(SYS_execve, path, argv, envp);
        printf("%s\n", errno_name(-ret));
        fflush(stdout);
        _exit(7);
    }
    int status;
    waitpid(pid, &status, 0);
    printf("%s: %d\n", path, WEXITSTATUS(status));
}

int main(int argc, char **argv) {
    if (argc > 1) {
        printf("%s %s %s\n", argv[0], argv[1], argc > 2 ? argv[2] : "");
        return 3;
    }
    mkdirs("outer");
    mkdirs("outer/mid");
    mkdirs("outer/mid/in");
    copy_self("outer/mid/prog");
    mkfile("outer/mid/script", "#!../prog first\n");
    mkfile("outer/mid/plain", "x");
    chmod("outer/mid/script", 0755);
    int top = open(".", O_RDONLY);
    if (chdir("outer/mid/in"))
        die("chdir");
    static const char *const paths[] = {"../prog", "../script", "../plain", "../missing", "../in/../prog"};
    for (int closed = 0; closed < 2; closed++) {
        fchmodat(top, "outer", closed ? 0 : 0700, 0);
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
            try(paths[i]);
        if (chdir(".."))
            die("chdir");
        try("./prog");
        if (chdir("in"))
            die("chdir");
    }
    fchmodat(top, "outer", 0700, 0);
}
