// A thread changes what a path means, or the path itself, while another uses it. Run by tests/escape.rs.
//
// Arguments: a host directory that holds "marker", how often, and whether to change the file. No call may ever see the host's file; natively many
// do, which shows that the race is run.
#include "check.h"
#include <pthread.h>

#define INSIDE "inside, and longer than the other"

static volatile int stop, turns;
static char host[PATH_MAX], text[2][PATH_MAX];
static char shared[PATH_MAX];

static void *swap_links(void *unused) {
    while (!stop) {
        renameat2(AT_FDCWD, "swap", AT_FDCWD, "other", 2);
        turns++;
    }
    return unused;
}

static void *swap_texts(void *unused) {
    while (!stop) {
        memcpy(shared, text[turns & 1], strlen(text[0]) + 1);
        turns++;
    }
    return unused;
}

static int inside, outside, errors;

static void judge(long size, const char *content, long n) {
    // Either the inside file, or nothing; the host's is told by its contents and its size.
    if (size == (long)strlen(INSIDE) || (n == (long)strlen(INSIDE) && !memcmp(content, INSIDE, n)))
        inside++;
    else
        outside++;
}

// Calls that look at the file.
static long look(const char *path, int i) {
    struct stat st;
    struct statx sx;
    char content[64];
    long ret = -1;
    switch (i % 5) {
    case 0:
        if ((ret = sys(SYS_stat, path, &st)) == 0)
            judge(st.st_size, "", 0);
        break;
    case 1:
        if ((ret = sys(SYS_statx, AT_FDCWD, path, 0, STATX_ALL, &sx)) == 0)
            judge(sx.stx_size, "", 0);
        break;
    default:
        ret = sys(SYS_openat, AT_FDCWD, path, i % 5 == 3 ? O_RDWR : O_RDONLY);
        if (ret >= 0) {
            judge(-1, content, read(ret, content, sizeof content));
            close(ret);
        }
        break;
    }
    return ret;
}

// Calls that change it, or take it along: what they did is judged by what is there afterwards.
static long change(const char *path, int i) {
    struct stat st;
    long ret = -1;
    switch (i % 3) {
    case 0:
        if ((ret = sys(SYS_truncate, path, strlen(INSIDE))) == 0)
            inside++;
        break;
    case 1:
        if ((ret = sys(SYS_chmod, path, 0600 | (i & 077))) == 0)
            inside++;
        break;
    case 2:
        ret = sys(SYS_linkat, AT_FDCWD, path, AT_FDCWD, "taken", AT_SYMLINK_FOLLOW);
        if (ret == 0 && !stat("taken", &st))
            judge(st.st_size, "", 0);
        unlink("taken");
        break;
    }
    return ret;
}

static long (*use)(const char *path, int i) = look;

static void race(const char *label, void *(*swap)(void *), const char *path, int count) {
    pthread_t thread;
    stop = turns = inside = outside = errors = 0;
    pthread_create(&thread, 0, swap, 0);
    for (int i = 0; i < count; i++)
        errors += use(path, i) < 0;
    stop = 1;
    pthread_join(thread, 0);
    printf("%s: %s, inside %s, errors %s, the host's %s\n", label, turns > 100 ? "raced" : "no race", inside ? "seen" : "never seen",
           errors ? "seen" : "never seen", outside ? "SEEN" : "never seen");
}

int main(int argc, char **argv) {
    if (argc < 3)
        die("DIRECTORY COUNT [change]");
    if (argc > 3)
        use = change;
    int count = atoi(argv[2]);
    mkdirs("in");
    mkfile("in/marker", INSIDE);
    // Two links change places.
    ln("in", "swap");
    ln(argv[1], "other");
    race("links", swap_links, "swap/marker", count);
    race("links, absolute", swap_links, A("swap/marker"), count / 4);
    // A directory and a link change places. Which name is which is open when a race has ended.
    rename("swap", "old1");
    rename("other", "old2");
    ln(argv[1], "other");
    mkdirs("swap");
    mkfile("swap/marker", INSIDE);
    race("directory and link", swap_links, "swap/marker", count);
    race("directory and link, absolute", swap_links, A("swap/./marker"), count / 4);
    // The last component is a file or a link.
    rename("swap", "old3");
    rename("other", "old4");
    mkfile("swap", INSIDE);
    snprintf(host, sizeof host, "%s/marker", argv[1]);
    ln(host, "other");
    race("file and link", swap_links, "swap", count);
    // The string changes under the call.
    snprintf(text[0], PATH_MAX, "%s", host);
    int n = strlen(host), keep = strlen("in/marker");
    if (n < keep)
        die("host directory too short");
    strcpy(text[1], "in/marker");
    memset(text[1], '.', n);
    for (int i = 0; i < n - keep; i++)
        text[1][i] = i % 2 ? '/' : '.';
    if ((n - keep) % 2)
        text[1][n - keep - 1] = '/';
    strcpy(text[1] + n - keep, "in/marker");
    strcpy(shared, text[1]);
    race("string", swap_texts, shared, count);
}
