/* Does what a root does, and becomes another user, and prints how each step ends. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#define SYS_removexattrat 466
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

#define TRY(call)                                                            \
	do {                                                                 \
		errno = 0;                                                   \
		long ret = (call);                                           \
		printf(ret < 0 ? "%s = %ld %s\n" : "%s = %ld\n", #call, ret, \
		       strerrorname_np(errno));                              \
	} while (0)

/* Runs the steps in a process of their own. */
#define CHILD(title, steps)             \
	do {                            \
		printf("-- %s\n", title); \
		if (fork() == 0) {      \
			steps;          \
			_exit(0);       \
		}                       \
		wait(NULL);             \
	} while (0)

static void ids(void)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;
	gid_t groups[8];
	int count = getgroups(8, groups);

	getresuid(&r, &e, &s);
	getresgid(&rg, &eg, &sg);
	printf("uid %d/%d %d %d %d, gid %d/%d %d %d %d, groups", getuid(), geteuid(), r, e, s, getgid(), getegid(), rg,
	       eg, sg);
	for (int i = 0; i < count; i++)
		printf(" %d", groups[i]);
	printf("\n");
}

static void caps(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	TRY(syscall(SYS_capget, &header, data));
	printf("effective %08x permitted %08x\n", data[0].effective, data[0].permitted);
}

static int drop_all(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {0};

	return syscall(SYS_capset, &header, data);
}

static void owner(const char *path)
{
	struct stat st;
	struct statx sx;
	int fd = open(path, O_RDONLY);

	TRY(lstat(path, &st));
	printf("%s %o %d:%d", path, st.st_mode, st.st_uid, st.st_gid);
	syscall(SYS_fstat, fd, &st);
	statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &sx);
	printf(" %d:%d %d:%d\n", st.st_uid, st.st_gid, sx.stx_uid, sx.stx_gid);
	close(fd);
}

/* struct xattr_args of include/uapi/linux/xattr.h. */
struct value {
	unsigned long long value;
	unsigned size, flags;
};

static void files(void)
{
	const char *name = "security.x";
	struct value value = {(unsigned long long)"x", 1, 0};
	int fd = open("file", O_CREAT | O_RDWR, 0644);

	owner("file");
	TRY(chown("file", 33, 44));
	TRY(lchown("file", 33, 44));
	TRY(fchown(fd, 33, 44));
	TRY(fchownat(AT_FDCWD, "file", 33, 44, AT_SYMLINK_NOFOLLOW));
	TRY(fchownat(fd, "", 33, 44, AT_EMPTY_PATH));
	TRY(chown("missing", 33, 44));
	TRY(chown("file/x", 33, 44));
	owner("file");
	TRY(chmod("file", 04711));
	TRY(chown("file", -1, -1));
	owner("file");
	TRY(chmod("file", 0));
	owner("file");
	TRY(fchmod(fd, 0440));
	owner("file");
	TRY(fchmodat(AT_FDCWD, "file", 0, 0));
	owner("file");
	TRY(syscall(SYS_fchmodat2, AT_FDCWD, "file", 0111, 0));
	owner("file");
	TRY(mkdir("dir", 0));
	TRY(mkdirat(AT_FDCWD, "dir/below", 0));
	owner("dir/below");
	TRY(chmod("dir", 0));
	owner("dir");
	TRY(syscall(SYS_mknod, "null", S_IFCHR | 0666, makedev(1, 3)));
	TRY(mknodat(AT_FDCWD, "disk", S_IFBLK | 0, makedev(8, 0)));
	TRY(mknod("null", S_IFCHR | 0666, makedev(1, 3)));
	TRY(mknod("fifo", S_IFIFO | 0600, 0));
	owner("null");
	owner("disk");
	TRY(setxattr("file", name, "x", 1, 0));
	TRY(lsetxattr("file", name, "x", 1, 0));
	TRY(fsetxattr(fd, name, "x", 1, 0));
	TRY(syscall(SYS_setxattrat, AT_FDCWD, "file", 0, name, &value, sizeof(value)));
	TRY(setxattr("file", "trusted.x", "x", 1, 0));
	TRY(removexattr("file", "trusted.x"));
	TRY(lremovexattr("file", "trusted.x"));
	TRY(fremovexattr(fd, "trusted.x"));
	TRY(syscall(SYS_removexattrat, AT_FDCWD, "file", 0, "trusted.x"));
	TRY(setxattr("missing", name, "x", 1, 0));
	close(fd);
}

/* Sends the own ids, and lets the receiver tell them. */
static void credentials(int *pair)
{
	struct ucred own = {getpid(), getuid(), getgid()}, seen;
	char space[CMSG_SPACE(sizeof(own))] = {0}, byte = 'x';
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
	struct cmsghdr *entry = CMSG_FIRSTHDR(&message);
	int on = 1;

	setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	entry->cmsg_len = CMSG_LEN(sizeof(own));
	entry->cmsg_level = SOL_SOCKET;
	entry->cmsg_type = SCM_CREDENTIALS;
	memcpy(CMSG_DATA(entry), &own, sizeof(own));
	TRY(sendmsg(pair[0], &message, 0));
	memset(space, 0, sizeof(space));
	TRY(recvmsg(pair[1], &message, 0));
	memcpy(&seen, CMSG_DATA(entry), sizeof(seen));
	printf("sent by %d:%d, pid right %d\n", seen.uid, seen.gid, seen.pid == getpid());
}

static void system_calls(void)
{
	TRY(chroot("/"));
	TRY(chroot(".."));
	TRY(chroot("dir"));
	TRY(chroot("missing"));
	TRY(chroot("file"));
	TRY(sethostname("name", 4));
	TRY(setdomainname("name", 4));
	TRY(sethostname("name", 65));
	TRY(sethostname(NULL, 4));
	TRY(prctl(PR_CAPBSET_READ, CAP_CHOWN));
	TRY(prctl(PR_CAPBSET_READ, 63));
	TRY(prctl(PR_CAPBSET_DROP, CAP_CHOWN));
	TRY(prctl(PR_SET_SECUREBITS, 0));
}

int main(void)
{
	gid_t groups[] = {30, 10, 20};
	struct utsname name;

	setbuf(stdout, NULL);
	umask(022);
	uname(&name);
	printf("release %s\n", name.release);
	ids();
	caps();
	files();
	system_calls();
	int pair[2];
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	TRY(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &size));
	printf("peer %d:%d\n", peer.uid, peer.gid);
	credentials(pair);
	CHILD("setuid", TRY(setgroups(3, groups)); TRY(setgid(7)); TRY(setuid(5)); ids(); caps(); TRY(setuid(0));
	      TRY(setgid(0)); TRY(setgroups(3, groups)); TRY(chown("file", 33, 44)); TRY(chown("file", 5, 20));
	      TRY(mknod("other", S_IFCHR | 0666, makedev(1, 3))); TRY(chroot("/")); TRY(sethostname("x", 1));
	      TRY(prctl(PR_CAPBSET_DROP, CAP_CHOWN)); TRY(setxattr("file", "trusted.x", "x", 1, 0)));
	CHILD("seteuid", TRY(setegid(7)); TRY(seteuid(5)); ids(); caps(); TRY(seteuid(6)); TRY(seteuid(0)); ids(); caps());
	CHILD("setreuid", TRY(setregid(7, 8)); TRY(setreuid(5, 6)); ids(); TRY(setreuid(6, 5)); ids(); TRY(setreuid(-1, 0));
	      TRY(setregid(1, -1)));
	CHILD("setresuid", TRY(setresgid(7, 8, 9)); TRY(setresuid(5, 6, 0)); ids(); TRY(setresuid(-1, 0, -1)); ids();
	      TRY(setresgid(-1, 1, -1)); TRY(setresuid(-1, 5, 5)); TRY(setresuid(0, 0, 0)); ids(); TRY(setresgid(1, 1, 1)));
	CHILD("setfsuid", TRY(setfsuid(5)); TRY(setfsuid(-1)); TRY(setfsgid(6)); TRY(setfsgid(-1)); ids());
	CHILD("keepcaps", TRY(prctl(PR_SET_KEEPCAPS, 1)); TRY(prctl(PR_GET_KEEPCAPS)); TRY(setuid(5)); caps();
	      TRY(drop_all()); caps());
	CHILD("inherited", TRY(setuid(5)); CHILD("child", ids()));
	return 0;
}
