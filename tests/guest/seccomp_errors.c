// What seccomp(2) and prctl(2) refuse, and in which order they look.
#include "seccomp.h"

static struct sock_filter allow_all[] = {RET(SECCOMP_RET_ALLOW)};
static struct sock_filter bad_load[] = {LOAD(64), RET(SECCOMP_RET_ALLOW)};
static struct sock_filter odd_load[] = {LOAD(2), RET(SECCOMP_RET_ALLOW)};
static struct sock_filter no_end[] = {LOAD(0)};
static struct sock_filter far_jump[] = {BPF_STMT(BPF_JMP | BPF_JA, 5), RET(SECCOMP_RET_ALLOW)};
static struct sock_filter far_branch[] = {IF(0, 9, 0), RET(SECCOMP_RET_ALLOW)};
static struct sock_filter back_jump[] = {BPF_STMT(BPF_JMP | BPF_JA, -2u), RET(SECCOMP_RET_ALLOW)};
static struct sock_filter modulo[] = {BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), RET(SECCOMP_RET_ALLOW)};
static struct sock_filter by_zero[] = {BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RET(SECCOMP_RET_ALLOW)};
static struct sock_filter half_word[] = {BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), RET(SECCOMP_RET_ALLOW)};
static struct sock_filter unset_memory[] = {BPF_STMT(BPF_LD | BPF_MEM, 3), RET(SECCOMP_RET_ALLOW)};
static struct sock_filter memory_17[] = {BPF_STMT(BPF_ST, 16), RET(SECCOMP_RET_ALLOW)};
static struct sock_filter unknown[] = {{0xffff, 0, 0, 0}, RET(SECCOMP_RET_ALLOW)};
static struct sock_filter big[4097];

static long try(struct sock_filter *code, unsigned short count, unsigned long flags) {
    struct sock_fprog program = {count, code};
    return sys(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static void refused(void) {
    p(try(allow_all, 0, 0));
    p(try(bad_load, 2, 0));
    p(try(odd_load, 2, 0));
    p(try(no_end, 1, 0));
    p(try(far_jump, 2, 0));
    p(try(far_branch, 2, 0));
    p(try(back_jump, 2, 0));
    p(try(modulo, 2, 0));
    p(try(by_zero, 2, 0));
    p(try(half_word, 2, 0));
    p(try(unset_memory, 2, 0));
    p(try(memory_17, 2, 0));
    p(try(unknown, 2, 0));
    p(try(big, 4097, 0));
    p(try((struct sock_filter *)bad_page(), 1, 0));
    p(try(0, 1, 0));
    t(seccomp, SECCOMP_SET_MODE_FILTER, 0, 0);
    t(seccomp, SECCOMP_SET_MODE_FILTER, 0, bad_page());
    t(seccomp, SECCOMP_SET_MODE_FILTER, 1 << 20, 0);
    p(try(allow_all, 1, 1 << 20));
    p(try(allow_all, 0, 1 << 20));
    p(try(allow_all, 1, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV));
    t(prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 0);
    t(prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, bad_page());
    t(prctl, PR_SET_SECCOMP, 7, 0);
    t(prctl, PR_SET_SECCOMP, 0, 0);
    t(seccomp, SECCOMP_SET_MODE_STRICT, 1, 0);
    t(seccomp, SECCOMP_SET_MODE_STRICT, 0, 1);
    t(seccomp, 77, 0, 0);
    t(seccomp, SECCOMP_GET_ACTION_AVAIL, 1, 0);
    t(seccomp, SECCOMP_GET_ACTION_AVAIL, 0, 0);
    t(seccomp, SECCOMP_GET_ACTION_AVAIL, 0, bad_page());
    unsigned actions[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO,
                          SECCOMP_RET_TRACE, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW, 0x12340000, 1};
    for (size_t i = 0; i < LENGTH(actions); i++)
        t(seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &actions[i]);
    t(prctl, PR_GET_SECCOMP, 0, 0, 0, 0);
    t(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    t(prctl, PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0);
    t(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 1);
    t(prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
    t(prctl, PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0);
    t(prctl, PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0);
    t(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 1);
}

int main(void) {
    printf("without no_new_privs\n");
    refused();
    p(try(allow_all, 1, 0));
    t(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    printf("with no_new_privs\n");
    refused();
    for (size_t i = 0; i < 4096; i++)
        big[i] = (struct sock_filter)RET(SECCOMP_RET_ALLOW);
    p(try(allow_all, 1, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW));
    p(try(big, 3000, 0));
    CHILD("filters of 32768 instructions together are too long", {
        long ret = 0;
        for (int i = 0; !ret && i < 100; i++)
            ret = try(big, 3000, 0);
        printf("%ld\n", ret);
    });
    t(prctl, PR_GET_SECCOMP, 0, 0, 0, 0);
    t(seccomp, SECCOMP_SET_MODE_STRICT, 0, 0);
    t(prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    CHILD("the second way", {
        struct sock_fprog program = {1, allow_all};
        t(prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
    });
}
