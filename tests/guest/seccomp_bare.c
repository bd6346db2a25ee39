// A program that allows itself little more than to be replaced by another: what loads that is nothing it calls.
#define RUN_BY_ANYBODY
#include "seccomp.h"

static const char *const text = "executed\n";

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1) {
        sys(SYS_write, 1, text, strlen(text));
        sys(SYS_exit_group, 3);
    }
    copy_self("self");
    char *path = A("self");
    char *words[] = {"self", "again", 0};
    // What a static program's own start needs, and no open, mmap or prctl.
    const int allowed[] = {SYS_execve,  SYS_write,      SYS_exit_group, SYS_brk,   SYS_arch_prctl, SYS_set_tid_address,
                           SYS_mprotect, SYS_getrandom, SYS_prlimit64, SYS_readlink, SYS_readlinkat, SYS_getcwd,  SYS_umask,      SYS_geteuid,    334, SYS_set_robust_list};
    CHILD("bare", {
        allow_only(allowed, LENGTH(allowed), SECCOMP_RET_ERRNO | ENOSYS);
        execve(path, words, (char *[]){0});
    });
    CHILD("deadly", {
        const int deadly[] = {SYS_openat, SYS_mmap, SYS_munmap, SYS_pread64, SYS_lseek, SYS_close, SYS_personality};
        for (size_t i = 0; i < LENGTH(deadly); i++)
            filter(deadly[i], SECCOMP_RET_KILL_PROCESS);
        execve(path, words, (char *[]){0});
    });
}
