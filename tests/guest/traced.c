/* Calls of which tests/trace.rs reads the lines that --trace writes: `traced` makes one of every kind, `traced many`
 * the same ones many times from several processes and threads. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 3
#define THREADS 3
#define ROUNDS 40

static void *calls(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		close(open("/etc/link", O_RDONLY));
		access("/no", F_OK);
		syscall(SYS_pivot_root, "a", "b");
	}
	return unused;
}

static int many(void)
{
	for (int i = 0; i < PROCESSES; i++) {
		if (fork() == 0) {
			pthread_t thread[THREADS];

			for (int t = 0; t < THREADS; t++)
				pthread_create(&thread[t], NULL, calls, NULL);
			for (int t = 0; t < THREADS; t++)
				pthread_join(thread[t], NULL);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	return 0;
}

int main(int argc, char **argv)
{
	struct stat st;

	if (argc > 1)
		return strcmp(argv[1], "many") ? 5 : many();
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, (void (*)(int)) getpid);
	access("/begin", F_OK);
	close(openat(AT_FDCWD, "/etc/link", O_RDONLY | O_CLOEXEC));
	close(openat(AT_FDCWD, "made", O_WRONLY | O_CREAT | O_EXCL, 0640));
	openat(AT_FDCWD, "a\"b\n\377", O_RDONLY);
	stat("/etc/link", &st);
	syscall(SYS_newfstatat, AT_FDCWD, "/no", &st, AT_SYMLINK_NOFOLLOW);
	unlink("made");
	rename("one", "two");
	syscall(SYS_pivot_root, "a", "b");
	syscall(999, 1, 2, 3);
	kill(getpid(), 0);
	raise(SIGUSR2);
	if (fork() == 0)
		_exit(3);
	wait(NULL);
	execl("/no", "no", NULL);
	execl("/bin/again", "again", "end", NULL);
	return 125;
}
