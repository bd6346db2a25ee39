// fanotify(7) as an ordinary user may use it: file handles in the events, marks on single objects.
#include "check.h"
#include <sys/fanotify.h>

#ifndef FAN_REPORT_DIR_FID
#define FAN_REPORT_DIR_FID 0x400
#endif
#ifndef FAN_REPORT_NAME
#define FAN_REPORT_NAME 0x800
#endif

static int fd;

static void events(const char *label) {
    _Alignas(8) char buffer[4096];
    long n = read(fd, buffer, sizeof buffer);
    printf("%s:", label);
    struct fanotify_event_metadata *e = (void *)buffer;
    for (; FAN_EVENT_OK(e, n); e = FAN_EVENT_NEXT(e, n)) {
        struct fanotify_event_info_fid *info = (void *)(e + 1);
        struct file_handle *handle = (void *)info->handle;
        printf(" mask %#llx %s", (unsigned long long)e->mask, e->pid == getpid() ? "mine" : "others");
        if (info->hdr.info_type == FAN_EVENT_INFO_TYPE_DFID_NAME)
            printf(" name %s", (char *)handle->f_handle + handle->handle_bytes);
        printf(";");
    }
    printf("\n");
}

int main(void) {
    mkdirs("dir");
    mkfile("dir/inner", "x");
    mkfile("file", "x");
    ln("file", "link");
    ln("nowhere", "dangling");

    t(fanotify_init, FAN_CLASS_NOTIF, O_RDONLY);
    t(fanotify_init, FAN_CLASS_CONTENT | FAN_REPORT_FID, O_RDONLY);
    fd = sys(SYS_fanotify_init, FAN_CLASS_NOTIF | FAN_REPORT_DIR_FID | FAN_REPORT_NAME | FAN_NONBLOCK, O_RDONLY);
    p(fd >= 0 ? 0 : fd);
    if (fd < 0)
        return 0;
    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY);
    uint64_t mask = FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO | FAN_ONDIR | FAN_EVENT_ON_CHILD;

    t(fanotify_mark, fd, FAN_MARK_ADD, mask, AT_FDCWD, "dir");
    t(fanotify_mark, fd, FAN_MARK_REMOVE, mask, AT_FDCWD, A("dir"));
    t(fanotify_mark, fd, FAN_MARK_ADD, mask, AT_FDCWD, A("dir"));
    t(fanotify_mark, fd, FAN_MARK_REMOVE, mask, dir, 0);
    t(fanotify_mark, fd, FAN_MARK_ADD, mask, dir, ".");
    t(fanotify_mark, fd, FAN_MARK_ADD, FAN_MODIFY, dir, "inner");
    t(fanotify_mark, fd, FAN_MARK_ADD, FAN_ATTRIB, AT_FDCWD, "link");
    t(fanotify_mark, fd, FAN_MARK_ADD | FAN_MARK_DONT_FOLLOW, FAN_ATTRIB, AT_FDCWD, "dangling");
    t(fanotify_mark, fd, FAN_MARK_ADD, FAN_ATTRIB, AT_FDCWD, "dangling");
    t(fanotify_mark, fd, FAN_MARK_ADD | FAN_MARK_ONLYDIR, FAN_ATTRIB, AT_FDCWD, "file");
    t(fanotify_mark, fd, FAN_MARK_ADD, FAN_ATTRIB, AT_FDCWD, "missing");
    t(fanotify_mark, fd, FAN_MARK_ADD, FAN_ATTRIB, AT_FDCWD, A("missing"));
    t(fanotify_mark, fd, FAN_MARK_ADD, FAN_ATTRIB, AT_FDCWD, "file/x");
    t(fanotify_mark, fd, FAN_MARK_ADD, FAN_ATTRIB, 999, "file");
    t(fanotify_mark, fd, FAN_MARK_ADD, FAN_ATTRIB, 999, 0);
    t(fanotify_mark, fd, FAN_MARK_ADD, FAN_ATTRIB, AT_FDCWD, bad_page());
    t(fanotify_mark, fd, FAN_MARK_ADD, FAN_ATTRIB, file, "x");
    t(fanotify_mark, fd, FAN_MARK_ADD, 0, AT_FDCWD, "file");
    t(fanotify_mark, fd, FAN_MARK_ADD | FAN_MARK_REMOVE, FAN_ATTRIB, AT_FDCWD, "file");
    t(fanotify_mark, fd, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_ATTRIB, AT_FDCWD, "file");
    t(fanotify_mark, fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_ATTRIB, AT_FDCWD, "file");
    t(fanotify_mark, fd, FAN_MARK_REMOVE, FAN_ATTRIB, AT_FDCWD, "dir/..");
    t(fanotify_mark, 999, FAN_MARK_ADD, FAN_ATTRIB, AT_FDCWD, "file");
    t(fanotify_mark, 0, FAN_MARK_ADD, FAN_ATTRIB, AT_FDCWD, "file");
    events("nothing yet");

    topen(AT_FDCWD, A("dir/new"), O_RDWR | O_CREAT, 0600);
    events("create");
    t(rename, A("dir/new"), "dir/newer");
    events("rename");
    t(mkdir, A("dir/sub"), 0700);
    events("mkdir");
    t(truncate, A("dir/inner"), 3);
    events("truncate");
    t(chmod, A("file"), 0600);
    events("chmod");
    t(unlink, A("dir/newer"));
    events("unlink");
    t(fanotify_mark, fd, FAN_MARK_FLUSH, 0, AT_FDCWD, 0);
    t(rmdir, A("dir/sub"));
    events("rmdir after the flush");
}
