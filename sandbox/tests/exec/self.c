/* Prints what a program can see of how it was loaded; nothing that may differ between two runs of the same kernel. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

extern char **environ;
extern char _start[], _end[];
static char zeros[300000];
static int constructed;
static __thread int local = 42;

__attribute__((constructor)) static void construct(void) { constructed = 1; }

static size_t slurp(const char *path, char *buf, size_t size) {
    int fd = open(path, O_RDONLY);
    size_t len = 0;
    ssize_t got;
    if (fd < 0) { printf("%s: %s\n", path, strerror(errno)); return 0; }
    while ((got = read(fd, buf + len, size - len)) > 0) len += got;
    close(fd);
    return len;
}

static void strings(const char *path) {
    static char buf[100000];
    size_t len = slurp(path, buf, sizeof buf);
    printf("%s:", path);
    for (size_t i = 0; i < len; i++) putchar(buf[i] ? buf[i] : '|');
    putchar('\n');
}

/* The auxiliary vector behind the environment, and what the kernel says it is. */
static void auxv(void) {
    static char buf[4096];
    char **env = environ;
    while (*env) env++;
    ElfW(auxv_t) *own = (ElfW(auxv_t) *)(env + 1), *at = own;
    while (at->a_type) { printf("type %lu\n", (unsigned long)at->a_type); at++; }
    size_t len = slurp("/proc/self/auxv", buf, sizeof buf), size = (char *)(at + 1) - (char *)own;
    printf("auxv %s\n", len >= size && !memcmp(buf, own, size) ? "as the kernel says" : "differs");
    printf("phent %lu phnum %lu flags %lu secure %lu pagesz %lu\n", getauxval(AT_PHENT), getauxval(AT_PHNUM),
           getauxval(AT_FLAGS), getauxval(AT_SECURE), getauxval(AT_PAGESZ));
    printf("execfn %s\n", (char *)getauxval(AT_EXECFN));
    printf("entry %d base %d\n", getauxval(AT_ENTRY) == (unsigned long)_start, getauxval(AT_BASE) != 0);
}

static int phdrs(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size;
    if (!(*(int *)data)++)
        printf("phdr %d\n", (unsigned long)info->dlpi_phdr == getauxval(AT_PHDR) && info->dlpi_phdr[0].p_type < 10);
    return 0;
}

static int position_independent(void) {
    extern char __executable_start[];
    return (unsigned long)__executable_start > 0x100000000;
}

static void heap(void) {
    char *start = sbrk(0), *image = _end;
    int direct = getauxval(AT_BASE) == 0 && position_independent();
    printf("sbrk %d aligned %d\n", (direct ? start < image : start >= image), ((unsigned long)start & 4095) == 0);
    /* The kernel begins the heap up to 1 GiB away, and the C library has taken some of it by now. */
    if (!direct) printf("near %d\n", start - image <= 0x40000000 + (1 << 20));
    for (int i = 0; i < 64; i++) {
        char *got = sbrk(1 << 20);
        if (got != start + ((long)i << 20)) { printf("sbrk %d fails\n", i); return; }
        memset(got, i, 1 << 20);
    }
    void *big = malloc(50 << 20);
    printf("malloc %d\n", big != NULL);
    free(big);
}

static void maps(void) {
    char line[8192];
    FILE *file = fopen("/proc/self/maps", "r");
    while (file && fgets(line, sizeof line, file)) {
        unsigned long from, to;
        char perms[8] = "", name[4096] = "";
        sscanf(line, "%lx-%lx %7s %*s %*s %*s %4095[^\n]", &from, &to, perms, name);
        if (!strcmp(name, "[stack]")) printf("stack %s %d\n", perms, from <= (unsigned long)&line && (unsigned long)&line < to);
        if (!strcmp(name, "[heap]")) printf("heap %s %d\n", perms, to == (unsigned long)sbrk(0));
        if (!strcmp(name, "[vdso]")) printf("vdso %d\n", from == getauxval(AT_SYSINFO_EHDR));
    }
    if (file) fclose(file);
}

/* Fields 26, 27, 45 to 51 of /proc/self/stat; see proc_pid_stat(5). */
static void stat_fields(char **argv) {
    static char buf[4096];
    size_t len = slurp("/proc/self/stat", buf, sizeof buf - 1);
    unsigned long field[60] = {0};
    buf[len] = 0;
    char *at = strrchr(buf, ')') + 2;
    for (int i = 3; at && i < 53; i++) {
        field[i] = strtoul(at, NULL, 10);
        at = strchr(at, ' ');
        if (at) at++;
    }
    unsigned long code = (unsigned long)_start, data = (unsigned long)&constructed;
    printf("startcode %d endcode %d\n", field[26] <= code, code < field[27]);
    printf("startstack %d\n", field[28] == (unsigned long)(argv - 1));
    printf("data %d %d\n", field[45] <= data, field[46] - field[45] < 1 << 24);
    printf("arg %d %lu env %d %lu\n", field[48] == (unsigned long)argv[0], field[49] - field[48],
           field[50] == field[49], field[51] - field[50]);
}

int main(int argc, char **argv) {
    for (int i = 0; i < argc; i++) printf("arg %s\n", argv[i]);
    for (char **env = environ; *env; env++) printf("env %s\n", *env);
    auxv();
    int seen = 0;
    dl_iterate_phdr(phdrs, &seen);
    stat_fields(argv);
    heap();
    maps();
    char comm[17] = "";
    prctl(PR_GET_NAME, comm);
    printf("comm %s personality %x\n", comm, personality(0xffffffff));
    strings("/proc/self/cmdline");
    strings("/proc/self/environ");
    strings("/proc/self/comm");
    int dirty = 0;
    for (size_t i = 0; i < sizeof zeros; i++) dirty |= zeros[i];
    printf("bss %d constructed %d tls %d\n", dirty, constructed, local);
    for (int fd = 3; fd < 64; fd++)
        if (fcntl(fd, F_GETFD) >= 0) printf("fd %d\n", fd);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    printf("files %lu %lu\n", (unsigned long)files.rlim_cur, (unsigned long)files.rlim_max);
    return 7;
}
