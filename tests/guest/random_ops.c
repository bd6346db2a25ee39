// Random operations on a few names, each printed with its result: tests/differ.rs compares two runs of it.
//
// random_ops run SEED COUNT [INDEX,INDEX...]    operations 0 to COUNT, or only those listed; then every tree's contents
// random_ops dump DIRECTORY...                  what the trees contain
// random_ops say ...                            how the program was started; operations execute it like this
//
// An operation depends on the seed and its index alone, so that leaving others out does not change it. Three processes
// take turns. Each has its own working directory and its own files in descriptors of fixed numbers (SLOTS), which is all
// its state: it may be replaced by a child, or by executing the program again, at any time.
#include "check.h"
#include <linux/openat2.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>

enum { WORKERS = 3, SLOTS = 8, FIRST_SLOT = 20, COMMAND = 32, REPLY = 33, PASS = 34, SECONDS = 20 };

// ---- choices -----------------------------------------------------------------------------------------------------

static uint64_t seed, state;

// SplitMix64 (Steele, Lea and Flood 2014; public domain).
static uint64_t next(void) {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static unsigned below(unsigned end) { return (unsigned)(next() % end); }
static bool chance(unsigned percent) { return below(100) < percent; }
#define PICK(array) ((array)[below(sizeof(array) / sizeof *(array))])

static void choose_for(uint64_t index) {
    state = seed * 0xd1342543de82ef95 + index;
    state = next();
}

// ---- what is printed ---------------------------------------------------------------------------------------------

static char line[1 << 16];
static size_t filled;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...) {
    va_list list;
    va_start(list, format);
    int n = vsnprintf(line + filled, sizeof line - filled, format, list);
    va_end(list);
    filled += n < (int)(sizeof line - filled) ? n : (int)(sizeof line - filled) - 1;
}

static void flush(void) {
    for (size_t at = 0; at < filled;) {
        ssize_t n = write(1, line + at, filled - at);
        if (n < 0)
            _exit(98);
        at += n;
    }
    filled = 0;
}

static void say_result(long ret) {
    if (ret < 0)
        say(" = %s", errno_name(-ret));
    else
        say(" = %ld", ret);
}

// Text as one word; long ones with their middle left out.
static void say_text(const char *text, size_t len) {
    say(" \"");
    for (size_t i = 0; i < len; i++) {
        if (len > 160 && i == 80) {
            say("[%zu]", len - 160);
            i = len - 80;
        }
        say(text[i] < ' ' || text[i] > '~' ? "\\%02x" : "%c", (unsigned char)text[i]);
    }
    say("\"");
}

static void say_path(const char *path) {
    if (path == bad_page())
        say(" BAD");
    else
        say_text(path, strlen(path));
}

// A link of /proc/self/fd, without the numbers that differ from run to run.
static void say_link(const char *text, size_t len) {
    static const char *const numbered[] = {"pipe:[", "socket:["};
    for (int i = 0; i < 2; i++)
        if (len > strlen(numbered[i]) && !memcmp(text, numbered[i], strlen(numbered[i])))
            len = strlen(numbered[i]);
    // A file without a name is called after its inode.
    for (size_t at = 0; at + 2 < len; at++)
        if (!memcmp(text + at, "/#", 2)) {
            say_text(text, at + 2);
            return;
        }
    say_text(text, len);
}

static dev_t root_device;

static void say_stat(const struct stat *st) {
    say(" %s %04o nlink %ld%s%s", file_type(st->st_mode), st->st_mode & 07777, (long)st->st_nlink,
        st->st_uid == getuid() ? "" : " others", st->st_dev == root_device ? "" : " elsewhere");
    if (S_ISREG(st->st_mode) || (S_ISLNK(st->st_mode) && st->st_dev == root_device))
        say(" size %ld", (long)st->st_size);
    // A new socket's or pipe's time is what the kernel's memory held before.
    if (st->st_mtim.tv_sec < 1000000 && st->st_dev == root_device)
        say(" mtime %ld.%ld", (long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
    for (int i = 0; i < SLOTS; i++) {
        struct stat held;
        if (!fstat(FIRST_SLOT + i, &held) && held.st_ino == st->st_ino && held.st_dev == st->st_dev)
            say(" is %d", FIRST_SLOT + i);
    }
}

// ---- arguments ---------------------------------------------------------------------------------------------------

static const char *const roots[] = {"/w", "/w", "/w", "/m", "/m", "/m/in", "/r", "/r/rw", "/x", "/y", "/f", "/m/f", ""};

static const char *name(void) {
    static char longest[258];
    static const char *const usual[] = {"a", "b", "c", "d"};
    static const char *const rare[] = {"e", "in", "f", "rw", "prog", "script", "w", "m", "..."};
    if (chance(85))
        return PICK(usual);
    if (chance(80))
        return PICK(rare);
    unsigned len = 254 + below(3);
    memset(longest, 'n', len);
    longest[len] = 0;
    return longest;
}

static int slot(void) { return FIRST_SLOT + (int)below(SLOTS); }

static int dirfd_(void) { return chance(50) ? AT_FDCWD : chance(95) ? slot() : chance(50) ? 99 : -1; }

// Whether the link leads where its text does. A way that goes on behind a link of /proc is walked by that text, and there
// xroot differs: natively it needs no right to search what is above, and leads through what is deleted.
static bool leads_by_name(const char *link) {
    char text[PATH_MAX];
    struct stat by_link, by_name;
    ssize_t len = readlink(link, text, sizeof text - 1);
    if (len < 0)
        return true;
    if (stat(link, &by_link))
        return false;
    if (!S_ISDIR(by_link.st_mode) && !by_link.st_nlink)
        return true;
    text[len] = 0;
    return !stat(text, &by_name) && by_link.st_ino == by_name.st_ino && by_link.st_dev == by_name.st_dev;
}

static void add_start(char *out) {
    static const char *const magic[] = {"/proc/self/cwd/", "/proc/self/root/", "/proc/thread-self/cwd/"};
    if (chance(50))
        *out = 0;
    else if (chance(85))
        sprintf(out, "%s/", PICK(roots));
    else if (chance(30))
        strcpy(out, "../../");
    else if (chance(40))
        strcpy(out, PICK(magic));
    else
        sprintf(out, "/proc/self/fd/%d/", slot());
    if (!strncmp(out, "/proc", 5)) {
        out[strlen(out) - 1] = 0;
        if (leads_by_name(out))
            strcat(out, "/");
        else
            *out = 0;
    }
}

// Eight paths live at once.
static char *path(void) {
    static char buffers[8][3 * PATH_MAX];
    static unsigned used;
    static const char *const ends[] = {"/", "/", "/.", "//", "/..", "/./"};
    char *out = buffers[used++ % 8];
    if (chance(1))
        return chance(50) ? bad_page() : strcpy(out, "");
    add_start(out);
    unsigned count = chance(60) ? 1 : chance(60) ? 2 : below(5);
    for (unsigned i = 0; i < count; i++)
        sprintf(out + strlen(out), "%s%s", chance(10) ? ".." : chance(4) ? "." : name(),
                i + 1 == count ? "" : chance(5) ? "//" : "/");
    if (chance(12))
        strcat(out, PICK(ends));
    if (chance(1)) {
        // Near the longest that is a path.
        char *end = strdup(out);
        size_t want = PATH_MAX - 2 + below(3) - strlen(end), len = 0;
        for (; len + 2 <= want; len += 2)
            memcpy(out + len, "./", 2);
        strcpy(out + len, end);
        free(end);
    }
    return out;
}

// Not 0111: xroot cannot run a program that it cannot read.
static int mode(void) {
    static const int modes[] = {0755, 0755, 0755, 0644, 0644, 0700, 0600, 0555, 0444, 0, 01777, 06755};
    return PICK(modes);
}

struct flag {
    int value;
    unsigned percent;
    const char *name;
};

static long some_flags(const struct flag *flags) {
    long value = 0;
    for (; flags->name; flags++)
        if (chance(flags->percent)) {
            value |= flags->value;
            say("|%s", flags->name);
        }
    return value;
}

static const struct flag at_follow[] = {{AT_SYMLINK_NOFOLLOW, 40, "NOFOLLOW"}, {AT_EMPTY_PATH, 15, "EMPTY"}, {0}};

// What follows a path in calls with AT_EMPTY_PATH: the empty path more often.
static char *path_or_empty(void) {
    static char empty[1];
    return chance(12) ? empty : path();
}

// ---- operations --------------------------------------------------------------------------------------------------

// Moves a new descriptor into a slot.
static void keep(long fd) {
    if (fd < 0)
        return;
    int to = slot();
    int cloexec = fcntl((int)fd, F_GETFD) & FD_CLOEXEC;
    dup3((int)fd, to, cloexec ? O_CLOEXEC : 0);
    close((int)fd);
    struct stat st;
    say(" -> %d fl %#x", to, fcntl(to, F_GETFL));
    if (!fstat(to, &st))
        say_stat(&st);
}

static long open_flags(void) {
    static const struct flag flags[] = {{O_CREAT, 35, "CREAT"}, {O_EXCL, 12, "EXCL"}, {O_TRUNC, 12, "TRUNC"}, {O_APPEND, 8, "APPEND"},
        {O_DIRECTORY, 20, "DIRECTORY"}, {O_NOFOLLOW, 15, "NOFOLLOW"}, {O_PATH, 15, "PATH"}, {O_TMPFILE & ~O_DIRECTORY, 3, "TMPFILE"},
        {O_NOATIME, 3, "NOATIME"}, {O_CLOEXEC, 25, "CLOEXEC"}, {0}};
    static const int access[] = {O_RDONLY, O_RDONLY, O_RDONLY, O_WRONLY, O_RDWR, O_RDWR, 3};
    int how = PICK(access);
    say("%d", how);
    return how | some_flags(flags) | O_NONBLOCK;
}

static void op_open(void) {
    int dir = dirfd_();
    char *file = path();
    int bits = mode();
    unsigned kind = below(10);
    say(kind == 0 ? "open" : kind == 1 ? "creat" : "openat");
    say(" %d", dir);
    say_path(file);
    say(" %04o ", bits);
    long flags = open_flags();
    long fd = kind == 0 ? sys(SYS_open, file, flags, bits) : kind == 1 ? sys(SYS_creat, file, bits) : sys(SYS_openat, dir, file, flags, bits);
    say_result(fd < 0 ? fd : 0);
    keep(fd);
}

static void op_openat2(void) {
    static const struct flag resolve[] = {{RESOLVE_NO_XDEV, 25, "NO_XDEV"}, {RESOLVE_NO_MAGICLINKS, 25, "NO_MAGICLINKS"},
        {RESOLVE_NO_SYMLINKS, 25, "NO_SYMLINKS"}, {RESOLVE_BENEATH, 25, "BENEATH"}, {RESOLVE_IN_ROOT, 25, "IN_ROOT"}, {0}};
    int dir = dirfd_();
    char *file = path();
    say("openat2 %d", dir);
    say_path(file);
    say(" ");
    struct open_how how = {.flags = open_flags()};
    how.mode = how.flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? mode() & 0777 : 0;
    say(" %04o ", (int)how.mode);
    how.resolve = some_flags(resolve);
    // nd_jump_root() of fs/namei.c compares with a root that a relative walk has not looked up yet: an absolute link is
    // EXDEV there although nothing is crossed.
    if (file != bad_page() && *file != '/' && !(how.resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)))
        how.resolve &= ~RESOLVE_NO_XDEV;
    long fd;
    // A rename anywhere in the system during a ".." is EAGAIN.
    int tries = 0;
    do
        fd = sys(SYS_openat2, dir, file, &how, sizeof how);
    while (fd == -EAGAIN && tries++ < 50);
    say_result(fd < 0 ? fd : 0);
    keep(fd);
}

static void op_mkdir(void) {
    int dir = dirfd_(), bits = chance(70) ? 0755 : mode();
    char *file = path();
    bool old = chance(20);
    say("%s %d", old ? "mkdir" : "mkdirat", dir);
    say_path(file);
    say(" %04o", bits);
    say_result(old ? sys(SYS_mkdir, file, bits) : sys(SYS_mkdirat, dir, file, bits));
}

static void op_mknod(void) {
    static const int types[] = {S_IFIFO, S_IFIFO, S_IFIFO, S_IFREG, S_IFREG, S_IFSOCK, S_IFCHR, S_IFDIR, 0};
    int dir = dirfd_(), bits = mode() & 0777, type = PICK(types);
    char *file = path();
    say("mknodat %d", dir);
    say_path(file);
    say(" %06o", type | bits);
    say_result(sys(SYS_mknodat, dir, file, type | bits, type == S_IFCHR ? 0x103 : 0));
}

static void op_remove(void) {
    static const struct flag flags[] = {{AT_REMOVEDIR, 45, "REMOVEDIR"}, {0}};
    int dir = dirfd_();
    char *file = path();
    unsigned kind = below(10);
    say(kind < 2 ? "unlink" : kind < 5 ? "rmdir" : "unlinkat");
    say(" %d", dir);
    say_path(file);
    say(" ");
    say_result(kind < 2   ? sys(SYS_unlink, file)
               : kind < 5 ? sys(SYS_rmdir, file)
                          : sys(SYS_unlinkat, dir, file, some_flags(flags)));
}

static void op_rename(void) {
    static const struct flag flags[] = {{1, 25, "NOREPLACE"}, {2, 25, "EXCHANGE"}, {4, 2, "WHITEOUT"}, {0}};
    int from = dirfd_(), to = dirfd_();
    char *old = path(), *fresh = path();
    unsigned kind = below(10);
    say(kind < 3 ? "rename" : kind < 6 ? "renameat" : "renameat2");
    say(" %d", from);
    say_path(old);
    say(" %d", to);
    say_path(fresh);
    say(" ");
    say_result(kind < 3   ? sys(SYS_rename, old, fresh)
               : kind < 6 ? sys(SYS_renameat, from, old, to, fresh)
                          : sys(SYS_renameat2, from, old, to, fresh, some_flags(flags)));
}

static void op_link(void) {
    static const struct flag flags[] = {{AT_SYMLINK_FOLLOW, 30, "FOLLOW"}, {AT_SYMLINK_NOFOLLOW, 2, "NOFOLLOW"}, {0}};
    static char magic[32];
    int from = dirfd_(), to = dirfd_();
    char *old = path_or_empty(), *fresh = path();
    if (chance(20)) {
        sprintf(magic, "/proc/self/fd/%d", slot());
        old = magic;
    }
    bool plain = chance(25);
    say(plain ? "link" : "linkat");
    say(" %d", from);
    say_path(old);
    say(" %d", to);
    say_path(fresh);
    say(" ");
    say_result(plain ? sys(SYS_link, old, fresh) : sys(SYS_linkat, from, old, to, fresh, some_flags(flags)));
}

static void op_symlink(void) {
    int dir = dirfd_();
    char *text = path(), *file = path();
    // As leads_by_name() says, and a link may be followed when that is no longer so.
    if (text != bad_page() && !strncmp(text, "/proc", 5))
        text = "/m/in/a";
    say("symlinkat");
    say_path(text);
    say(" %d", dir);
    say_path(file);
    say_result(chance(20) ? sys(SYS_symlink, text, file) : sys(SYS_symlinkat, text, dir, file));
}

static void op_readlink(void) {
    static char buffer[2 * PATH_MAX], magic[32];
    static const int sizes[] = {PATH_MAX, PATH_MAX, PATH_MAX, 1, 3, 0, -1};
    int dir = dirfd_(), size = PICK(sizes);
    char *file = path_or_empty();
    if (chance(30)) {
        sprintf(magic, chance(80) ? "/proc/self/fd/%d" : chance(50) ? "/proc/self/cwd" : "/proc/self/root", slot());
        file = magic;
    }
    say("readlinkat %d", dir);
    say_path(file);
    say(" %d", size);
    long len = chance(20) ? sys(SYS_readlink, file, buffer, size) : sys(SYS_readlinkat, dir, file, buffer, size);
    say_result(len < 0 ? len : 0);
    if (len >= 0)
        say_link(buffer, len);
}

static void op_stat(void) {
    struct stat st;
    struct statx stx;
    int dir = dirfd_();
    char *file = path_or_empty();
    unsigned kind = below(10);
    say(kind == 0 ? "stat" : kind == 1 ? "lstat" : kind < 4 ? "statx" : "newfstatat");
    say(" %d", dir);
    say_path(file);
    say(" ");
    long ret;
    if (kind == 0)
        ret = sys(SYS_stat, file, &st);
    else if (kind == 1)
        ret = sys(SYS_lstat, file, &st);
    else if (kind < 4) {
        ret = sys(SYS_statx, dir, file, some_flags(at_follow), STATX_BASIC_STATS, &stx);
        if (!ret)
            st = (struct stat){.st_mode = stx.stx_mode, .st_nlink = stx.stx_nlink, .st_uid = stx.stx_uid, .st_size = (off_t)stx.stx_size,
                .st_ino = stx.stx_ino, .st_dev = (stx.stx_dev_minor & 0xff) | stx.stx_dev_major << 8 | (stx.stx_dev_minor & ~0xffu) << 12,
                .st_mtim = {stx.stx_mtime.tv_sec, stx.stx_mtime.tv_nsec}};
    } else
        ret = sys(SYS_newfstatat, dir, file, &st, some_flags(at_follow));
    say_result(ret);
    if (!ret)
        say_stat(&st);
}

static void op_access(void) {
    static const struct flag flags[] = {{AT_SYMLINK_NOFOLLOW, 30, "NOFOLLOW"}, {AT_EMPTY_PATH, 15, "EMPTY"}, {AT_EACCESS, 30, "EACCESS"}, {0}};
    int dir = dirfd_(), how = chance(98) ? (int)below(8) : 8;
    char *file = path_or_empty();
    unsigned kind = below(4);
    say(kind == 0 ? "access" : kind == 1 ? "faccessat" : "faccessat2");
    say(" %d", dir);
    say_path(file);
    say(" %d ", how);
    say_result(kind == 0   ? sys(SYS_access, file, how)
               : kind == 1 ? sys(SYS_faccessat, dir, file, how)
                           : sys(SYS_faccessat2, dir, file, how, some_flags(flags)));
}

// xroot finds a mount point by its name, and does not ask whether the directory that holds it may be searched: that would
// cost every absolute path below a binding a look more. So those directories stay open.
static void open_holders(void) {
    static const char *const holders[] = {"/", "/m", "/r"};
    for (int i = 0; i < 3; i++)
        chmod(holders[i], 0755);
}

static void op_chmod(void) {
    int dir = dirfd_(), bits = chance(40) ? 0755 : mode();
    char *file = path_or_empty();
    unsigned kind = below(4);
    say(kind == 0 ? "chmod" : kind == 1 ? "fchmodat" : "fchmodat2");
    say(" %d", dir);
    say_path(file);
    say(" %04o ", bits);
    say_result(kind == 0   ? sys(SYS_chmod, file, bits)
               : kind == 1 ? sys(SYS_fchmodat, dir, file, bits)
                           : sys(SYS_fchmodat2, dir, file, bits, some_flags(at_follow)));
    open_holders();
}

static void op_chown(void) {
    // No other ids: the namespace of the native run has none.
    int dir = dirfd_(), id = chance(60) ? (int)getuid() : -1;
    char *file = path_or_empty();
    say("fchownat %d", dir);
    say_path(file);
    say(" %s ", id == -1 ? "-1" : "me");
    say_result(sys(SYS_fchownat, dir, file, id, -1, some_flags(at_follow)));
}

static void op_truncate(void) {
    static const int sizes[] = {0, 1, 5, 100, -1};
    int size = PICK(sizes);
    char *file = path();
    say("truncate");
    say_path(file);
    say(" %d", size);
    say_result(sys(SYS_truncate, file, size));
}

static void op_utime(void) {
    struct timespec times[2] = {{below(1000), 1}, {below(1000), below(2) ? 7 : UTIME_OMIT}};
    int dir = dirfd_();
    char *file = path_or_empty();
    say("utimensat %d", dir);
    say_path(file);
    say(" %ld ", (long)times[1].tv_sec);
    say_result(sys(SYS_utimensat, dir, file, times, some_flags(at_follow)));
}

static void op_chdir(void) {
    if (chance(30)) {
        int dir = slot();
        say("fchdir %d", dir);
        say_result(sys(SYS_fchdir, dir));
    } else {
        char *dir = path();
        say("chdir");
        say_path(dir);
        say_result(sys(SYS_chdir, dir));
    }
}

static void op_getcwd(void) {
    static char buffer[PATH_MAX];
    static const int sizes[] = {PATH_MAX, PATH_MAX, PATH_MAX, PATH_MAX, 2, 1, 0};
    int size = PICK(sizes);
    say("getcwd %d", size);
    long len = sys(SYS_getcwd, buffer, size);
    say_result(len);
    if (len > 0)
        say_text(buffer, len);
}

// The sorted names and types of what is left of an open directory.
static void say_entries(int dir, unsigned size, bool types) {
    static char block[4096];
    char *names[256];
    int count = 0;
    long len;
    while ((len = sys(SYS_getdents64, dir, block, size)) > 0)
        for (long at = 0; at < len && count < 256;) {
            struct dirent64 *entry = (struct dirent64 *)(block + at);
            if (asprintf(&names[count++], "%s:%d", entry->d_name, types ? entry->d_type : 0) < 0)
                die("asprintf");
            at += entry->d_reclen;
        }
    say_result(len);
    qsort(names, count, sizeof *names, by_name);
    for (int i = 0; i < count; i++) {
        say_text(names[i], strlen(names[i]));
        free(names[i]);
    }
}

static void op_list(void) {
    static const unsigned sizes[] = {4096, 4096, 512, 300, 24};
    unsigned size = PICK(sizes);
    int dir = dirfd_();
    char *file = path();
    say("list %u %d", size, dir);
    say_path(file);
    long fd = sys(SYS_openat, dir, file, O_RDONLY | O_DIRECTORY);
    say_result(fd < 0 ? fd : 0);
    if (fd >= 0) {
        say_entries((int)fd, size, true);
        close((int)fd);
    }
}

static void op_xattr(void) {
    static const char *const names[] = {"user.a", "user.b", "user.a", "trusted.x", "user.", "nothing"};
    static char buffer[256];
    const char *attribute = PICK(names);
    char *file = path();
    bool follow = chance(60);
    unsigned kind = below(4);
    static const char *const calls[] = {"setxattr", "getxattr", "listxattr", "removexattr"};
    say("%s%s", follow ? "" : "l", calls[kind]);
    say_path(file);
    say(" %s", attribute);
    long ret = 0;
    switch (kind) {
    case 0: {
        int flags = chance(20) ? (int)below(3) : 0;
        say(" %d", flags);
        ret = sys(follow ? SYS_setxattr : SYS_lsetxattr, file, attribute, "value", below(6), flags);
        break;
    }
    case 1:
        ret = sys(follow ? SYS_getxattr : SYS_lgetxattr, file, attribute, buffer, sizeof buffer);
        break;
    case 2:
        ret = sys(follow ? SYS_listxattr : SYS_llistxattr, file, buffer, sizeof buffer);
        break;
    case 3:
        ret = sys(follow ? SYS_removexattr : SYS_lremovexattr, file, attribute);
    }
    say_result(ret);
    if (ret > 0)
        say_text(buffer, ret);
}

static void op_write(void) {
    static const char *const texts[] = {"text", "longer text\n", "#!/bin/random_ops say\n", "#!/w/prog say\n", "#! a say", "#!/m/script b\n", "#!/w\n"};
    const char *text = PICK(texts);
    int dir = dirfd_();
    char *file = path();
    say("write %d", dir);
    say_path(file);
    say_text(text, strlen(text));
    long fd = sys(SYS_openat, dir, file, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, chance(50) ? 0755 : 0644);
    say_result(fd < 0 ? fd : 0);
    if (fd >= 0) {
        long n = write((int)fd, text, strlen(text));
        say_result(n < 0 ? -errno : n);
        close((int)fd);
    }
}

static void op_read(void) {
    char block[64];
    char *file = path();
    say("read");
    say_path(file);
    long fd = sys(SYS_openat, AT_FDCWD, file, O_RDONLY | O_NONBLOCK);
    say_result(fd < 0 ? fd : 0);
    if (fd >= 0) {
        long n = read((int)fd, block, sizeof block);
        say_result(n < 0 ? -errno : n);
        if (n > 0)
            say_text(block, n);
        close((int)fd);
    }
}

// Puts a copy of the program there.
static void op_install(void) {
    char *file = path();
    say("install");
    say_path(file);
    int in = open("/bin/random_ops", O_RDONLY | O_CLOEXEC);
    long fd = sys(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC, 0755);
    say_result(fd < 0 ? fd : 0);
    struct stat st;
    if (fd >= 0 && !fstat((int)fd, &st) && S_ISREG(st.st_mode))
        while (sendfile((int)fd, in, 0, 1 << 20) > 0)
            ;
    close(in);
    if (fd >= 0)
        close((int)fd);
}

static void op_slot(void) {
    static char buffer[PATH_MAX], link[32];
    int fd = slot(), other = slot();
    struct stat st;
    long ret;
    switch (below(11)) {
    case 0:
        say("close %d", fd);
        say_result(sys(SYS_close, fd));
        break;
    case 1:
        say("dup2 %d %d", fd, other);
        say_result(sys(SYS_dup2, fd, other));
        break;
    case 2:
        say("fstat %d", fd);
        ret = sys(SYS_fstat, fd, &st);
        say_result(ret);
        if (!ret)
            say_stat(&st);
        break;
    case 3:
        say("list slot %d", fd);
        if (!fstat(fd, &st) && S_ISDIR(st.st_mode)) {
            say_result(lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0);
            say_entries(fd, 4096, true);
        }
        break;
    case 4:
        say("fwrite %d", fd);
        ret = sys(SYS_pwrite64, fd, "slot", 4, below(3));
        say_result(ret);
        break;
    case 5:
        say("fread %d", fd);
        ret = sys(SYS_pread64, fd, buffer, 20, 0);
        say_result(ret);
        if (ret > 0)
            say_text(buffer, ret);
        break;
    case 6:
        say("ftruncate %d", fd);
        say_result(sys(SYS_ftruncate, fd, below(20)));
        break;
    case 7: {
        int bits = mode();
        say("fchmod %d %04o", fd, bits);
        say_result(sys(SYS_fchmod, fd, bits));
        open_holders();
        break;
    }
    case 8:
        say("fsetxattr %d", fd);
        say_result(sys(SYS_fsetxattr, fd, "user.b", "held", 4, 0));
        break;
    case 9: {
        struct timespec times[2] = {{5, 1}, {below(1000), 3}};
        say("futimens %d", fd);
        say_result(sys(SYS_utimensat, fd, 0, times, 0));
        break;
    }
    default:
        sprintf(link, "/proc/self/fd/%d", fd);
        say("readlink %s", link);
        ret = sys(SYS_readlink, link, buffer, sizeof buffer);
        say_result(ret < 0 ? ret : 0);
        if (ret >= 0)
            say_link(buffer, ret);
    }
}

// Gives a descriptor to whoever takes it, or takes one.
static void op_pass(void) {
    int fd = slot();
    char byte = 'x';
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
    if (chance(50)) {
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)};
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
        say("give %d", fd);
        say_result(sys(SYS_sendmsg, PASS, &message, MSG_DONTWAIT));
    } else {
        say("take");
        long ret = sys(SYS_recvmsg, PASS + 1, &message, MSG_DONTWAIT);
        say_result(ret);
        struct cmsghdr *header = ret > 0 ? CMSG_FIRSTHDR(&message) : 0;
        if (header) {
            memcpy(&fd, CMSG_DATA(header), sizeof fd);
            keep(fd);
        }
    }
}

// The address and its length as the kernel gives them back.
static void say_address(const struct sockaddr_un *address, socklen_t len) {
    say(" address %d", (int)len);
    if (len > 2)
        say_text(address->sun_path, len - 2 < sizeof address->sun_path ? len - 2 : sizeof address->sun_path);
}

static void op_socket(void) {
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    struct sockaddr_un address = {.sun_family = AF_UNIX}, found;
    socklen_t len, size = sizeof found;
    int type = PICK(types), fd = slot();
    char *file = path();
    unsigned kind = below(4);
    // No path would be an abstract name, which every process of the system shares, those of another run too.
    if (file == bad_page() || !*file)
        file = "/";
    len = 2 + (strlen(file) < sizeof address.sun_path ? strlen(file) + 1 : sizeof address.sun_path);
    memcpy(address.sun_path, file, len - 2);
    if (kind == 3) {
        say("accept %d", fd);
        long peer = sys(SYS_accept4, fd, &found, &size, SOCK_NONBLOCK);
        say_result(peer < 0 ? peer : 0);
        if (peer >= 0) {
            say_address(&found, size);
            close((int)peer);
        }
        return;
    }
    int made = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    say(kind == 0 ? "bind" : kind == 1 ? "connect" : "sendto");
    say(" %d", type);
    say_path(file);
    long ret = kind == 0   ? sys(SYS_bind, made, &address, len)
               : kind == 1 ? sys(SYS_connect, made, &address, len)
                           : sys(SYS_sendto, made, "x", 1, MSG_NOSIGNAL, &address, len);
    say_result(ret);
    if (ret >= 0 && kind < 2) {
        ret = kind == 0 ? sys(SYS_getsockname, made, &found, &size) : sys(SYS_getpeername, made, &found, &size);
        say_result(ret);
        if (!ret)
            say_address(&found, size);
    }
    if (ret >= 0 && kind == 0) {
        listen(made, 4);
        say(" -> %d", fd);
        dup2(made, fd);
    }
    close(made);
}

static void op_other(void) {
    int dir = dirfd_();
    char *file = path();
    switch (below(4)) {
    case 0: {
        struct statfs fs;
        say("statfs");
        say_path(file);
        long ret = sys(SYS_statfs, file, &fs);
        say_result(ret);
        if (!ret)
            say(" %lx %s", (long)fs.f_type, fs.f_flags & 1 ? "ro" : "rw");
        break;
    }
    case 1:
        // EPERM, but only for a directory that is there.
        say("chroot");
        say_path(file);
        say_result(sys(SYS_chroot, file));
        break;
    case 2: {
        union {
            struct file_handle handle;
            char space[256];
        } handle = {.handle = {.handle_bytes = 128}};
        static const struct flag flags[] = {{AT_SYMLINK_FOLLOW, 40, "FOLLOW"}, {AT_EMPTY_PATH, 20, "EMPTY"}, {0}};
        int id;
        say("name_to_handle_at %d", dir);
        say_path(file);
        say(" ");
        say_result(sys(SYS_name_to_handle_at, dir, file, &handle, &id, some_flags(flags)));
        break;
    }
    default: {
        static const struct flag flags[] = {{IN_DONT_FOLLOW, 40, "DONT_FOLLOW"}, {IN_ONLYDIR, 30, "ONLYDIR"}, {0}};
        say("inotify_add_watch");
        say_path(file);
        say(" ");
        int watch = inotify_init1(IN_CLOEXEC);
        say_result(sys(SYS_inotify_add_watch, watch, file, IN_CREATE | some_flags(flags)));
        close(watch);
    }
    }
}

static void op_umask(void) {
    static const int masks[] = {022, 022, 0, 077, 027};
    say_result((umask(PICK(masks)), 0));
}

// Opens again what chmod has closed.
static void op_heal(void) {
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        say(" %s", roots[i]);
        say_result(sys(SYS_chmod, *roots[i] ? roots[i] : "/", 0755));
    }
    static const char *const start[] = {"/", "/w", "/m", "/x/a", "/m/in"};
    say_result(chdir(PICK(start)) ? -errno : 0);
}

static void say_end(int status) {
    if (WIFEXITED(status))
        say(" exit %d", WEXITSTATUS(status));
    else
        say(" signal %d", WTERMSIG(status));
}

static void op_exec(void) {
    static const char *const programs[] = {"/w/prog", "/w/script", "/m/prog", "/bin/random_ops", "/proc/self/exe", "/r/prog", "prog", "script"};
    static const struct flag flags[] = {{AT_SYMLINK_NOFOLLOW, 20, "NOFOLLOW"}, {AT_EMPTY_PATH, 20, "EMPTY"}, {0}};
    int dir = dirfd_();
    const char *file = chance(60) ? PICK(programs) : path_or_empty();
    bool at = chance(50);
    say("%s %d", at ? "execveat" : "execve", dir);
    say_path(file);
    say(" ");
    long how = at ? some_flags(flags) : 0;
    flush();
    pid_t pid = fork();
    if (!pid) {
        alarm(SECONDS);
        char *argv[] = {"zero", "say", "two", 0}, *envp[] = {"A=b", 0};
        say_result(at ? sys(SYS_execveat, dir, file, argv, envp, how) : sys(SYS_execve, file, argv, envp));
        flush();
        _exit(7);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    say_end(status);
}

static char seed_text[24];

// The program goes on as a child or as a program of its own. Gives back only in who goes on.
static void op_replace(void) {
    static const char *const ways[] = {"/bin/random_ops", "/proc/self/exe", "/bin/../bin/random_ops"};
    if (chance(50)) {
        say("fork");
        flush();
        pid_t pid = fork();
        if (!pid)
            return;
        close(REPLY);
        close(COMMAND);
        for (int i = 0; i < SLOTS; i++)
            close(FIRST_SLOT + i);
        int status = 0;
        waitpid(pid, &status, 0);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    const char *way = PICK(ways);
    say("go on as");
    say_path(way);
    flush();
    char *argv[] = {"random_ops", "resume", seed_text, 0}, *envp[] = {0};
    say_result(sys(SYS_execve, way, argv, envp));
}

static const struct {
    unsigned weight;
    void (*run)(void);
    // It may not run in a thread or child.
    bool alone;
} operations[] = {
    {14, op_open, 0},   {8, op_openat2, 0}, {8, op_mkdir, 0},  {2, op_mknod, 0},    {9, op_remove, 0},  {10, op_rename, 0},
    {6, op_link, 0},    {8, op_symlink, 0}, {6, op_readlink, 0}, {11, op_stat, 0},  {4, op_access, 0},  {3, op_chmod, 0},
    {1, op_chown, 0},   {2, op_truncate, 0}, {2, op_utime, 0}, {8, op_chdir, 0},    {4, op_getcwd, 0},  {5, op_list, 0},
    {3, op_xattr, 0},   {6, op_write, 0},   {4, op_read, 0},   {1, op_install, 0},  {9, op_slot, 0},    {2, op_pass, 0},
    {5, op_socket, 0},  {3, op_other, 0},   {1, op_umask, 0},  {3, op_heal, 0},     {3, op_exec, 0},    {1, op_replace, 1},
};

// ---- who runs an operation ---------------------------------------------------------------------------------------

static void *in_thread(void *run) {
    ((void (*)(void))run)();
    return 0;
}

static void *in_thread_of_its_own(void *run) {
    if (unshare(CLONE_FS | CLONE_FILES))
        say(" unshare %s", errno_name(errno));
    return in_thread(run);
}

static void in_child(long flags, void (*run)(void)) {
    flush();
    pid_t pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (!pid) {
        alarm(SECONDS);
        run();
        flush();
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    if (status)
        say_end(status);
}

static void perform(uint64_t index) {
    choose_for(index);
    unsigned worker = below(WORKERS), total = 0, chosen = 0;
    for (unsigned i = 0; i < sizeof operations / sizeof *operations; i++)
        total += operations[i].weight;
    unsigned at = below(total);
    while (at >= operations[chosen].weight)
        at -= operations[chosen++].weight;
    void (*run)(void) = operations[chosen].run;
    unsigned how = operations[chosen].alone ? 99 : below(100);
    say("%lu w%u ", (unsigned long)index, worker);
    alarm(SECONDS);
    if (how < 12) {
        say(how < 4 ? "apart " : "thread ");
        pthread_t thread;
        pthread_create(&thread, 0, how < 4 ? in_thread_of_its_own : in_thread, run);
        pthread_join(thread, 0);
    } else if (how < 22) {
        say(how < 16 ? "child " : "sharing ");
        in_child(how < 16 ? 0 : CLONE_FS | CLONE_FILES, run);
    } else
        run();
    alarm(0);
    say("\n");
    flush();
}

static __attribute__((noreturn)) void work(void) {
    uint64_t index;
    struct stat st;
    if (!stat("/bin", &st))
        root_device = st.st_dev;
    while (read(COMMAND, &index, sizeof index) == sizeof index) {
        perform(index);
        if (write(REPLY, "", 1) != 1)
            break;
    }
    _exit(0);
}

// ---- what the trees contain --------------------------------------------------------------------------------------

static void dump(int dir, const char *file, const char *shown, int depth) {
    struct stat st;
    char text[PATH_MAX];
    if (fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW)) {
        say("%s: %s\n", shown, errno_name(errno));
        return;
    }
    say("%s: %s %04o nlink %ld", shown, file_type(st.st_mode), st.st_mode & 07777, (long)st.st_nlink);
    if (S_ISLNK(st.st_mode)) {
        long n = readlinkat(dir, file, text, sizeof text);
        say_text(text, n < 0 ? 0 : n);
    } else if (S_ISREG(st.st_mode)) {
        say(" size %ld", (long)st.st_size);
        int fd = openat(dir, file, O_RDONLY | O_NOFOLLOW);
        long n = fd < 0 ? 0 : read(fd, text, 32);
        say_text(text, n < 0 ? 0 : n);
        n = fgetxattr(fd, "user.a", text, sizeof text);
        if (n >= 0)
            say_text(text, n);
        close(fd);
    }
    say("\n");
    flush();
    if (!S_ISDIR(st.st_mode) || depth > 40)
        return;
    if (depth)
        fchmodat(dir, file, st.st_mode | 0700, 0);
    int fd = openat(dir, file, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    struct dirent **entries;
    int count = fd < 0 ? -1 : scandirat(fd, ".", &entries, 0, alphasort);
    if (count < 0)
        say("%s: %s\n", shown, errno_name(errno));
    for (int i = 0; i < count; i++) {
        const char *entry = entries[i]->d_name;
        // The program itself has more links, in other tests.
        bool skipped = !strcmp(entry, ".") || !strcmp(entry, "random_ops") || !strcmp(entry, "..") || (!depth && (!strcmp(entry, "proc") || !strcmp(entry, "dev")));
        char *below_it;
        if (!skipped && asprintf(&below_it, "%s/%.20s", depth || strcmp(shown, "/") ? shown : "", entry) > 0) {
            dump(fd, entry, below_it, depth + 1);
            free(below_it);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    if (fd >= 0)
        close(fd);
}

// ---- the processes -----------------------------------------------------------------------------------------------

struct worker {
    int command, reply;
};

static struct worker start_worker(void) {
    int command[2], reply[2];
    if (pipe2(command, O_CLOEXEC) || pipe2(reply, O_CLOEXEC))
        die("pipe");
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (!pid) {
        dup2(command[0], COMMAND);
        dup2(reply[1], REPLY);
        // The ends of pipes to the others too.
        syscall(SYS_close_range, 3, FIRST_SLOT - 1, 0);
        static const char *const open_first[SLOTS] = {"/w", "/w/a", "/m", "/x", "/y/a", "/r", "/m/in", "/f"};
        for (int i = 0; i < SLOTS; i++) {
            int fd = open(open_first[i], i % 2 ? O_RDONLY : O_PATH);
            dup2(fd, FIRST_SLOT + i);
            close(fd);
        }
        if (write(REPLY, "", 1) != 1)
            _exit(4);
        work();
    }
    close(command[0]);
    close(reply[1]);
    return (struct worker){command[1], reply[0]};
}

static void run_all(uint64_t count, const char *only) {
    struct worker workers[WORKERS];
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) || dup2(pair[0], PASS) < 0 || dup2(pair[1], PASS + 1) < 0)
        die("socketpair");
    close(pair[0]);
    close(pair[1]);
    char byte;
    for (int i = 0; i < WORKERS; i++)
        workers[i] = start_worker();
    // What another does at once must not change what one begins with.
    for (int i = 0; i < WORKERS; i++)
        if (read(workers[i].reply, &byte, 1) != 1)
            die("start");
    for (uint64_t index = 0; index < count; index++) {
        if (only) {
            if (strtoul(only, 0, 10) != index)
                continue;
            only += strcspn(only, ",");
            only += *only == ',';
        }
        choose_for(index);
        struct worker *worker = &workers[below(WORKERS)];
        if (write(worker->command, &index, sizeof index) != sizeof index || read(worker->reply, &byte, 1) != 1) {
            say("\n%lu: the process is gone\n", (unsigned long)index);
            flush();
            exit(3);
        }
    }
    for (int i = 0; i < WORKERS; i++)
        close(workers[i].command);
    while (wait(0) > 0)
        ;
    dump(AT_FDCWD, "/", "/", 0);
}

static void say_start(int argc, char **argv) {
    static char text[PATH_MAX];
    for (int i = 0; i < argc; i++)
        say_text(argv[i], strlen(argv[i]));
    const char *execfn = (const char *)getauxval(AT_EXECFN);
    say(" execfn");
    say_text(execfn, strlen(execfn));
    // A program executed by its descriptor is called after the file since Linux 6.14, after the number before.
    if (strncmp(execfn, "/dev/fd/", 8)) {
        prctl(PR_GET_NAME, text);
        say(" comm");
        say_text(text, strlen(text));
    }
    long n = readlink("/proc/self/exe", text, sizeof text);
    say(" exe");
    say_text(text, n < 0 ? 0 : n);
    n = syscall(SYS_getcwd, text, sizeof text);
    say(" cwd");
    say_text(text, n < 0 ? 0 : strlen(text));
    for (int i = 0; i < SLOTS; i++)
        if (fcntl(FIRST_SLOT + i, F_GETFD) >= 0)
            say(" %d", FIRST_SLOT + i);
    flush();
}

int main(int argc, char **argv) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGPIPE, SIG_IGN);
    const char *command = argc > 1 ? argv[1] : "";
    if (!strcmp(command, "dump")) {
        for (int i = 2; i < argc; i++) {
            char shown[16];
            snprintf(shown, sizeof shown, "tree %d", i - 1);
            dump(AT_FDCWD, argv[i], shown, 1);
        }
    } else if (!strcmp(command, "run") && argc > 3) {
        snprintf(seed_text, sizeof seed_text, "%s", argv[2]);
        seed = strtoull(seed_text, 0, 10);
        run_all(strtoull(argv[3], 0, 10), argc > 4 ? argv[4] : 0);
    } else if (!strcmp(command, "resume") && argc > 2) {
        snprintf(seed_text, sizeof seed_text, "%s", argv[2]);
        seed = strtoull(seed_text, 0, 10);
        say(" resumed\n");
        flush();
        alarm(0);
        if (write(REPLY, "", 1) != 1)
            return 4;
        work();
    } else
        say_start(argc, argv);
    return 0;
}
