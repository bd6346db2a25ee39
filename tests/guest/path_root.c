// Every path call on the root directory, by each of its names.
#include "paths.h"

int main(void) {
    kinds();
    put_back = reset;
    static const char *const paths[] = {"/", "//", "/.", "/..", "/../", "/./../.."};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        for (size_t j = 0; j < sizeof path_calls / sizeof *path_calls; j++) {
            const struct path_call *call = &path_calls[j];
            // The root is somebody else's natively, and the caller's own under xroot; and it may be another mount than
            // the working directory.
            static const char *const by_owner[] = {"chmod", "fchmod", "chown", "utime", "utimens", "futimes", "setxattr",
                                                   "removexattr", "lremovexattr", "lsetxattr", "tmpfile", "fchown",
                                                   "lchown", "faccessat", "fanotify", "rename", "link_of", "linkat_of"};
            bool owners = false;
            for (size_t k = 0; k < sizeof by_owner / sizeof *by_owner; k++)
                owners |= strstr(call->name, by_owner[k]) != 0;
            if (owners)
                continue;
            long ret = call->make(AT_FDCWD, paths[i]);
            printf("%s %s = %s\n", paths[i], call->name, ret < 0 ? errno_name(-ret) : "ok");
            if (ret >= 0 && call->changes)
                reset();
        }
}
