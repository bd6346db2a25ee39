// starts HOW PROGRAM [WORDS]...: executes PROGRAM in one of the ways there are, and ends as it did.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static char **words;

static int failed(void)
{
    printf("errno %d\n", errno);
    return 1;
}

static int ended(pid_t pid)
{
    int status;
    if (waitpid(pid, &status, 0) != pid)
        return failed();
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static void *from_a_thread(void *unused)
{
    (void)unused;
    execve(words[0], words, environ);
    _exit(failed());
}

int main(int argc, char **argv)
{
    const char *how = argc > 2 ? argv[1] : "";
    pid_t pid;
    words = argv + 2;
    setvbuf(stdout, 0, _IONBF, 0);
    if (!strcmp(how, "execve"))
        execve(words[0], words, environ);
    else if (!strcmp(how, "thread")) {
        pthread_t other[3];
        for (int i = 0; i < 2; i++)
            pthread_create(&other[i], 0, (void *(*)(void *))(void *)pause, 0);
        pthread_create(&other[2], 0, from_a_thread, 0);
        pthread_join(other[2], 0);
    } else if (!strcmp(how, "vfork")) {
        if ((pid = vfork()) == 0) {
            execve(words[0], words, environ);
            _exit(99);
        }
        return ended(pid);
    } else if (!strcmp(how, "spawn"))
        return (errno = posix_spawn(&pid, words[0], 0, 0, words, environ)) ? failed() : ended(pid);
    else if (!strcmp(how, "spawnp")) {
        const char *name = strrchr(words[0], '/') + 1;
        return (errno = posix_spawnp(&pid, name, 0, 0, words, environ)) ? failed() : ended(pid);
    } else if (!strcmp(how, "fexecve"))
        fexecve(open(words[0], O_RDONLY), words, environ);
    else if (!strcmp(how, "execveat"))
        syscall(SYS_execveat, open(words[0], O_PATH | O_CLOEXEC), "", words, environ, AT_EMPTY_PATH);
    else if (!strcmp(how, "execveat-dir"))
        syscall(SYS_execveat, open("/usr/bin", O_PATH), strrchr(words[0], '/') + 1, words, environ, 0);
    else if (!strcmp(how, "link-fd")) {
        char link[64];
        sprintf(link, "/proc/self/fd/%d", open(words[0], O_RDONLY));
        execve(link, words, environ);
    } else if (!strcmp(how, "null"))
        syscall(SYS_execve, words[0], NULL, environ);
    else if (!strcmp(how, "none"))
        syscall(SYS_execve, words[0], &words[argc - 2], environ);
    else if (!strcmp(how, "empty")) {
        char *program = words[0];
        words[0] = "";
        execve(program, words, environ);
    } else if (!strcmp(how, "cloexec")) {
        dup2(open("/etc/passwd", O_RDONLY | O_CLOEXEC), 9);
        open("/etc/passwd", O_RDONLY | O_CLOEXEC);
        fcntl(dup2(9, 8), F_SETFD, FD_CLOEXEC);
        execve(words[0], words, environ);
    }
    return failed();
}
