// Several filters: the most restrictive action counts, of equal ones the newest; all instructions do what they say.
#include "seccomp.h"

static struct stat st;

static void calls(void) {
    t(stat, A("file"), &st);
    tv(getppid);
}

static void both(unsigned action) {
    filter(SYS_stat, action);
    filter(SYS_getppid, action);
}

// Computes an errno in a roundabout way: 17 for stat, ALLOW for the rest.
static void computed(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_IMM, 3),
        BPF_STMT(BPF_ST, 1),
        LOAD(NR_FIELD),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 0),
        IF(SYS_stat, 1, 0),
        RET(SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_LDX | BPF_MEM, 1),
        BPF_STMT(BPF_LD | BPF_IMM, 2),
        BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 0),
        BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
        BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    install(code, LENGTH(code));
}

// Begins with what the accumulator holds at the start: 0.
static void untouched(void) {
    struct sock_filter code[] = {IF(0, 1, 0), RET(SECCOMP_RET_KILL_PROCESS), BPF_STMT(BPF_MISC | BPF_TXA, 0), IF(0, 1, 0),
                                 RET(SECCOMP_RET_KILL_PROCESS), RET(SECCOMP_RET_ALLOW)};
    install(code, LENGTH(code));
}

static void long_filter(unsigned count) {
    static struct sock_filter code[4096];
    for (unsigned i = 0; i < count - 3; i++)
        code[i] = (struct sock_filter)LOAD(NR_FIELD);
    code[count - 3] = (struct sock_filter)IF(SYS_stat, 0, 1);
    code[count - 2] = (struct sock_filter)RET(SECCOMP_RET_ERRNO | 40);
    code[count - 1] = (struct sock_filter)RET(SECCOMP_RET_ALLOW);
    install(code, count);
}

int main(void) {
    mkfile("file", "x");
    const unsigned order[] = {SECCOMP_RET_ALLOW, SECCOMP_RET_LOG, SECCOMP_RET_TRACE, SECCOMP_RET_ERRNO | 7,
                              SECCOMP_RET_ERRNO | 9, SECCOMP_RET_TRAP};
    for (size_t i = 0; i < LENGTH(order); i++)
        for (size_t j = 0; j < LENGTH(order); j++) {
            printf("-- %zu then %zu\n", i, j);
            CHILD("child", both(order[i]), both(order[j]), calls());
        }
    CHILD("computed", computed(), calls());
    CHILD("untouched", untouched(), calls(), tv(openat, AT_FDCWD, A("file"), O_RDONLY));
    CHILD("long", long_filter(1000), calls());
    CHILD("longer", long_filter(3900), calls());
    CHILD("longest", long_filter(4090), calls(), tv(openat, AT_FDCWD, A("file"), O_RDONLY));
    CHILD("many", for (int i = 0; i < 50; i++) filter(1000 + i, SECCOMP_RET_KILL_PROCESS); calls());
}
