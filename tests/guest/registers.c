// What else a system call leaves alone: vector registers, flags, segment bases, and the return address in rcx.
#include "check.h"
#include <asm/prctl.h>

struct state {
    unsigned char xmm[16][16];
    unsigned long flags, rcx, here, fs, gs;
};
static struct state before, after;

// One system call with the sixteen xmm registers loaded from `before` and stored to `after`.
static long call(long nr, long a, long b, long c, long d) {
    long ret;
    register long r10 __asm__("r10") = d;
    __asm__ volatile(
        "lea %[before], %%r12; lea %[after], %%r13\n"
        "movups 0(%%r12), %%xmm0; movups 16(%%r12), %%xmm1; movups 32(%%r12), %%xmm2; movups 48(%%r12), %%xmm3\n"
        "movups 64(%%r12), %%xmm4; movups 80(%%r12), %%xmm5; movups 96(%%r12), %%xmm6; movups 112(%%r12), %%xmm7\n"
        "movups 128(%%r12), %%xmm8; movups 144(%%r12), %%xmm9; movups 160(%%r12), %%xmm10; movups 176(%%r12), %%xmm11\n"
        "movups 192(%%r12), %%xmm12; movups 208(%%r12), %%xmm13; movups 224(%%r12), %%xmm14; movups 240(%%r12), %%xmm15\n"
        "stc\n"
        "syscall\n"
        "1: mov %%rcx, %c[rcx](%%r13)\n"
        "lea 1b(%%rip), %%rcx; mov %%rcx, %c[here](%%r13)\n"
        "pushf; popq %c[flags](%%r13)\n"
        "movups %%xmm0, 0(%%r13); movups %%xmm1, 16(%%r13); movups %%xmm2, 32(%%r13); movups %%xmm3, 48(%%r13)\n"
        "movups %%xmm4, 64(%%r13); movups %%xmm5, 80(%%r13); movups %%xmm6, 96(%%r13); movups %%xmm7, 112(%%r13)\n"
        "movups %%xmm8, 128(%%r13); movups %%xmm9, 144(%%r13); movups %%xmm10, 160(%%r13); movups %%xmm11, 176(%%r13)\n"
        "movups %%xmm12, 192(%%r13); movups %%xmm13, 208(%%r13); movups %%xmm14, 224(%%r13); movups %%xmm15, 240(%%r13)\n"
        : "=a"(ret)
        : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), [before] "m"(before), [after] "m"(after),
          [rcx] "i"(offsetof(struct state, rcx)), [here] "i"(offsetof(struct state, here)), [flags] "i"(offsetof(struct state, flags))
        : "rcx", "r11", "r12", "r13", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
          "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    return ret;
}

static void check(const char *label, long ret) {
    printf("%s = %s: xmm %s, carry %s, direction %s", label, ret < 0 ? errno_name(-ret) : "ok",
           memcmp(before.xmm, after.xmm, sizeof before.xmm) ? "changed" : "kept", after.flags & 1 ? "set" : "clear", after.flags & 0x400 ? "set" : "clear");
    unsigned long fs = 0;
    sys(SYS_arch_prctl, ARCH_GET_FS, &fs);
    printf(", fs %s\n", fs == before.fs ? "kept" : "changed");
}

int main(void) {
    static struct stat st;
    static char text[PATH_MAX];
    mkfile("file", "x");
    ln("file", "link");
    for (int i = 0; i < 256; i++)
        before.xmm[i / 16][i % 16] = (unsigned char)(i * 37 + 11);
    sys(SYS_arch_prctl, ARCH_GET_FS, &before.fs);
#define C(name, a, b, c, d) check(#name, call(SYS_##name, (long)(a), (long)(b), (long)(c), (long)(d)))
    for (int round = 0; round < 2; round++) {
        C(getppid, 0, 0, 0, 0);
        C(stat, A("file"), &st, 0, 0);
        C(stat, A("missing"), &st, 0, 0);
        C(newfstatat, AT_FDCWD, "link", &st, AT_SYMLINK_NOFOLLOW);
        C(openat, AT_FDCWD, A("file"), O_RDONLY, 0);
        C(openat, AT_FDCWD, A("missing"), O_RDONLY, 0);
        C(access, A("file"), R_OK, 0, 0);
        C(readlink, A("link"), text, sizeof text, 0);
        C(getcwd, text, sizeof text, 0, 0);
        C(chdir, A(""), 0, 0, 0);
        C(mkdir, A("dir"), 0700, 0, 0);
        C(rename, A("dir"), A("dir2"), 0, 0);
        C(rmdir, A("dir2"), 0, 0, 0);
        C(chmod, A("file"), 0600, 0, 0);
        C(execve, A("missing"), 0, 0, 0);
        C(execve, A("file"), 0, 0, 0);
        C(statfs, A("file"), text, 0, 0);
        // A number outside the table.
        check("999", call(999, 1, 2, 3, 4));
        chmod("file", 0644);
    }
}
