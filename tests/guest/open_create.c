// What O_CREAT makes and where: at the end of links, with which mode, and who may.
#include "paths.h"

static void make(const char *path, int flags, mode_t mode, mode_t mask) {
    umask(mask);
    long fd = sys(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | flags, mode);
    umask(022);
    printf("%s, flags %#x, mode %o, mask %03o: %s\n", path, flags, mode, mask, fd < 0 ? errno_name(-fd) : "ok");
    if (fd >= 0)
        close((int)fd);
}

int main(void) {
    kinds();
    static const mode_t masks[] = {0, 022, 077, 0777, 0177}, modes[] = {0666, 0777, 04755, 02644, 01600, 0, 0100666};
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 7; j++) {
            make("made", 0, modes[j], masks[i]);
            show_path("made");
            unlink("made");
        }
    // Links that lead to nothing, near and far.
    mkdirs("far");
    ln("../dir/created", "far/one");
    ln("far/one", "two");
    ln(A("dir/absolute"), "three");
    ln("missing/x", "four");
    ln("file/x", "five");
    ln("dir/slash/", "six");
    ln("dir/.", "seven");
    ln("nowrite/new", "eight");
    ln("closed/new", "nine");
    ln("/proc/self/fd/999", "ten");
    static const char *const links[] = {"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
                                        "two/", "far/one/", "dangling", "dangling/x", "loop"};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        make(links[i], O_EXCL, 0600, 0);
        make(links[i], O_NOFOLLOW, 0600, 0);
        make(links[i], O_DIRECTORY, 0600, 0);
        make(links[i], 0, 0600, 0);
        make(links[i], O_EXCL, 0600, 0);
    }
    list("dir");
    list(".");
    // A directory with the set-group-ID bit hands down its group and, to directories, the bit.
    mkdirs("sgid");
    chmod("sgid", 02777);
    make("sgid/file", 0, 0755, 0);
    make("sgid/sfile", 0, 02755, 0);
    t(mkdir, "sgid/sub", 0700);
    t(mknod, "sgid/fifo", S_IFIFO | 02644, 0);
    show_path("sgid/file");
    show_path("sgid/sfile");
    show_path("sgid/sub");
    show_path("sgid/fifo");
    // A file that may be made may be opened for writing whatever its mode, once.
    long fd = sys(SYS_openat, AT_FDCWD, "readonly", O_RDWR | O_CREAT, 0400);
    t(write, fd, "text", 4);
    topen(AT_FDCWD, "readonly", O_RDWR | O_CREAT, 0600);
    topen(AT_FDCWD, "readonly", O_RDONLY | O_CREAT, 0600);
    topen(AT_FDCWD, "readonly", O_RDONLY | O_TRUNC);
    cat("readonly");
    // In a sticky directory of everybody's, other people's files are not created upon; one's own are.
    mkdirs("sticky");
    chmod("sticky", 01777);
    make("sticky/mine", 0, 0666, 0);
    make("sticky/mine", 0, 0666, 0);
    t(mknod, "sticky/fifo", S_IFIFO | 0666, 0);
    topen(AT_FDCWD, "sticky/fifo", O_RDWR | O_CREAT, 0600);
    // The name that a link ends in is not looked up where a slash follows it.
    char text[300] = "";
    memset(text, 'n', 256);
    strcpy(text + 256, "/");
    ln(text, "to_long");
    topen(AT_FDCWD, "to_long", O_WRONLY | O_CREAT, 0600);
    topen(AT_FDCWD, "to_long", O_WRONLY);
    strcpy(text + 256, "/x/");
    ln(text, "below_long");
    topen(AT_FDCWD, "below_long", O_WRONLY | O_CREAT, 0600);
}
