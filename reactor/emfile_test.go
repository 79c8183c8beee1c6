//go:build linux || darwin || freebsd || openbsd || netbsd

package reactor_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/reactor/reactortest"
)

// TestEmfileWithOtherGoroutinesOpeningFiles: a process at its limit of descriptors, in which other
// goroutines take whatever is freed, the listener's reserve included. It neither spins nor crashes, serves those it has,
// and recovers by itself. The process is this test in another one, because the limit is a process's.
func TestEmfileWithOtherGoroutinesOpeningFiles(t *testing.T) {
	if os.Getenv("WEIR_EMFILE_CHILD") != "" {
		emfileChild(t)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=1m")
	child.Env = append(os.Environ(), "WEIR_EMFILE_CHILD=1")
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	child.Stderr = os.Stderr
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	var printed []string
	next := func(prefix string) string {
		for lines.Scan() {
			printed = append(printed, lines.Text())
			if rest, ok := strings.CutPrefix(lines.Text(), prefix); ok {
				return rest
			}
		}
		t.Fatalf("the child ended without saying %q:\n%s", prefix, strings.Join(printed, "\n"))
		return ""
	}
	address := next("address ")

	// More clients than there are descriptors. Some are served, the others turned away or left waiting.
	var served, waiting []net.Conn
	for range 100 {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if echoes(c, 200*time.Millisecond) {
			served = append(served, c)
			continue
		}
		waiting = append(waiting, c)
		if len(waiting) == 5 {
			break
		}
	}
	if len(served) == 0 || len(waiting) == 0 {
		t.Fatalf("%d clients were served, %d were not: the limit was not reached", len(served), len(waiting))
	}
	fmt.Fprintln(stdin, "count")
	before := next("iterations ")
	time.Sleep(300 * time.Millisecond)
	fmt.Fprintln(stdin, "count")
	after := next("iterations ")
	var from, to int
	fmt.Sscan(before, &from)
	fmt.Sscan(after, &to)
	if to-from > 300 {
		t.Errorf("%d iterations in 300 ms at the limit", to-from)
	}
	for i, c := range served {
		if !echoes(c, 10*time.Second) {
			t.Errorf("client %d lost its bytes at the limit", i)
		}
	}
	for _, c := range append(served, waiting...) {
		c.Close()
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		ok := echoes(c, time.Second)
		c.Close()
		if ok {
			break
		}
		if time.Now().After(deadline) {
			t.Error("the listener does not recover")
			break
		}
	}
	stdin.Close()
	for lines.Scan() {
		printed = append(printed, lines.Text())
	}
	if err := child.Wait(); err != nil {
		t.Errorf("the child: %v\n%s", err, strings.Join(printed, "\n"))
	}
}

// echoes reports whether c's peer sends a message back in time.
func echoes(c net.Conn, within time.Duration) bool {
	c.SetDeadline(time.Now().Add(within))
	if _, err := c.Write([]byte("hello")); err != nil {
		return false
	}
	var buf [5]byte
	_, err := io.ReadFull(c, buf[:])
	return err == nil
}

// emfileChild is an echo server with very few descriptors, in a busy process.
func emfileChild(t *testing.T) {
	k, err := reactor.System(reactor.SystemOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d := &reactortest.Driver{R: reactor.New(k, reactor.Options{})}
	ln, err := d.R.Listen("tcp", "127.0.0.1:0", reactor.ListenOptions{}, func(c *reactor.Conn) {
		c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
			if err != nil {
				c.Close(nil)
				return
			}
			c.WriteBorrowed(p, nil)
		}))
	})
	if err != nil {
		t.Fatal(err)
	}
	limit := unix.Rlimit{}
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = 40
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	var commands, iterations atomic.Int64
	var ended atomic.Bool
	for range 4 {
		go func() {
			for !ended.Load() {
				if f, err := os.Open(os.DevNull); err == nil {
					time.Sleep(100 * time.Microsecond)
					f.Close()
				}
				time.Sleep(100 * time.Microsecond)
			}
		}()
	}
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			commands.Add(1)
			d.R.Wake()
		}
		ended.Store(true)
		d.R.Wake()
	}()
	fmt.Printf("address %v\n", ln.Addr())
	for !ended.Load() {
		d.Iterate(time.Minute)
		for iterations.Add(1); commands.Load() > 0; commands.Add(-1) {
			fmt.Printf("iterations %d\n", iterations.Load())
		}
	}
	ln.Close(nil)
	d.Until(func() bool {
		d.R.Walk(func(handle any) {
			if c, ok := handle.(*reactor.Conn); ok {
				c.Close(nil)
			}
		})
		return d.R.Live() == 0
	})
	if err := d.R.Close(); err != nil {
		t.Error(err)
	}
}
