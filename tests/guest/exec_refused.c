// Files that no format claims, and kinds of file that cannot be run: which errno, and the caller goes on.
#include "check.h"
#include <spawn.h>

static char *args[] = {"x", "child", 0}, *env[] = {0};

#define TRY(path) t(execve, path, args, env)

static void file(const char *path, const char *text, size_t n) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    write(fd, text, n);
    close(fd);
}

// The arguments are copied after the file is opened and before it is read.
static void with_bad_arguments(const char *path) {
    static char long_word[131072 + 1];
    memset(long_word, 'x', sizeof long_word - 1);
    char *bad = (char *)8, *bad_word[] = {"x", bad, 0}, *too_long[] = {"x", long_word, 0};
    printf("%s:\n", path);
    t(execve, path, bad, env);
    t(execve, path, bad_word, env);
    t(execve, path, too_long, env);
    t(execve, path, args, bad);
    t(execve, path, args, bad_word);
    t(execve, path, args, too_long);
}

int main(int argc, char **argv) {
    if (argc > 1)
        return 3;
    copy_self("prog");
    file("empty", "", 0);
    file("text", "echo hello\n", 11);
    file("newline", "\n", 1);
    file("one", "#", 1);
    file("bang", "#!", 2);
    file("bang_newline", "#!\n", 3);
    file("blanks", "#!   \n", 6);
    file("blank_first", " #!/bin/sh\n", 11);
    file("null", "#!\0/bin/sh\n", 11);
    file("elf", "\x7f" "ELF", 4);
    file("aout", "\x07\x01\x64\x00\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 32);
    file("utf8_mark", "\xef\xbb\xbf#!/bin/sh\n", 14);
    mkdirs("dir");
    mkfifo("fifo", 0777);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un name = {AF_UNIX, "socket"};
    bind(s, (void *)&name, sizeof name);
    chmod("socket", 0777);
    ln("loop", "loop");
    ln("missing", "dangling");
    ln("prog", "link");
    TRY("empty");
    TRY("text");
    TRY("newline");
    TRY("one");
    TRY("bang");
    TRY("bang_newline");
    TRY("blanks");
    TRY("blank_first");
    TRY("null");
    TRY("elf");
    TRY("aout");
    TRY("utf8_mark");
    TRY("dir");
    TRY("dir/");
    TRY("fifo");
    TRY("socket");
    TRY("/dev/null");
    TRY("loop");
    TRY("dangling");
    TRY("link/");
    TRY("prog/.");
    TRY("prog/x");
    TRY("dir/missing");
    TRY("/proc/self/status");
    TRY("/proc/self/fd");
    TRY(".");
    TRY("");
    file("no_interpreter", "#!missing\n", 10);
    file("shut_interpreter", "#!dir\n", 6);
    TRY("no_interpreter");
    TRY("shut_interpreter");
    const char *all[] = {"empty", "text", "bang", "no_interpreter", "shut_interpreter", "elf", "missing", "dir", "loop"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        with_bad_arguments(all[i]);
    chmod("prog", 0644);
    TRY("prog");
    chmod("prog", 0611);
    TRY("prog");
    chmod("prog", 0755);
    chmod("dir", 0600);
    TRY("dir/x");
    chmod("dir", 0755);
    char *deep = malloc(5000);
    memset(deep, 'x', 4999);
    deep[4999] = 0;
    t(execve, deep, args, env);
    deep[300] = 0;
    t(execve, deep, args, env);
    // posix_spawn(3) tells the errno too, and leaves no zombie.
    pid_t pid;
    p(posix_spawn(&pid, "empty", 0, 0, args, env));
    p(posix_spawn(&pid, "fifo", 0, 0, args, env));
    p(posix_spawn(&pid, "loop", 0, 0, args, env));
    t(wait4, -1, 0, 0, 0);
    // vfork, many failures, then success.
    pid = vfork();
    if (!pid) {
        for (int i = 0; i < 5; i++)
            execve("text", args, env), execve("dir", args, env), execve("missing", args, env);
        execve("link", args, env);
        _exit(1);
    }
    show_end("at last", pid);
}
