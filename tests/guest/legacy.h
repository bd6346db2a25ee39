// Calls that only older ABIs have, by what a newer one (AArch64) has in their place. Included by check.h.
#ifndef LEGACY_H
#define LEGACY_H

enum {
    SYS_open = 100000,
    SYS_creat,
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_mkdir,
    SYS_rmdir,
    SYS_unlink,
    SYS_link,
    SYS_symlink,
    SYS_readlink,
    SYS_rename,
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
    SYS_mknod,
    SYS_fork,
    SYS_utime,
    SYS_utimes,
    SYS_futimesat,
    SYS_pause,
    SYS_poll,
    SYS_inotify_init,
    SYS_dup2,
    SYS_pipe,
};

// The call `*nr` with `args` becomes one that there is.
static void modern(long *nr, long args[6]) {
    static __thread struct timespec timeout;
    const long at = AT_FDCWD, a = args[0], b = args[1], c = args[2];
#define IS(call, ...)                                                                                              \
    do {                                                                                                           \
        const long is[6] = {__VA_ARGS__};                                                                          \
        *nr = (call);                                                                                              \
        memcpy(args, is, sizeof is);                                                                               \
    } while (0)
    switch (*nr) {
    case SYS_open: IS(SYS_openat, at, a, b, c); break;
    case SYS_creat: IS(SYS_openat, at, a, O_CREAT | O_WRONLY | O_TRUNC, b); break;
    case SYS_stat: IS(SYS_newfstatat, at, a, b, 0); break;
    case SYS_lstat: IS(SYS_newfstatat, at, a, b, AT_SYMLINK_NOFOLLOW); break;
    case SYS_access: IS(SYS_faccessat, at, a, b); break;
    case SYS_mkdir: IS(SYS_mkdirat, at, a, b); break;
    case SYS_rmdir: IS(SYS_unlinkat, at, a, AT_REMOVEDIR); break;
    case SYS_unlink: IS(SYS_unlinkat, at, a, 0); break;
    case SYS_link: IS(SYS_linkat, at, a, at, b, 0); break;
    case SYS_symlink: IS(SYS_symlinkat, a, at, b); break;
    case SYS_readlink: IS(SYS_readlinkat, at, a, b, c); break;
    case SYS_rename: IS(SYS_renameat, at, a, at, b); break;
    case SYS_chmod: IS(SYS_fchmodat, at, a, b); break;
    case SYS_chown: IS(SYS_fchownat, at, a, b, c, 0); break;
    case SYS_lchown: IS(SYS_fchownat, at, a, b, c, AT_SYMLINK_NOFOLLOW); break;
    case SYS_mknod: IS(SYS_mknodat, at, a, b, c); break;
    case SYS_fork: IS(SYS_clone, SIGCHLD); break;
    // The times themselves are of another form: now will do.
    case SYS_utime:
    case SYS_utimes: IS(SYS_utimensat, at, a, 0, 0); break;
    case SYS_futimesat: IS(SYS_utimensat, a, b, 0, 0); break;
    case SYS_pause: IS(SYS_ppoll, 0); break;
    case SYS_poll:
        timeout = (struct timespec){c / 1000, c % 1000 * 1000000};
        IS(SYS_ppoll, a, b, (int)c < 0 ? 0 : (long)&timeout);
        break;
    case SYS_inotify_init: IS(SYS_inotify_init1, 0); break;
    case SYS_dup2: IS(SYS_dup3, a, b, 0); break;
    case SYS_pipe: IS(SYS_pipe2, a, 0); break;
    }
#undef IS
}

#endif
