/* Tries on the process that traces it whatever a process may do to another, and prints how each try ends.
 *
 * `outside launch COMMAND` runs a command with a descriptor of its own process as number 9: COMMAND is xroot, and hands
 * it down to the guest. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRY(call)                                                                  \
	do {                                                                       \
		errno = 0;                                                         \
		long ret = (call);                                                 \
		printf(ret < 0 ? "%s = %ld %s\n" : "%s = %ld\n", #call, ret,       \
		       strerrorname_np(errno));                                    \
	} while (0)

static volatile sig_atomic_t got;

static void count(int signal)
{
	(void)signal;
	got++;
}

/* A second process of the guest, in the same group, that reports each SIGUSR1. */
static int witness(int report)
{
	sigset_t set;
	int signal;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (write(report, "r", 1) != 1)
		return 1;
	while (sigwait(&set, &signal) == 0)
		if (write(report, "g", 1) != 1)
			return 1;
	return 0;
}

static int reported(int report)
{
	char byte;

	return read(report, &byte, 1) == 1 && byte == 'g';
}

struct sched_attr_0 {
	unsigned int size, policy;
	unsigned long long flags;
	int nice;
	unsigned int priority;
	unsigned long long runtime, deadline, period;
};

static int launch(char **command)
{
	int pidfd = syscall(SYS_pidfd_open, getpid(), 0);

	if (pidfd < 0 || dup2(pidfd, 9) != 9)
		return 1;
	execvp(command[0], command);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc > 2)
		return launch(argv + 2);
	pid_t tracer = getppid();
	int report[2], pair[2];
	char path[64], byte = 0;
	siginfo_t info = {.si_code = SI_QUEUE};
	struct rlimit limit = {0, 0};
	struct sched_param param = {0};
	struct iovec here = {&byte, 1}, there = {(void *)main, 1};
	struct {
		int type;
		pid_t pid;
	} owner = {1 /* F_OWNER_PID */, tracer};
	struct sched_attr_0 attr = {.size = sizeof(attr), .policy = SCHED_IDLE};
	cpu_set_t cpus;
	unsigned long nodes = 1;
	int id = tracer;

	setbuf(stdout, NULL);
	TRY(kill(tracer, 0));
	TRY(kill(tracer, SIGKILL));
	TRY(kill(tracer, 65));
	TRY(syscall(SYS_tkill, tracer, SIGKILL));
	TRY(syscall(SYS_tgkill, tracer, tracer, SIGKILL));
	TRY(syscall(SYS_rt_sigqueueinfo, tracer, SIGKILL, &info));
	TRY(syscall(SYS_rt_tgsigqueueinfo, tracer, tracer, SIGKILL, &info));
	TRY(syscall(SYS_pidfd_open, tracer, 0));
	snprintf(path, sizeof(path), "/proc/%d", tracer);
	int dir = open(path, O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		dir = -1;
	else
		TRY(syscall(SYS_pidfd_send_signal, dir, SIGKILL, NULL, 0));
	TRY(syscall(SYS_pidfd_send_signal, 9, SIGKILL, NULL, 0));
	TRY(syscall(SYS_pidfd_send_signal, 9, SIGKILL, NULL, 4 /* PIDFD_SIGNAL_PROCESS_GROUP */));
	TRY(syscall(SYS_pidfd_getfd, 9, 0, 0));
	TRY(syscall(SYS_process_mrelease, 9, 0));
	TRY(syscall(SYS_setns, 9, CLONE_NEWUTS));
	TRY(ptrace(PTRACE_TRACEME, 0, 0, 0));
	TRY(ptrace(PTRACE_ATTACH, tracer, 0, 0));
	TRY(ptrace(PTRACE_SEIZE, tracer, 0, 0));
	TRY(ptrace(PTRACE_POKEDATA, tracer, 0, 0));
	TRY(process_vm_readv(tracer, &here, 1, &there, 1, 0));
	TRY(process_vm_writev(tracer, &here, 1, &there, 1, 0));
	TRY(prlimit(tracer, RLIMIT_CPU, &limit, NULL));
	TRY(setpriority(PRIO_PROCESS, tracer, 19));
	TRY(syscall(SYS_ioprio_set, 1, tracer, 3 << 13));
	TRY(sched_setscheduler(tracer, SCHED_IDLE, &param));
	TRY(sched_setparam(tracer, &param));
	TRY(syscall(SYS_sched_setattr, tracer, &attr, 0));
	TRY(syscall(SYS_migrate_pages, tracer, 64, &nodes, &nodes));
	TRY(syscall(SYS_move_pages, tracer, 0, 0, 0, 0, 0));
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	TRY(sched_setaffinity(tracer, sizeof(cpus), &cpus));
	TRY(syscall(SYS_kcmp, getpid(), tracer, 0, 0, 0));
	TRY(syscall(SYS_get_robust_list, tracer, &there, &here));
	TRY(syscall(SYS_unshare, CLONE_NEWUSER));
	TRY(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
	TRY(syscall(SYS_clone, 0x800000 /* CLONE_UNTRACED */ | SIGCHLD, 0, 0, 0, 0));
	struct {
		unsigned long flags, rest[7];
	} clone3 = {CLONE_NEWUSER};
	TRY(syscall(SYS_clone3, &clone3, sizeof(clone3)));
	struct sock_filter allow = {0x06 /* BPF_RET */, 0, 0, SECCOMP_RET_ALLOW};
	struct sock_fprog filter = {1, &allow};
	TRY(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter));

	/* Signals that the kernel sends when input comes. */
	signal(SIGIO, SIG_IGN);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || pipe(report))
		return 1;
	TRY(fcntl(pair[0], F_SETSIG, SIGKILL));
	TRY(fcntl(pair[0], F_SETFL, O_ASYNC));
	TRY(fcntl(pair[0], F_SETOWN, tracer));
	TRY(write(pair[1], "x", 1));
	TRY(fcntl(pair[0], F_SETOWN_EX, &owner));
	TRY(write(pair[1], "x", 1));
	TRY(ioctl(pair[0], FIOSETOWN, &id));
	TRY(write(pair[1], "x", 1));
	TRY(fcntl(pair[0], F_SETSIG, SIGIO));
	TRY(fcntl(pair[0], F_SETOWN, -getpgrp()));
	TRY(write(pair[1], "x", 1));
	TRY(fcntl(pair[0], F_GETOWN) == getpid());

	/* Groups that hold the tracer and others. */
	pid_t child = fork();
	if (child == 0)
		_exit(witness(report[1]));
	if (read(report[0], &byte, 1) != 1)
		return 1;
	signal(SIGUSR1, count);
	TRY(kill(0, SIGUSR1));
	printf("here %d, there %d\n", got, reported(report[0]));
	TRY(kill(-getpgrp(), SIGUSR1));
	printf("here %d, there %d\n", got, reported(report[0]));
	TRY(kill(-1, SIGUSR1));
	printf("here %d, there %d\n", got, reported(report[0]));
	TRY(kill(0, 65));
	TRY(kill(-1, 65));
	TRY(setpriority(PRIO_PGRP, 0, 1));
	TRY(setpriority(PRIO_USER, 0, 2));
	TRY(getpriority(PRIO_PROCESS, child));
	TRY(getpriority(PRIO_PROCESS, tracer));
	TRY(kill(child, SIGKILL));
	TRY(kill(child, 0));
	waitpid(child, NULL, 0);
	TRY(kill(child, 0));
	return 7;
}
