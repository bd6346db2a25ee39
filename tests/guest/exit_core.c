// Core dumps: the bit in the wait status, RLIMIT_CORE, the file in the working directory, and what is in it.
#include "check.h"
#include <elf.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/procfs.h>

static void crash(void) { *(volatile int *)8 = 1; }
static void aborts(void) { abort(); }
static void quits(void) { raise(SIGQUIT); }
static void terms(void) { raise(SIGTERM); }
static void *faults(void *x) { crash(); return x; }
static void in_thread(void) { pthread_t t_; pthread_create(&t_, 0, faults, 0); for (;;) pause(); }

// In a call that xroot runs in another place: the dump has the program's own registers.
static void in_open(void) {
    alarm(1);
    signal(SIGALRM, SIG_DFL);
    struct itimerval soon = {{0}, {0, 50000}};
    signal(SIGVTALRM, SIG_DFL);
    pid_t me = getpid(), pid = fork();
    if (!pid) {
        usleep(100000);
        kill(me, SIGQUIT);
        _exit(0);
    }
    sys(SYS_openat, AT_FDCWD, "fifo", O_RDONLY);
}

static int dumps_here;

static void look(const char *name) {
    DIR *dir = opendir(".");
    for (struct dirent *d; (d = readdir(dir));) {
        if (strncmp(d->d_name, "core", 4))
            continue;
        int fd = open(d->d_name, O_RDONLY);
        Elf64_Ehdr header;
        read(fd, &header, sizeof header);
        printf("  a core file: type %d, machine %d\n", header.e_type, header.e_machine);
        Elf64_Phdr segment;
        for (int i = 0; i < header.e_phnum; i++) {
            pread(fd, &segment, sizeof segment, header.e_phoff + i * sizeof segment);
            if (segment.p_type != PT_NOTE)
                continue;
            char *notes = malloc(segment.p_filesz);
            pread(fd, notes, segment.p_filesz, segment.p_offset);
            int threads = 0;
            for (char *at = notes; at < notes + segment.p_filesz;) {
                Elf64_Nhdr *n = (void *)at;
                char *data = at + sizeof *n + ((n->n_namesz + 3) & ~3);
                if (n->n_type == NT_PRSTATUS && !threads++) {
                    struct elf_prstatus *status = (void *)data;
                    unsigned long *r = (unsigned long *)&status->pr_reg;
                    printf("  signal %d", status->pr_cursig);
                    if (!strcmp(name, "in open"))
                        printf(", call %ld, path %d", (long)r[15], r[13] && strcmp((char *)r[13], "fifo") == 0);
                }
                if (n->n_type == NT_PRPSINFO)
                    printf(", name %s", ((struct elf_prpsinfo *)data)->pr_fname);
                at = data + ((n->n_descsz + 3) & ~3);
            }
            printf(", threads %d\n", threads);
            free(notes);
        }
        close(fd);
        unlink(d->d_name);
    }
    closedir(dir);
}

static void try(const char *label, void (*end)(void), rlim_t limit, int dumpable) {
    pid_t pid = fork();
    if (!pid) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){limit, limit});
        if (!dumpable)
            prctl(PR_SET_DUMPABLE, 0);
        end();
        _exit(0);
    }
    int s;
    waitpid(pid, &s, 0);
    if (dumps_here)
        printf("%s: signal %d, dumped %d\n", label, WTERMSIG(s), !!WCOREDUMP(s));
    else
        printf("%s: signal %d\n", label, WTERMSIG(s));
    look(label);
}

int main(void) {
    // Where dumps go to a program or to another place, that is the machine's own affair, and so is whether they did.
    char pattern[256] = "";
    int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY);
    read(fd, pattern, 255);
    close(fd);
    dumps_here = *pattern && *pattern != '|' && *pattern != '/' && *pattern != '\n' && *pattern != '@';
    mkfifo("fifo", 0600);
    mkdirs("dir");
    if (chdir("dir"))
        die("chdir");
    mkfifo("fifo", 0600);
    try("fault", crash, RLIM_INFINITY, 1);
    try("abort", aborts, RLIM_INFINITY, 1);
    try("SIGQUIT", quits, RLIM_INFINITY, 1);
    try("SIGTERM", terms, RLIM_INFINITY, 1);
    try("fault, no core allowed", crash, 0, 1);
    try("fault of a thread", in_thread, RLIM_INFINITY, 1);
    try("in open", in_open, RLIM_INFINITY, 1);
    // In a directory that cannot be written to there is none.
    chmod(".", 0500);
    try("directory not writable", crash, RLIM_INFINITY, 1);
    chmod(".", 0700);
    list(".");
}
