// Every path call from a directory that is deleted, as the working directory and as a descriptor.
#include "paths.h"

static int gone;

static void leave(void) {
    reset();
    close(gone);
    mkdirs("parent");
    mkdirs("parent/gone");
    gone = open("parent/gone", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (gone < 0 || fchdir(gone) || rmdir(A("parent/gone")))
        die("leave the directory");
}

int main(void) {
    kinds();
    gone = -1;
    static const char *const paths[] = {".", "..", "x", "./x", "../x", "../../file", "../gone", "", "/", "x/y"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        for (size_t j = 0; j < sizeof path_calls / sizeof *path_calls; j++) {
            const struct path_call *call = &path_calls[j];
            // The root belongs to somebody else natively, and may be another mount.
            if (!strcmp(paths[i], "/") && (call->changes || strstr(call->name, "ch") || strstr(call->name, "ut") ||
                                           strstr(call->name, "attr") || strstr(call->name, "access") || strstr(call->name, "tmp") || strstr(call->name, "fano")))
                continue;
            leave();
            // Whoever has been away and back is not in the deleted directory any more.
            long ret = call->make(AT_FDCWD, paths[i]);
            printf("in it: \"%s\" %s = %s\n", paths[i], call->name, ret < 0 ? errno_name(-ret) : "ok");
            if (!call->at || !strcmp(paths[i], "/"))
                continue;
            leave();
            if (fchdir(start_fd))
                die("fchdir");
            ret = call->make(gone, paths[i]);
            printf("of it: \"%s\" %s = %s\n", paths[i], call->name, ret < 0 ? errno_name(-ret) : "ok");
        }
    }
    leave();
    char text[PATH_MAX];
    t(getcwd, text, sizeof text);
    t(fchdir, gone);
    t(getcwd, text, sizeof text);
    // The parent too.
    t(rmdir, A("parent"));
    t(chdir, "..");
    t(getcwd, text, sizeof text);
    t(chdir, "..");
    tv(getcwd, text, sizeof text);
    p(!strcmp(text, start_dir));
}
