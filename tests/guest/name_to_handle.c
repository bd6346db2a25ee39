// name_to_handle_at(2) and open_by_handle_at(2).
#include "check.h"

#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID 0x200
#endif

static struct {
    struct file_handle h;
    char room[128];
} one, two;
static int mount_one, mount_two;

static void reset(void) {
    memset(&one, 0, sizeof one);
    memset(&two, 0, sizeof two);
    one.h.handle_bytes = two.h.handle_bytes = 128;
}

static void same(void) {
    p(one.h.handle_bytes == two.h.handle_bytes && one.h.handle_type == two.h.handle_type &&
      !memcmp(one.h.f_handle, two.h.f_handle, one.h.handle_bytes) && mount_one == mount_two);
    reset();
}

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    mkfile("dir/inner", "x");
    ln("file", "link");
    ln("nowhere", "dangling");
    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY);

    one.h.handle_bytes = 0;
    t(name_to_handle_at, AT_FDCWD, "file", &one, &mount_one, 0);
    p(one.h.handle_bytes > 0);
    one.h.handle_bytes = 0;
    t(name_to_handle_at, AT_FDCWD, A("file"), &one, &mount_one, 0);
    p(one.h.handle_bytes > 0);
    reset();
    t(name_to_handle_at, AT_FDCWD, "file", &one, &mount_one, 0);
    t(name_to_handle_at, AT_FDCWD, A("file"), &two, &mount_two, 0);
    same();
    t(name_to_handle_at, file, "", &one, &mount_one, AT_EMPTY_PATH);
    t(name_to_handle_at, AT_FDCWD, "link", &two, &mount_two, AT_SYMLINK_FOLLOW);
    same();
    t(name_to_handle_at, AT_FDCWD, "link", &one, &mount_one, 0);
    t(name_to_handle_at, AT_FDCWD, A("link"), &two, &mount_two, 0);
    same();
    t(name_to_handle_at, AT_FDCWD, "link", &one, &mount_one, 0);
    t(name_to_handle_at, AT_FDCWD, A("link"), &two, &mount_two, AT_SYMLINK_FOLLOW);
    same();
    t(name_to_handle_at, dir, "inner", &one, &mount_one, 0);
    t(name_to_handle_at, AT_FDCWD, "dir/../dir/inner", &two, &mount_two, 0);
    same();
    t(name_to_handle_at, dir, "", &one, &mount_one, AT_EMPTY_PATH);
    t(name_to_handle_at, AT_FDCWD, A("dir"), &two, &mount_two, AT_HANDLE_FID);
    reset();

    t(name_to_handle_at, AT_FDCWD, "dangling", &one, &mount_one, 0);
    t(name_to_handle_at, AT_FDCWD, "dangling", &one, &mount_one, AT_SYMLINK_FOLLOW);
    t(name_to_handle_at, AT_FDCWD, "missing", &one, &mount_one, 0);
    t(name_to_handle_at, AT_FDCWD, A("missing"), &one, &mount_one, 0);
    t(name_to_handle_at, AT_FDCWD, "", &one, &mount_one, 0);
    t(name_to_handle_at, AT_FDCWD, "file/x", &one, &mount_one, 0);
    t(name_to_handle_at, 999, "file", &one, &mount_one, 0);
    t(name_to_handle_at, 999, "", &one, &mount_one, AT_EMPTY_PATH);
    t(name_to_handle_at, file, "x", &one, &mount_one, 0);
    t(name_to_handle_at, AT_FDCWD, "file", &one, &mount_one, 0x4000);
    t(name_to_handle_at, AT_FDCWD, "file", 0, &mount_one, 0);
    t(name_to_handle_at, AT_FDCWD, "file", &one, 0, 0);
    t(name_to_handle_at, AT_FDCWD, 0, &one, &mount_one, 0);
    one.h.handle_bytes = 1000;
    t(name_to_handle_at, AT_FDCWD, "file", &one, &mount_one, 0);

    reset();
    sys(SYS_name_to_handle_at, AT_FDCWD, "file", &one, &mount_one, 0);
    t(open_by_handle_at, dir, &one, O_RDONLY);
    t(open_by_handle_at, AT_FDCWD, &one, O_RDONLY);
}
