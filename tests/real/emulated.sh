# What of a system's programs needs no more than a moment, emulated too: processes, threads, signals, files.
set -e
git_tree() {
    mkdir repo
    cd repo
    git init -q -b main .
    git config user.name Tester
    git config user.email tester@example.org
    cp -R /etc/apt /etc/dpkg .
    git add -A
    git commit -q -m one
    echo two >two
    git add two
    git commit -q -m two
    git status --short
    git clone -q . ../clone
    git gc -q
    git fsck
    git -C ../clone log --format=%s
    cd ..
}
git_tree
tar -czf repo.tar.gz clone
mkdir unpacked
tar -C unpacked -xzf repo.tar.gz
diff -r clone unpacked/clone && echo the same
printf 'all: a b c d\na b c d:\n\t@sleep 0.1; echo $@\n.PHONY: a b c d\n' >Makefile
make -j4 | sort
perl -e '
    use strict; use POSIX; use Socket; use IO::Socket::UNIX; use threads;
    $SIG{USR1} = sub { print "caught $_[0]\n" }; kill USR1 => $$;
    $SIG{ALRM} = sub { die "alarm\n" }; alarm 1; eval { select undef, undef, undef, 20 }; print $@;
    my $pid = fork // die; exit 7 unless $pid; waitpid $pid, 0; print $? >> 8, "\n";
    pipe my $r, my $w; if (!fork) { close $r; print $w "over a pipe\n"; exit } close $w; print <$r>; wait;
    $pid = fork // die; if (!$pid) { kill KILL => $$; sleep 9 } waitpid $pid, 0; print $? & 127, "\n";
    my @t = map { my $n = $_; threads->create(sub { my $s = 0; $s += $_ for 1 .. 1000 * $n; $s }) } 1 .. 8;
    print join(" ", map { $_->join } @t), "\n";
    my $s = IO::Socket::UNIX->new(Local => "perl.socket", Listen => 1) or die $!;
    if (!fork) { my $c = IO::Socket::UNIX->new("perl.socket"); print $c "over a socket\n"; exit } print readline $s->accept; wait;
    mkfifo("fifo", 0600) or die; if (!fork) { open my $f, ">", "fifo"; print $f "over a fifo\n"; exit } open my $f, "<", "fifo"; print <$f>; wait;
    opendir my $d, "/proc/self/fd" or die; print scalar(grep { /^[012]$/ } readdir $d), "\n";
    print qx(echo out; exit 3), $? >> 8, "\n"; print((stat "/bin/sh")[2] & 0111, "\n"); print -l "/bin" ? "link\n" : "dir\n"'
python3 -c '
import os, signal, subprocess, sys, tempfile, threading, socket, struct, mmap, multiprocessing
threads = [threading.Thread(target=lambda: os.stat("/")) for _ in range(32)]
[t.start() for t in threads]; [t.join() for t in threads]
signal.signal(signal.SIGUSR2, lambda *_: print("caught")); os.kill(os.getpid(), signal.SIGUSR2)
print(subprocess.run(["sh", "-c", "echo $0; kill -9 $$", "name"], capture_output=True))
with tempfile.TemporaryDirectory() as d:
    [open(f"{d}/{i}", "w").close() for i in range(100)]; print(len(os.listdir(d)))
a, b = socket.socketpair(); socket.send_fds(a, [b"x"], [1]); print(len(socket.recv_fds(b, 9, 9)[1]))
with multiprocessing.get_context("fork").Pool(4) as pool: print(sum(pool.map(abs, range(-50, 50))))
m = mmap.mmap(-1, 1 << 20); m[5] = 7; print(m[5], os.path.basename(os.readlink("/proc/self/exe"))[:7])
'
bash -c 'trap "echo trapped" TERM; (sleep 0.2; kill $$) & wait; wait; echo $?; cat <(echo substituted); set -o pipefail; false | true; echo $?'
