package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

func check(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func main() {
	var group sync.WaitGroup
	sums := make([]int, 200)
	for i := range sums {
		group.Add(1)
		go func() {
			defer group.Done()
			name := filepath.Join("files", fmt.Sprint(i))
			check(os.WriteFile(name, []byte(fmt.Sprintln(i)), 0o640))
			info, err := os.Stat(name)
			check(err)
			sums[i] = int(info.Size())
		}()
	}
	group.Wait()
	total := 0
	for _, sum := range sums {
		total += sum
	}
	names, err := filepath.Glob("files/1?")
	check(err)
	fmt.Println(total, len(names), names[0])

	listener, err := net.Listen("unix", "socket")
	check(err)
	go func() {
		peer, err := listener.Accept()
		check(err)
		file, err := os.Open("files/42")
		check(err)
		_, err = io.Copy(peer, file)
		check(err)
		check(peer.Close())
	}()
	peer, err := net.Dial("unix", "socket")
	check(err)
	body, err := io.ReadAll(peer)
	check(err)
	fmt.Printf("%s %q\n", peer.RemoteAddr(), body)

	for i := range 20 {
		group.Add(1)
		go func() {
			defer group.Done()
			out, err := exec.Command("sh", "-c", fmt.Sprintf("exit %d", i%3)).CombinedOutput()
			if i%3 == 0 {
				check(err)
			}
			if len(out) > 0 {
				fmt.Println(string(out))
			}
		}()
	}
	group.Wait()
	cmd := exec.Command("sort", "-r")
	stdin, err := cmd.StdinPipe()
	check(err)
	stdout, err := cmd.StdoutPipe()
	check(err)
	check(cmd.Start())
	fmt.Fprint(stdin, "a\nb\nc\n")
	stdin.Close()
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		fmt.Print(lines.Text(), " ")
	}
	check(cmd.Wait())
	fmt.Println()

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	check(syscall.Kill(os.Getpid(), syscall.SIGUSR1))
	fmt.Println(<-signals)
	_, err = os.Open("/none/there")
	fmt.Println(err)
	self, err := os.Executable()
	check(err)
	fmt.Println(filepath.Base(self), len(os.Args))
	timer := time.After(time.Millisecond)
	<-timer
	check(syscall.Exec("/bin/echo", []string{"echo", "executed"}, os.Environ()))
}
