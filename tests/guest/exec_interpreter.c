// PT_INTERP: which file it is, what is wrong with it, and what the program gets of it.
#include "check.h"
#include <elf.h>
#include <sys/auxv.h>

static unsigned char *image;
static size_t size;
static Elf64_Ehdr *e;
static Elf64_Phdr *spare;

static void run(const char *label, const char *interpreter, size_t length) {
    memset(image + size, 0, 4096);
    memcpy(image + size, interpreter, strlen(interpreter));
    spare->p_type = PT_INTERP;
    spare->p_offset = size;
    spare->p_filesz = length;
    int fd = open("with", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    if (write(fd, image, size + 4096) != (ssize_t)size + 4096)
        die("write");
    close(fd);
    pid_t pid = fork();
    if (!pid) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        char *args[] = {"with", "child", 0}, *env[] = {0};
        printf("  %s\n", errno_name(-sys(SYS_execve, "./with", args, env)));
        _exit(1);
    }
    show_end(label, pid);
}

#define RUN(label, name) run(label, name, strlen(name) + 1)

void _start(void);

int main(int argc, char **argv) {
    if (argc > 1) {
        // The interpreter, a copy of this program, runs; the program that named it is only mapped.
        printf("  base %d, entry %d, name %s\n", getauxval(AT_BASE) != 0 || getauxval(AT_ENTRY) == (uintptr_t)_start,
               getauxval(AT_ENTRY) != 0, shown((char *)getauxval(AT_EXECFN)));
        char exe[PATH_MAX];
        exe[readlink("/proc/self/exe", exe, sizeof exe - 1)] = 0;
        printf("  exe %s\n", shown(exe));
        return 9;
    }
    struct stat st;
    int fd = open("/proc/self/exe", O_RDONLY);
    fstat(fd, &st);
    size = (st.st_size + 4095) & ~4095ul;
    image = calloc(1, size + 4096);
    read(fd, image, st.st_size);
    close(fd);
    e = (Elf64_Ehdr *)image;
    Elf64_Phdr *ph = (Elf64_Phdr *)(image + e->e_phoff);
    for (int i = 0; i < e->e_phnum; i++)
        if (ph[i].p_type == PT_NOTE)
            spare = ph + i;
    // A static position-independent program of a few bytes serves as interpreter: exit(33).
    static const unsigned char code[] = {0xb8, 60, 0, 0, 0, 0xbf, 33, 0, 0, 0, 0x0f, 0x05};
    static unsigned char small[4096];
    *(Elf64_Ehdr *)small = (Elf64_Ehdr){
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, .e_type = ET_DYN, .e_machine = EM_X86_64,
        .e_version = 1, .e_entry = 256, .e_phoff = 64, .e_ehsize = 64, .e_phentsize = 56, .e_phnum = 1,
    };
    *(Elf64_Phdr *)(small + 64) = (Elf64_Phdr){PT_LOAD, PF_R | PF_X, 0, 0, 0, 4096, 4096, 4096};
    memcpy(small + 256, code, sizeof code);
    mkdirs("lib");
    fd = open("lib/ld", O_WRONLY | O_CREAT, 0755);
    write(fd, small, sizeof small);
    close(fd);
    ln("ld", "lib/link");
    ln("loop", "lib/loop");
    ln("/nowhere", "lib/dangling");
    mkfifo("lib/fifo", 0777);
    mkfile("lib/script", "#!/bin/sh\necho this is a script and long enough for a header: forty bytes and some more\n");
    chmod("lib/script", 0755);
    mkfile("lib/text", "text that is far too long to be an ELF header but is none all the same, sixty-four and more");
    RUN("relative", "lib/ld");
    RUN("with a dot", "./lib/ld");
    if (strlen(A("lib/ld")) < 200)
        RUN("absolute", A("lib/ld"));
    RUN("through a link", "lib/link");
    RUN("through dots", "lib/../lib/./ld");
    RUN("loop", "lib/loop");
    RUN("dangling", "lib/dangling");
    RUN("directory", "lib");
    RUN("fifo", "lib/fifo");
    RUN("device", "/dev/null");
    RUN("script", "lib/script");
    RUN("text that may not be executed", "lib/text");
    chmod("lib/text", 0755);
    RUN("text", "lib/text");
    RUN("under a file", "lib/ld/x");
    RUN("trailing slash", "lib/ld/");
    RUN("missing", "lib/nothing");
    RUN("itself", "./with");
    run("a NUL early", "lib/ld\0\0\0\0", 11);
    run("no NUL", "lib/ld", 6);
    run("empty", "", 2);
    char *deep = malloc(4096);
    memset(deep, '/', 4095);
    memcpy(deep + 4095 - 6, "lib/ld", 6);
    deep[4095] = 0;
    run("4,096 bytes", deep, 4096);
    // A file that may not be executed, is open for writing, or cannot be searched for.
    fd = open("lib/ld", O_WRONLY | O_CLOEXEC);
    RUN("open for writing", "lib/ld");
    close(fd);
    chmod("lib/ld", 0644);
    RUN("not executable", "lib/ld");
    chmod("lib/ld", 0755);
    chmod("lib", 0600);
    RUN("no search permission", "lib/ld");
    chmod("lib", 0755);
    // An interpreter that has one itself: it is ignored.
    rename("with", "lib/other");
    RUN("another program with an interpreter", "lib/other");
    // Too short, of another machine, no loadable segment.
    truncate("lib/ld", 60);
    RUN("60 bytes", "lib/ld");
    truncate("lib/ld", 64);
    RUN("64 bytes", "lib/ld");
    fd = open("lib/ld", O_RDWR | O_CLOEXEC);
    write(fd, small, sizeof small);
    pwrite(fd, "\xb7", 1, 18);
    close(fd);
    RUN("of another machine", "lib/ld");
    fd = open("lib/ld", O_RDWR | O_CLOEXEC);
    write(fd, small, sizeof small);
    pwrite(fd, "\4", 1, 64);
    close(fd);
    RUN("without a segment", "lib/ld");
    RUN("two files to wait for", "lib/ld");
}
