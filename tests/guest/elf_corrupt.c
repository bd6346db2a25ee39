// execve(2) of damaged ELF files gives the errno or the signal that the kernel gives.
#include "check.h"
#include <elf.h>

static unsigned char *image;
static size_t size;

static void run(const char *label, size_t length) {
    unlink("bad");
    int fd = open("bad", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    if (fd < 0 || write(fd, image, length) != (ssize_t)length)
        die("write bad");
    close(fd);
    pid_t pid = fork();
    if (!pid) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        char *args[] = {"bad", "child", 0}, *env[] = {0};
        long ret = sys(SYS_execve, "./bad", args, env);
        printf("  %s\n", errno_name(-ret));
        _exit(1);
    }
    show_end(label, pid);
}

// Runs the image with one field changed, and puts it back.
#define WITH(field, value)                                                                                         \
    do {                                                                                                           \
        __typeof__(field) old_ = field;                                                                            \
        field = value;                                                                                             \
        run(#field " = " #value, size);                                                                            \
        field = old_;                                                                                              \
    } while (0)

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "child"))
        return 42;
    struct stat st;
    int fd = open("/proc/self/exe", O_RDONLY);
    if (fd < 0 || fstat(fd, &st))
        die("open self");
    size = st.st_size;
    image = malloc(size);
    if (read(fd, image, size) != (ssize_t)size)
        die("read self");
    close(fd);
    run("unchanged", size);

    static const size_t lengths[] = {0, 1, 3, 4, 5, 16, 20, 52, 63, 64, 65, 100, 120};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char label[32];
        snprintf(label, sizeof label, "%zu bytes", lengths[i]);
        run(label, lengths[i]);
    }
    Elf64_Ehdr *e = (Elf64_Ehdr *)image;
    Elf64_Phdr *ph = (Elf64_Phdr *)(image + e->e_phoff), *load = ph, *note = 0;
    while (load->p_type != PT_LOAD)
        load++;
    for (int i = 0; i < e->e_phnum; i++)
        if (ph[i].p_type == PT_NOTE)
            note = ph + i;
    if (!note)
        die("find a note header");

    WITH(image[0], 0);
    WITH(image[3], 'G');
    WITH(image[EI_DATA], ELFDATA2LSB);
    WITH(image[EI_VERSION], 9);
    WITH(image[EI_OSABI], 99);
    WITH(e->e_type, ET_REL);
    WITH(e->e_type, ET_CORE);
    WITH(e->e_type, 0x7777);
    WITH(e->e_version, 7);
    WITH(e->e_phentsize, 0);
    WITH(e->e_phentsize, 57);
    WITH(e->e_phnum, 0);
    WITH(e->e_phnum, 0xffff);
    WITH(e->e_phoff, 1ull << 40);
    WITH(e->e_phoff, size - 10);
    WITH(e->e_phoff, ~0ull);
    WITH(e->e_shoff, ~0ull);
    WITH(e->e_shnum, 0xffff);
    WITH(e->e_entry, 0);
    WITH(e->e_entry, 1ull << 63);

    WITH(load->p_type, PT_NULL);
    WITH(load->p_filesz, load->p_memsz + 1);
    WITH(load->p_filesz, ~0ull);
    WITH(load->p_memsz, ~0ull);
    WITH(load->p_memsz, 1ull << 47);
    WITH(load->p_vaddr, 1ull << 47);
    WITH(load->p_vaddr, ~0xfffull);
    WITH(load->p_vaddr, load->p_vaddr + 8);
    WITH(load->p_offset, load->p_offset + 8);
    WITH(load->p_offset, ~0xfffull);

    // An interpreter where a note was.
    Elf64_Phdr old = *note;
    unsigned char *text = image + note->p_offset;
    size_t room = note->p_filesz;
    unsigned char *saved = malloc(room);
    memcpy(saved, text, room);
    note->p_type = PT_INTERP;
    run("interpreter is not a string", size);
    memset(text, 0, room);
    note->p_filesz = 2;
    memcpy(text, "/", 2);
    run("interpreter is a directory", size);
    memcpy(text, "./missing", 10);
    note->p_filesz = 10;
    run("interpreter is missing", size);
    memcpy(text, "./text", 7);
    note->p_filesz = 7;
    run("interpreter is missing too", size);
    mkfile("text", "x");
    run("interpreter is not executable", size);
    chmod("text", 0755);
    run("interpreter is too short", size);
    mkfile("text", "#!/bin/sh\n this is far from being an ELF file, whatever the header says, and it goes on and on\n");
    run("interpreter is a script", size);
    note->p_filesz = 1;
    run("interpreter of one byte", size);
    note->p_filesz = 0;
    run("interpreter of no byte", size);
    note->p_filesz = 5000;
    run("interpreter of 5,000 bytes", size);
    note->p_filesz = 7;
    note->p_offset = 1ull << 50;
    run("interpreter beyond the end", size);
    *note = old;
    memcpy(text, saved, room);
    run("unchanged again", size);
}
