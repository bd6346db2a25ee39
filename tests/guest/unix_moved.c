// Sockets whose names are renamed, linked, removed and taken by others: what connect finds, and what they say they are.
#include "unix.h"

int main(void) {
    mkdirs("a");
    mkdirs("b");
    mkfile("file", "x");
    int server = stream(), client;
    BIND(server, "a/s");
    t(listen, server, 10);
    t(rename, "a/s", "b/r");
    CONNECT(stream(), "a/s");
    CONNECT(client = stream(), "b/r");
    NAME_OF(getpeername, client);
    NAME_OF(getsockname, server);
    t(link, "b/r", "a/hard");
    CONNECT(stream(), "a/hard");
    t(symlink, "../b/r", "a/soft");
    CONNECT(client = stream(), "a/soft");
    NAME_OF(getpeername, client);
    t(symlink, "../file", "a/to_file");
    CONNECT(stream(), "a/to_file");
    BIND(stream(), "a/soft");
    t(symlink, "nowhere", "a/dangling");
    BIND(stream(), "a/dangling");
    show_path("a/nowhere");
    int second = stream();
    BIND(second, "a/s");
    NAME_OF(getsockname, second);
    CONNECT(stream(), "a/s");
    t(rename, "a/s", "b/r");
    CONNECT(stream(), "b/r");
    CONNECT(stream(), "a/hard");
    t(rename, "b", "c");
    CONNECT(client = stream(), "a/hard");
    NAME_OF(getpeername, client);
    t(unlink, "a/hard");
    CONNECT(stream(), "a/hard");
    // From a directory that is elsewhere.
    int third = stream();
    t(chdir, "a");
    BIND(third, "../c/from_a");
    t(listen, third, 5);
    NAME_OF(getsockname, third);
    CONNECT(client = stream(), "./../c/from_a");
    NAME_OF(getpeername, client);
    t(chdir, "..");
    // By the directory's descriptor, as programs do that have long paths.
    int dir = open("c", O_PATH);
    char path[100];
    sprintf(path, "/proc/self/fd/%d/by_fd", dir);
    dup2(dir, 50);
    int fourth = stream();
    BIND(fourth, "/proc/self/fd/50/by_fd");
    t(listen, fourth, 5);
    NAME_OF(getsockname, fourth);
    show_path("c/by_fd");
    CONNECT(client = stream(), "c/by_fd");
    NAME_OF(getpeername, client);
    CONNECT(client = stream(), "/proc/self/fd/50/by_fd");
    dup2(open("c/by_fd", O_PATH), 51);
    CONNECT(client = stream(), "/proc/self/fd/51");
    NAME_OF(getpeername, client);
    t(unlink, "c/by_fd");
    CONNECT(client = stream(), "/proc/self/fd/51");
    CONNECT(client = stream(), "/proc/self/fd/52");
    // From a deleted directory.
    mkdirs("gone");
    t(chdir, "gone");
    rmdir(A("gone"));
    BIND(stream(), "x");
    CONNECT(stream(), "x");
    CONNECT(stream(), "../c/from_a");
    BIND(stream(), "../new");
    show_path("../new");
    chdir(A(""));
    list("a");
    list("c");
    list(".");
}
