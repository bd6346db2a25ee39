// brk(2): starts behind the program, grows, shrinks, refuses; survives fork; limits.
#include "check.h"

extern char _end[];

int main(void) {
    char *start = (char *)sys(SYS_brk, 0);
    p(start >= _end);
    p(start < _end + (64l << 30));
    p((char *)sys(SYS_brk, 1) == start);
    p((char *)sys(SYS_brk, start + 100000) == start + 100000);
    memset(start, 7, 100000);
    p((char *)sys(SYS_brk, 0) == start + 100000);
    p((char *)sys(SYS_brk, start + 3) == start + 3);
    p((char *)sys(SYS_brk, start + (1 << 20)) == start + (1 << 20));
    int zero = 1;
    for (int i = 8192; i < 100000; i++)
        zero &= start[i] == 0;
    p(zero);
    p((char *)sys(SYS_brk, start + (64 << 20)) == start + (64 << 20));
    start[(64 << 20) - 1] = 1;
    p((char *)sys(SYS_brk, start) == start);

    // A mapping in the way stops it.
    char *page = (char *)(((long)start + 4095 + 65536) & ~4095l);
    p(mmap(page, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == page);
    p((char *)sys(SYS_brk, page + 8192) == start);
    p((char *)sys(SYS_brk, page) == page);
    munmap(page, 4096);
    p((char *)sys(SYS_brk, page + 8192) == page + 8192);

    // The maps call it the heap.
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    int heap = 0;
    while (maps && fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        if (strstr(line, "[heap]") && sscanf(line, "%lx-%lx", &from, &to) == 2)
            heap |= from <= (unsigned long)page && to > (unsigned long)page;
    }
    p(heap);

    struct rlimit limit = {1 << 20, 1 << 20};
    setrlimit(RLIMIT_DATA, &limit);
    p((char *)sys(SYS_brk, start + (8 << 20)) == page + 8192);
    pid_t pid = fork();
    if (!pid) {
        char *mine = (char *)sys(SYS_brk, 0);
        _exit(mine == page + 8192 && (char *)sys(SYS_brk, mine - 4096) == mine - 4096 ? 0 : 1);
    }
    show_end("child", pid);
    p((char *)sys(SYS_brk, 0) == page + 8192);
}
