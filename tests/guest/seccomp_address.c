// A filter that forbids a call at some addresses forbids it there, wherever that is in a page.
#include "seccomp.h"

typedef long call_t(long nr, long a, long b);
static unsigned char *page;

// The call whose instruction ends at `offset` of a page.
static call_t *call_at(unsigned offset) {
    // mov rax, rdi; mov rdi, rsi; mov rsi, rdx; syscall; ret
    static const unsigned char code[] = {0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7, 0x48, 0x89, 0xd6, 0x0f, 0x05, 0xc3};
    unsigned char *start = page + 4096 + offset - 11;
    memcpy(start, code, sizeof code);
    return (call_t *)start;
}

int main(void) {
    page = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        die("mmap");
    const unsigned actions[] = {SECCOMP_RET_TRAP, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ERRNO | EXDEV};
    for (size_t a = 0; a < LENGTH(actions); a++) {
        int made = 0, unharmed = 0;
        for (unsigned offset = 0; offset < 256; offset += 2) {
            pid_t pid = fork();
            if (!pid) {
                struct rlimit none = {0, 0};
                setrlimit(RLIMIT_CORE, &none);
                struct sock_filter code[] = {
                    LOAD(NR_FIELD),
                    IF(SYS_mkdir, 0, 4),
                    LOAD(offsetof(struct seccomp_data, instruction_pointer)),
                    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 1),
                    IF(0, 0, 1),
                    RET(actions[a]),
                    RET(SECCOMP_RET_ALLOW),
                };
                install(code, LENGTH(code));
                _exit(call_at(offset)(SYS_mkdir, (long)"made", 0700) == 0);
            }
            int status;
            waitpid(pid, &status, 0);
            unharmed += WIFEXITED(status);
            made += rmdir("made") == 0;
        }
        printf("action %zu: made %d, unharmed %d\n", a, made, unharmed);
    }
}
