package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen: so long that only a hang takes it.
const patience = 20 * time.Second

// buildFlags make the program in the same build as its tests; the files of those builds add to it.
var buildFlags []string

// program is the real binary, built once for all tests.
var program string

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "echo")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "echo")
	build := exec.Command("go", append(append([]string{"build"}, buildFlags...), "-o", program, ".")...)
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the program: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// echoServer is the program, running.
type echoServer struct {
	cmd       *exec.Cmd
	stderr    bytes.Buffer
	addresses map[string]string // by the first word of what it says
	rest      chan string       // what it says after that
	exited    chan error
}

// serveWith starts the program and waits until it has said what it listens on. The end of the test ends it.
func serveWith(t *testing.T, args ...string) *echoServer {
	t.Helper()
	s := &echoServer{addresses: map[string]string{}, rest: make(chan string, 1), exited: make(chan error, 1)}
	s.cmd = exec.Command(program, append([]string{"-http", "127.0.0.1:0"}, args...)...)
	s.cmd.Stderr = &s.stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		<-s.exited
	})
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			s.exited <- s.cmd.Wait()
			t.Fatalf("%q ended before it listened: %v\n%s", args, err, s.stderr.Bytes())
		}
		fields := strings.Fields(line)
		if s.addresses[fields[0]] = fields[1]; fields[0] == "http" {
			break // the last line
		}
	}
	go func() {
		rest, _ := io.ReadAll(lines)
		s.rest <- string(rest)
		s.exited <- s.cmd.Wait()
		close(s.exited)
	}()
	return s
}

// signal sends SIGTERM.
func (s *echoServer) signal(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// end waits for the program to end and returns how.
func (s *echoServer) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-s.exited:
		return err
	case <-time.After(patience):
		t.Fatalf("the program did not end within %v", patience)
		return nil
	}
}

// dial connects to the program.
func (s *echoServer) dial(t *testing.T, network string) net.Conn {
	t.Helper()
	c, err := net.Dial(network, s.addresses[network])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c
}

// untilRefused waits until nobody listens any more: the drain has begun.
func (s *echoServer) untilRefused(t *testing.T) {
	t.Helper()
	s.untilNobodyListens(t, s.addresses["tcp"])
}

func (s *echoServer) untilNobodyListens(t *testing.T, address string) {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if err == nil {
			c.Close()
		}
		if time.Since(begin) > patience {
			t.Errorf("still listening %v after the signal: %v", patience, err)
			return
		}
	}
}
