// Scopes: neither signals nor connections to abstract sockets leave a domain that says so.
#include "landlock.h"
#include <stddef.h>

static volatile int usr1, usr2;

static void on_signal(int number) {
    if (number == SIGUSR1)
        usr1++;
    else
        usr2++;
}

static struct sockaddr_un name;
static socklen_t name_len;

// A name that no other test uses, also natively and under xroot at once.
static void choose_name(void) {
    name = (struct sockaddr_un){.sun_family = AF_UNIX};
    int len = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "landlock-scope-%d", getpid());
    name_len = offsetof(struct sockaddr_un, sun_path) + 1 + len;
}

static void connects(void) {
    p(sys(SYS_connect, socket(AF_UNIX, SOCK_STREAM, 0), &name, name_len));
    struct sockaddr_un path = {AF_UNIX, "path"};
    p(sys(SYS_connect, socket(AF_UNIX, SOCK_STREAM, 0), &path, sizeof path));
}

static void signals(void) {
    usr1 = 0;
    p(sys(SYS_kill, getppid(), 0));
    p(sys(SYS_kill, getppid(), SIGUSR1));
    p(sys(SYS_kill, getpid(), SIGUSR1));
    p(sys(SYS_tgkill, getppid(), getppid(), SIGUSR1));
    p(sys(SYS_kill, 0, SIGUSR1));
    p(sys(SYS_kill, -getpgrp(), SIGUSR1));
    p(sys(SYS_kill, getppid(), 65));
    p(sys(SYS_kill, 0, 65));
    int pidfd = sys(SYS_pidfd_open, getppid(), 0);
    p(sys(SYS_pidfd_send_signal, pidfd, SIGUSR1, 0, 0));
    p(sys(SYS_pidfd_send_signal, pidfd, SIGUSR1, 0, 4));
    p(sys(SYS_kill, -1, 65));
    p(usr1);
}

static void scoped_signals(void) {
    enter(ruleset(0, 0, SCOPE_SIGNAL));
    signals();
    connects();
    // What is in the domain is reached.
    pid_t child = fork();
    if (!child)
        for (;;)
            pause();
    p(sys(SYS_kill, child, SIGKILL));
    show_end("child", child);
}

static void scoped_sockets(void) {
    enter(ruleset(0, 0, SCOPE_ABSTRACT));
    signals();
    connects();
    struct sockaddr_un own = name;
    own.sun_path[1] = 'L';
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    p(sys(SYS_bind, fd, &own, name_len));
    p(sys(SYS_listen, fd, 1));
    p(sys(SYS_connect, socket(AF_UNIX, SOCK_STREAM, 0), &own, name_len));
}

static void unscoped(void) {
    enter(ruleset(MAKE_SYM, 0, 0));
    signals();
    connects();
}

// A group of its own, with members inside the domain and outside of it.
static void group(void) {
    setpgid(0, 0);
    int ready[2];
    char byte;
    if (pipe(ready))
        die("pipe");
    pid_t outside = fork();
    if (!outside) {
        if (write(ready[1], "", 1) != 1)
            die("write");
        for (int i = 0; i < 200 && !usr2; i++)
            usleep(10000);
        _exit(usr2 ? 1 : 2);
    }
    if (read(ready[0], &byte, 1) != 1)
        die("read");
    usr2 = 0;
    enter(ruleset(0, 0, SCOPE_SIGNAL));
    pid_t inside = fork();
    if (!inside) {
        if (write(ready[1], "", 1) != 1)
            die("write");
        for (;;)
            pause();
    }
    if (read(ready[0], &byte, 1) != 1)
        die("read");
    p(sys(SYS_kill, 0, SIGUSR2));
    p(usr2);
    p(sys(SYS_kill, outside, SIGUSR2));
    signal(SIGTERM, SIG_IGN);
    p(sys(SYS_kill, 0, SIGTERM));
    show_end("inside", inside);
    // It has ended by itself, without a signal.
    show_end("outside", outside);
}

int main(void) {
    setpgid(0, 0);
    choose_name();
    signal(SIGUSR1, on_signal);
    signal(SIGUSR2, on_signal);
    struct sockaddr_un path = {AF_UNIX, "path"};
    int abstract = socket(AF_UNIX, SOCK_STREAM, 0), named = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(abstract, (void *)&name, name_len) || bind(named, (void *)&path, sizeof path))
        die("bind");
    listen(abstract, 10);
    listen(named, 10);
    int before = usr1;
    part("signals", scoped_signals);
    printf("came out: %d\n", usr1 - before);
    before = usr1;
    part("sockets", scoped_sockets);
    printf("came out: %d\n", usr1 > before);
    before = usr1;
    part("unscoped", unscoped);
    printf("came out: %d\n", usr1 > before);
    part("group", group);
}
