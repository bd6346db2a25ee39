// openat2(2) with RESOLVE_IN_ROOT and RESOLVE_BENEATH: links, "..", absolute paths, at a directory and at the guest's root.
#include "paths.h"

static void both(int dir, const char *label, const char *path) {
    static const struct {
        uint64_t bits;
        const char *name;
    } ways[] = {{RESOLVE_BENEATH, "beneath"},
                {RESOLVE_IN_ROOT, "in root"},
                {RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS, "in root without links"},
                {RESOLVE_BENEATH | RESOLVE_NO_XDEV, "beneath on one mount"},
                {RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, "in root without magic"}};
    for (int i = 0; i < 5; i++) {
        struct open_how how = {O_PATH, 0, ways[i].bits};
        long fd = sys(SYS_openat2, dir, path, &how, sizeof how);
        printf("%s, %s: %s: ", label, path, ways[i].name);
        struct stat st;
        if (fd < 0)
            printf("%s\n", errno_name(-fd));
        else if (!fstat((int)fd, &st))
            printf("%s of %ld\n", file_type(st.st_mode), S_ISREG(st.st_mode) ? (long)st.st_size : 0L);
        close((int)fd);
    }
}

int main(void) {
    kinds();
    mkdirs("top");
    mkdirs("top/a");
    mkdirs("top/a/b");
    mkfile("top/file", "12345");
    mkfile("top/a/file", "123");
    ln("/file", "top/to_root");
    ln("/a/file", "top/absolute");
    ln("../../file", "top/a/above");
    ln("../file", "top/a/up");
    ln("../../../../..", "top/a/b/far");
    ln("/..", "top/root_up");
    ln("/proc/self", "top/proc");
    ln("a/b/../up", "top/round");
    ln("loop", "top/loop");
    ln(A("file"), "top/outside");
    int top = open("top", O_PATH | O_DIRECTORY), a = open("top/a", O_RDONLY), link = open("link", O_PATH | O_NOFOLLOW);
    static const char *const paths[] = {"file", "/file", "a/file", "../file", "a/../file", "a/../../file", "a/b/../../file",
                                        "to_root", "absolute", "a/above", "a/up", "a/b/far/file", "root_up/file", "proc/status",
                                        "round", "loop", "outside", "..", "/", "/..", ".", "a/..", "a/b/far", "", "a/",
                                        "missing/../file", "file/..", "file/", "a/up/", "//a//file", "./../a/file"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        both(top, "top", paths[i]);
        both(a, "a", paths[i]);
        both(999, "999", paths[i]);
        both(link, "link", paths[i]);
        chdir("top");
        both(AT_FDCWD, "cwd", paths[i]);
        fchdir(start_fd);
    }
    int root = open("/", O_PATH | O_DIRECTORY);
    both(root, "root", "..");
    both(root, "root", "proc/../..");
    both(root, "root", "dev/null");
    both(root, "root", "/dev/null");
    both(root, "root", "proc/self/status");
    both(root, "root", "proc/self/exe");
    both(root, "root", "proc/self/root/..");
    // A directory renamed from inside to outside while it is open.
    int b = open("top/a/b", O_PATH);
    rename("top/a/b", "moved");
    both(b, "moved", "../file");
    both(b, "moved", "far/file");
    both(b, "moved", ".");
    // Nothing that is above asks to be searched.
    ln("/e", "top/a/to_root");
    ln("../../e", "top/a/to_up");
    mkfile("top/a/e", "");
    chmod("top", 0);
    both(a, "closed", "/");
    both(a, "closed", "/e");
    both(a, "closed", "../e");
    both(a, "closed", "to_root");
    both(a, "closed", "to_up");
    both(a, "closed", "/missing/x");
    chmod("top", 0700);
    // The directory itself need not be searched for its root.
    fchmod(a, 0600);
    both(a, "unsearched", "/");
    both(a, "unsearched", "//");
    both(a, "unsearched", "/.");
    both(a, "unsearched", "..");
    both(a, "unsearched", "/e");
    fchmod(a, 0700);
    // Creation stays inside as well.
    struct open_how how = {O_RDWR | O_CREAT, 0600, RESOLVE_IN_ROOT};
    t(openat2, top, "../../made", &how, 0);
    p(closed(sys(SYS_openat2, top, "../../made", &how, sizeof how)));
    ln("/by_link", "top/to_new");
    p(closed(sys(SYS_openat2, top, "to_new", &how, sizeof how)));
    how.resolve = RESOLVE_BENEATH;
    p(closed(sys(SYS_openat2, top, "../made2", &how, sizeof how)));
    p(closed(sys(SYS_openat2, top, "a/../made3", &how, sizeof how)));
    list("top");
    list(".");
}
