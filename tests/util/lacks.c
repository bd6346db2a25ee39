/* Runs a command as on another kernel: `lacks ERRNO FACULTY[,FACULTY...] CMD...`. A faculty is a system call, or one
 * way of using it, and fails with ERRNO (a name) in the command and all that it starts.
 *
 * Source: seccomp(2), and the man page of each call. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Numbers that are the same on every architecture. */
#define CALL_pidfd_send_signal 424
#define CALL_pidfd_open 434
#define CALL_clone3 435
#define CALL_close_range 436
#define CALL_openat2 437
#define CALL_pidfd_getfd 438
#define CALL_faccessat2 439
#define CALL_fchmodat2 452

struct faculty {
	const char *name;
	int nr;
	/* Only where this argument has one of these bits, or is this value; -1 is always. */
	int argument;
	unsigned bits, value;
};

static const struct faculty faculties[] = {
	{ "openat2", CALL_openat2, -1 },
	{ "faccessat2", CALL_faccessat2, -1 },
	{ "fchmodat2", CALL_fchmodat2, -1 },
	{ "statx", SYS_statx, -1 },
	{ "renameat2", SYS_renameat2, -1 },
	{ "execveat", SYS_execveat, -1 },
	{ "memfd_create", SYS_memfd_create, -1 },
	{ "memfd_noexec", SYS_memfd_create, 1, 0x18, 0 },
	{ "process_vm_readv", SYS_process_vm_readv, -1 },
	{ "process_vm_writev", SYS_process_vm_writev, -1 },
	{ "pidfd_open", CALL_pidfd_open, -1 },
	{ "pidfd_getfd", CALL_pidfd_getfd, -1 },
	{ "pidfd_send_signal", CALL_pidfd_send_signal, -1 },
	{ "clone3", CALL_clone3, -1 },
	{ "close_range", CALL_close_range, -1 },
	{ "kcmp", SYS_kcmp, -1 },
	{ "seccomp", SYS_seccomp, -1 },
	{ "chroot", SYS_chroot, -1 },
	{ "fchown", SYS_fchown, -1 },
	{ "fchownat", SYS_fchownat, -1 },
#ifdef SYS_chown
	{ "chown", SYS_chown, -1 },
	{ "lchown", SYS_lchown, -1 },
#endif
	{ "sethostname", SYS_sethostname, -1 },
	{ "setdomainname", SYS_setdomainname, -1 },
	{ "setuid", SYS_setuid, -1 },
	{ "setgid", SYS_setgid, -1 },
	{ "setreuid", SYS_setreuid, -1 },
	{ "setregid", SYS_setregid, -1 },
	{ "setresuid", SYS_setresuid, -1 },
	{ "setresgid", SYS_setresgid, -1 },
	{ "setfsuid", SYS_setfsuid, -1 },
	{ "setfsgid", SYS_setfsgid, -1 },
	{ "setgroups", SYS_setgroups, -1 },
	{ "capget", SYS_capget, -1 },
	{ "capset", SYS_capset, -1 },
	{ "seccomp_flags", SYS_seccomp, 1, ~0u, 0 },
	{ "ptrace", SYS_ptrace, -1 },
	{ "syscall_info", SYS_ptrace, 0, 0, 0x420e },
	/* PR_SET_MM: the kernel is built without CONFIG_CHECKPOINT_RESTORE. */
	{ "set_mm", SYS_prctl, 0, 0, 35 },
};

static int number(const char *name)
{
	return !strcmp(name, "ENOSYS") ? ENOSYS : !strcmp(name, "EPERM") ? EPERM : !strcmp(name, "EINVAL") ? EINVAL :
	       !strcmp(name, "EIO") ? EIO : -1;
}

int main(int argc, char **argv)
{
	struct sock_filter code[256];
	int len = 0, fails = argc > 3 ? number(argv[1]) : -1;

	if (fails < 0) {
		fprintf(stderr, "lacks ERRNO FACULTY,... CMD...\n");
		return 125;
	}
#define ADD(...) (code[len++] = (struct sock_filter) __VA_ARGS__)
	ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
	for (char *word = strtok(argv[2], ","); word; word = strtok(NULL, ",")) {
		const struct faculty *found = NULL;

		for (size_t i = 0; i < sizeof faculties / sizeof *faculties; i++)
			if (!strcmp(faculties[i].name, word))
				found = &faculties[i];
		if (!found || len > 240) {
			fprintf(stderr, "lacks: what is %s?\n", word);
			return 125;
		}
		if (found->argument < 0) {
			ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, found->nr, 0, 1));
			ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | fails));
			continue;
		}
		ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, found->nr, 0, 4));
		/* The low half, on machines that put it first. */
		ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[found->argument])));
		if (found->bits)
			ADD(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, found->bits, 0, 1));
		else
			ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, found->value, 0, 1));
		ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | fails));
		ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
	}
	ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	struct sock_fprog program = { .len = len, .filter = code };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		perror("lacks: seccomp");
		return 125;
	}
	execv(argv[3], argv + 3);
	perror(argv[3]);
	return 127;
}
