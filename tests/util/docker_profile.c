/* Runs a command under what a container engine's default seccomp profile denies: `docker_profile [old] CMD...`.
 *
 * Written from the documentation, https://docs.docker.com/engine/security/seccomp/ ("Significant syscalls blocked by the
 * default profile"), for a process without capabilities on Linux 4.8 or newer: there ptrace(2) and process_vm_readv(2)
 * are allowed, kcmp(2) is not. What the profile does not know fails with EPERM, clone3(2) with ENOSYS, so that C
 * libraries fall back to clone(2), whose flags it can see. A call that is newer than all that the profile knows is ENOSYS
 * too. `old` is an engine whose profile ends before openat2(2): that and all later calls are EPERM. */
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

#define DATA(field) offsetof(struct seccomp_data, field)
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, DATA(field))
#define IS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define FAIL(errno) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (errno))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* Denied to a container without capabilities. */
static const int denied[] = {
	SYS_acct, SYS_add_key, SYS_bpf, SYS_clock_adjtime, SYS_clock_settime, SYS_delete_module, SYS_fanotify_init,
	SYS_finit_module, SYS_get_mempolicy, SYS_init_module, SYS_kcmp, SYS_kexec_load, SYS_keyctl, SYS_lookup_dcookie,
	SYS_mbind, SYS_mount, SYS_move_pages, SYS_nfsservctl, SYS_open_by_handle_at, SYS_perf_event_open, SYS_pivot_root,
	SYS_quotactl, SYS_reboot, SYS_request_key, SYS_set_mempolicy, SYS_setdomainname, SYS_sethostname, SYS_setns,
	SYS_settimeofday, SYS_swapoff, SYS_swapon, SYS_syslog, SYS_umount2, SYS_unshare, SYS_userfaultfd, SYS_vhangup,
#ifdef __x86_64__
	SYS__sysctl, SYS_create_module, SYS_get_kernel_syms, SYS_ioperm, SYS_iopl, SYS_kexec_file_load,
	SYS_query_module, SYS_sysfs, SYS_uselib, SYS_ustat,
#endif
	/* io_uring, open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr, quotactl_fd, statmount,
	 * listmount: the same numbers everywhere. */
	425, 426, 427, 428, 429, 430, 431, 432, 433, 442, 443, 457, 458,
};

static const unsigned personalities[] = { 0x0, 0x8, 0x20000, 0x20008, 0xffffffff };

/* CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
#define NAMESPACES 0x7e020000

#define CALL_clone3 435
#define CALL_openat2 437
#define NEWEST_KNOWN 462

int main(int argc, char **argv)
{
	struct sock_filter code[256];
	int len = 0, old = argc > 1 && !strcmp(argv[1], "old");

	if (argc < 2 + old)
		return 125;
#define ADD(...) (code[len++] = (struct sock_filter) __VA_ARGS__)
	ADD(LOAD(nr));
	for (size_t i = 0; i < sizeof denied / sizeof *denied; i++) {
		ADD(IS(denied[i], 0, 1));
		ADD(FAIL(EPERM));
	}
	if (old) {
		ADD(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CALL_clone3, 0, 1));
		ADD(FAIL(EPERM));
	}
	ADD(IS(CALL_clone3, 0, 1));
	ADD(FAIL(ENOSYS));
	ADD(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, NEWEST_KNOWN, 0, 1));
	ADD(FAIL(ENOSYS));
	ADD(IS(SYS_clone, 0, 3));
	ADD(LOAD(args[0]));
	ADD(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 1));
	ADD(FAIL(EPERM));
	ADD(LOAD(nr));
	/* AF_VSOCK. */
	ADD(IS(SYS_socket, 0, 3));
	ADD(LOAD(args[0]));
	ADD(IS(40, 0, 1));
	ADD(FAIL(EPERM));
	ADD(LOAD(nr));
	ADD(IS(SYS_personality, 0, 7));
	ADD(LOAD(args[0]));
	for (int left = 5; left > 0; left--)
		ADD(IS(personalities[left - 1], left, 0));
	ADD(FAIL(EPERM));
	ADD(ALLOW);
	struct sock_fprog program = { .len = len, .filter = code };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		perror("docker_profile: seccomp");
		return 125;
	}
	execv(argv[1 + old], argv + 1 + old);
	perror(argv[1 + old]);
	return 127;
}
