// Small ELF files made here: where segments, alignments and stacks lead the kernel's loader and xroot's alike.
#include "check.h"
#include <elf.h>

// write(1, "ran\n", 4); exit(0); as position-independent code.
static const unsigned char CODE[] = {
    0xb8, 1, 0, 0, 0, 0xbf, 1, 0, 0, 0, 0x48, 0x8d, 0x35, 0x13, 0, 0, 0, 0xba, 4, 0, 0, 0, 0x0f, 0x05,
    0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05, 0x0f, 0x0b, 0, 0, 'r', 'a', 'n', '\n',
};
// The same for a program that first reads `(%rsi)`, an address put in by with_address(), and exits with the byte there.
static unsigned char READS[] = {
    0x48, 0xbe, 0, 0, 0, 0, 0, 0, 0, 0, 0x0f, 0xb6, 0x3e, 0xb8, 60, 0, 0, 0, 0x0f, 0x05, 0x0f, 0x0b,
};

static Elf64_Ehdr header;
static Elf64_Phdr segments[40];
static int count;
static const unsigned char *code;
static size_t code_size;

static void begin(int type, uint64_t base) {
    memset(segments, 0, sizeof segments);
    header = (Elf64_Ehdr){
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, .e_type = type, .e_machine = EM_X86_64,
        .e_version = EV_CURRENT, .e_entry = base + 0x1000, .e_phoff = 64, .e_ehsize = 64, .e_phentsize = 56,
    };
    segments[0] = (Elf64_Phdr){PT_LOAD, PF_R | PF_X, 0, base, base, 0x2000, 0x2000, 0x1000};
    count = 1;
    code = CODE;
    code_size = sizeof CODE;
}

static Elf64_Phdr *add(uint32_t type, uint32_t flags, uint64_t offset, uint64_t at, uint64_t file, uint64_t memory, uint64_t align) {
    segments[count] = (Elf64_Phdr){type, flags, offset, at, at, file, memory, align};
    return &segments[count++];
}

static void run(const char *label) {
    static unsigned char file[0x4000];
    memset(file, 0, sizeof file);
    header.e_phnum = count;
    memcpy(file, &header, 64);
    memcpy(file + 64, segments, count * 56);
    memcpy(file + 0x1000, code, code_size);
    memset(file + 0x2000, 'd', 0x1000);
    int fd = open("made", O_WRONLY | O_CREAT | O_TRUNC, 0755);
    write(fd, file, sizeof file);
    close(fd);
    pid_t pid = fork();
    if (!pid) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        char *args[] = {"made", 0}, *env[] = {0};
        printf("  %s\n", errno_name(-sys(SYS_execve, "./made", args, env)));
        _exit(1);
    }
    show_end(label, pid);
}

static void reads(uint64_t address) {
    memcpy(READS + 2, &address, 8);
    code = READS;
    code_size = sizeof READS;
}

int main(void) {
    uint64_t base = 0x10000000;
    begin(ET_EXEC, base);
    run("one segment, fixed");
    begin(ET_DYN, 0);
    run("one segment, anywhere");
    begin(ET_DYN, 0x5000);
    run("anywhere, first address not 0");
    begin(ET_EXEC, base);
    segments[0].p_align = 1;
    run("alignment 1");
    segments[0].p_align = 0;
    run("alignment 0");
    segments[0].p_align = 3;
    run("alignment 3");
    begin(ET_DYN, 0);
    segments[0].p_align = 1 << 21;
    run("alignment 2 MiB");
    segments[0].p_align = 1 << 30;
    run("alignment 1 GiB");
    segments[0].p_align = 1ull << 46;
    run("alignment 64 TiB");

    begin(ET_EXEC, base);
    add(PT_LOAD, PF_R | PF_W, 0x2000, base + 0x10000, 0x1000, 0x3000, 0x1000);
    reads(base + 0x10000);
    run("data");
    reads(base + 0x12fff);
    run("zeros behind the data");
    reads(base + 0x13000);
    run("behind the zeros");
    reads(base + 0x8000);
    run("a hole between segments");
    begin(ET_EXEC, base);
    add(PT_LOAD, PF_R | PF_W, 0x2000, base + 0x10000, 0x800, 0x900, 0x1000);
    reads(base + 0x107ff);
    run("the last byte of the file's part");
    reads(base + 0x10800);
    run("the first zero");
    reads(base + 0x10fff);
    run("the rest of the page is zero too");
    begin(ET_EXEC, base);
    add(PT_LOAD, PF_R, 0x2000, base + 0x10000, 0x800, 0x800, 0x1000);
    reads(base + 0x10900);
    run("the rest of a page that may not be written is the file's");
    begin(ET_EXEC, base);
    add(PT_LOAD, PF_R | PF_W, 0, base + 0x10000, 0, 0x5000, 0x1000);
    reads(base + 0x14000);
    run("a segment of zeros only");
    begin(ET_EXEC, base);
    add(PT_LOAD, PF_R, 0, base + 0x10000, 0, 0x5000, 0x1000);
    reads(base + 0x14000);
    run("zeros that may not be written");
    begin(ET_EXEC, base);
    add(PT_LOAD, 0, 0x2000, base + 0x10000, 0x1000, 0x1000, 0x1000);
    reads(base + 0x10000);
    run("no access");
    begin(ET_EXEC, base);
    add(PT_LOAD, PF_W, 0x2000, base + 0x10000, 0x1000, 0x1000, 0x1000);
    reads(base + 0x10000);
    run("only written");
    begin(ET_EXEC, base);
    segments[0].p_flags = PF_X;
    run("only executed");
    segments[0].p_flags = PF_R;
    run("not executable");

    // Overlapping segments, the later above the earlier.
    begin(ET_EXEC, base);
    add(PT_LOAD, PF_R, 0x2000, base + 0x2000, 0x1000, 0x1000, 0x1000);
    add(PT_LOAD, PF_R, 0x1000, base + 0x2000, 0x1000, 0x1000, 0x1000);
    reads(base + 0x2000);
    run("one over the other");
    begin(ET_EXEC, base);
    for (int i = 0; i < 30; i++)
        add(PT_LOAD, PF_R | PF_W, 0x2000, base + 0x10000 + i * 0x3000, 0x1000, 0x1800, 0x1000);
    reads(base + 0x10000 + 29 * 0x3000);
    run("31 segments");
    begin(ET_EXEC, base);
    add(PT_LOAD, PF_R, 0x2000, 0x8000000, 0x1000, 0x1000, 0x1000);
    reads(0x8000000);
    run("the second below the first");
    begin(ET_DYN, 0x10000000);
    add(PT_LOAD, PF_R, 0x2000, 0x8000000, 0x1000, 0x1000, 0x1000);
    run("the second below the first, anywhere");
    begin(ET_EXEC, base);
    add(PT_NULL, 7, 1ull << 60, 1ull << 60, 1ull << 60, 1, 0);
    add(PT_PHDR, 4, 1ull << 60, 0, 0, 0, 3);
    add(0x6fffffff, 7, 5, 5, 5, 5, 5);
    run("headers of no meaning");
    begin(ET_EXEC, 0x10000);
    run("at 64 KiB");
    begin(ET_EXEC, 0);
    run("at 0");
    begin(ET_EXEC, 0x7fff00000000);
    run("high");
    begin(ET_EXEC, 0x7ffffffff000);
    run("at the end");
    begin(ET_EXEC, 0x800000000000);
    run("beyond the end");
    begin(ET_EXEC, base);
    segments[0].p_filesz = segments[0].p_memsz = 0x5000;
    run("behind the file's end");
    begin(ET_EXEC, base);
    header.e_entry = base + 0x100000;
    run("entry outside");
    begin(ET_EXEC, base);
    segments[0].p_memsz = 0;
    segments[0].p_filesz = 0;
    run("empty segment");
    begin(ET_EXEC, base);
    add(PT_LOAD, PF_R | PF_W, 0x2000, base + 0x10000, 0, 0, 0x1000);
    run("another empty segment");
    begin(ET_EXEC, base + 0x10);
    segments[0].p_offset = 0x10;
    segments[0].p_filesz = segments[0].p_memsz = 0x1ff0;
    header.e_entry = base + 0x1000;
    run("not at a page's start");
    segments[0].p_offset = 0x20;
    run("offset and address do not fit");

    // The stack, readable code or not.
    for (int flags = 4; flags < 8; flags++) {
        begin(ET_EXEC, base);
        add(PT_GNU_STACK, flags, 0, 0, 0, 0, 16);
        // jmp *%rsp after a push of exit(9): mov rax, imm64; push rax; push...
        static const unsigned char on_stack[] = {
            0x48, 0xb8, 0x0f, 0x05, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x50,             // push "syscall"
            0x48, 0xb8, 0x6a, 0x3c, 0x58, 0x6a, 0x09, 0x5f, 0x90, 0x90, 0x50,             // push "push 60; pop rax; push 9; pop rdi"
            0xff, 0xe4,
        };
        code = on_stack;
        code_size = sizeof on_stack;
        char label[32];
        snprintf(label, sizeof label, "stack flags %d", flags);
        run(label);
    }
    begin(ET_EXEC, base);
    code = (const unsigned char *)"\x48\xb8\x0f\x05\x90\x90\x90\x90\x90\x90\x50\x48\xb8\x6a\x3c\x58\x6a\x09\x5f\x90\x90\x50\xff\xe4";
    code_size = 24;
    run("no stack header");
}
