package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// pattern fills p with bytes that tell where in the stream they stand.
func pattern(p []byte, offset int) {
	for i := range p {
		at := offset + i
		p[i] = byte(at ^ at>>8 ^ at>>16)
	}
}

// check reads n bytes of the pattern from r, from offset on.
func check(r io.Reader, offset, n int) error {
	got, want := make([]byte, 64<<10), make([]byte, 64<<10)
	for n > 0 {
		m, err := r.Read(got[:min(n, len(got))])
		if pattern(want[:m], offset); !bytes.Equal(got[:m], want[:m]) {
			return fmt.Errorf("wrong bytes near %d", offset)
		}
		offset, n = offset+m, n-m
		if err != nil && n > 0 {
			return fmt.Errorf("at %d: %w", offset, err)
		}
	}
	return nil
}

// roundTrip sends n bytes and expects them back, both at the same time, then the end after its own.
func roundTrip(c net.Conn, n int) error {
	var wg sync.WaitGroup
	var sendErr error
	wg.Go(func() {
		chunk := make([]byte, 100_000)
		for sent := 0; sent < n && sendErr == nil; sent += len(chunk) {
			chunk = chunk[:min(len(chunk), n-sent)]
			pattern(chunk, sent)
			_, sendErr = c.Write(chunk)
		}
		if sendErr == nil {
			sendErr = c.(interface{ CloseWrite() error }).CloseWrite()
		}
	})
	err := check(c, 0, n)
	if err == nil {
		if m, end := c.Read(make([]byte, 1)); end != io.EOF || m != 0 {
			err = fmt.Errorf("after the last byte: %d bytes, %w; want the end", m, end)
		}
	}
	wg.Wait()
	return errors.Join(err, sendErr)
}

func TestEchoesOverTCPAndUnix(t *testing.T) {
	dir, err := os.MkdirTemp("", "echo")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	s := serveWith(t, "-tcp", "127.0.0.1:0", "-unix", path)
	for _, network := range []string{"tcp", "unix"} {
		for _, n := range []int{0, 1, 100, 1 << 20, 30_000_000} {
			c := s.dial(t, network)
			if err := roundTrip(c, n); err != nil {
				t.Errorf("%s, %d bytes: %v", network, n, err)
			}
			c.Close()
		}
	}
	s.signal(t)
	if err := s.end(t); err != nil {
		t.Errorf("got %v at the end, want exit status 0\n%s", err, s.stderr.Bytes())
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the path of the Unix socket after the end: %v; want it removed", err)
	}
}

func TestServesOnSeveralLoops(t *testing.T) {
	s := serveWith(t, "-tcp", "127.0.0.1:0", "-loops", "4", "-metrics")
	const clients, size = 64, 200_000
	var wg sync.WaitGroup
	for range clients {
		c := s.dial(t, "tcp")
		wg.Go(func() {
			if err := roundTrip(c, size); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s.signal(t)
	if err := s.end(t); err != nil {
		t.Errorf("got %v at the end, want exit status 0", err)
	}
	report := <-s.rest
	loops, conns, sent := 0, 0, 0
	for line := range strings.Lines(report) {
		var i, c, b, p int
		if n, _ := fmt.Sscanf(line, "loop %d: %d connections, %d bytes, %d panics", &i, &c, &b, &p); n == 4 {
			loops++
			conns += c
			sent += b
		}
	}
	if loops != 4 || conns != clients || sent != clients*size {
		t.Errorf("-metrics told of %d loops, %d connections, %d bytes; want 4, %d, %d:\n%s", loops, conns, sent, clients, clients*size, report)
	}
}

// A client that sends and never reads what comes back is not read from any more, and what it has sent costs the server
// next to nothing. Others are served meanwhile, and when it reads at last everything is there.
func TestAClientThatNeverReadsIsStopped(t *testing.T) {
	s := serveWith(t, "-tcp", "127.0.0.1:0", "-loops", "1")
	if err := roundTrip(s.dial(t, "tcp"), 10_000_000); err != nil { // the program has its buffers from here on
		t.Fatal(err)
	}
	before := s.memory(t)
	const most = 200 << 20
	c := s.dial(t, "tcp")
	sent := 0
	for chunk := make([]byte, 1<<20); sent < most; {
		pattern(chunk, sent)
		c.SetWriteDeadline(time.Now().Add(time.Second))
		n, err := c.Write(chunk)
		if sent += n; err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
			break
		}
	}
	if sent >= most {
		t.Errorf("the server has taken all %d bytes of a client that does not read", sent)
	}
	if grown := s.memory(t) - before; grown > 4<<20 && len(buildFlags) == 0 {
		t.Errorf("the server's memory has grown by %d KiB for a client that does not read", grown>>10)
	}
	if err := roundTrip(s.dial(t, "tcp"), 1_000_000); err != nil {
		t.Errorf("another client meanwhile: %v", err)
	}
	c.SetReadDeadline(time.Now().Add(patience))
	if err := check(c, 0, sent); err != nil {
		t.Errorf("the client reads at last: %v", err)
	}
}

// memory is what the program has in memory, in bytes.
func (s *echoServer) memory(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0 // not Linux: nothing to compare
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

func TestSIGTERMDrainsIdleConnections(t *testing.T) {
	s := serveWith(t, "-tcp", "127.0.0.1:0")
	var clients []net.Conn
	for range 20 {
		c := s.dial(t, "tcp")
		fmt.Fprint(c, "hello")
		if _, err := io.ReadFull(c, make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	s.signal(t)
	for _, c := range clients {
		if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("an idle client read %d bytes, %v; want the end", n, err)
		}
		c.Close()
	}
	if err := s.end(t); err != nil {
		t.Errorf("got %v, want exit status 0\n%s", err, s.stderr.Bytes())
	}
}

// A connection is ended when it has been silent for a while, and every one in the end: a client that this machine is too busy for is no
// proof, and it is tried again with less.
func TestSIGTERMDrainsBusyConnections(t *testing.T) {
	for size, tries := 4<<20, 0; !drainsBusyConnections(t, size); size, tries = max(size/2, 512<<10), tries+1 {
		if tries == 10 {
			t.Fatal("this machine is too busy to tell")
		}
	}
}

// drainsBusyConnections reports whether everything came back, or the test has failed; not if a client was too slow.
func drainsBusyConnections(t *testing.T, size int) bool {
	s := serveWith(t, "-tcp", "127.0.0.1:0", "-loops", "2")
	const clients = 8
	var started, wg sync.WaitGroup
	var ending atomic.Int64 // when the signal was sent
	late := false
	var mu sync.Mutex
	for range clients {
		c := s.dial(t, "tcp")
		started.Add(1)
		wg.Go(func() {
			// It has much under way in both directions when the signal comes, and reads slowly.
			c := &slow{Conn: c, after: 256 << 10, then: started.Done}
			err := roundTrip(c, size)
			mu.Lock()
			defer mu.Unlock()
			began := ending.Load()
			switch since := time.Duration(time.Now().UnixNano() - began); {
			case err == nil:
			case began != 0 && (c.longest > drainLook/2 || since > drainPatient/2):
				late = true
			default:
				t.Error(err)
			}
			c.Close()
		})
	}
	started.Wait()
	ending.Store(time.Now().UnixNano())
	s.signal(t)
	wg.Wait()
	if err := s.end(t); err != nil {
		t.Errorf("got %v, want exit status 0\n%s", err, s.stderr.Bytes())
	}
	return !late
}

// slow is a connection that is read from by little pieces.
type slow struct {
	net.Conn
	after, read int
	then        func() // called when after bytes have been read
	last        time.Time
	longest     time.Duration // that nothing came
}

func (s *slow) CloseWrite() error { return s.Conn.(*net.TCPConn).CloseWrite() }

func (s *slow) Read(p []byte) (int, error) {
	time.Sleep(time.Millisecond)
	n, err := s.Conn.Read(p[:min(len(p), 16<<10)])
	now := time.Now()
	if !s.last.IsZero() {
		s.longest = max(s.longest, now.Sub(s.last))
	}
	s.last = now
	if s.read += n; s.then != nil && (s.read >= s.after || err != nil) {
		s.then()
		s.then = nil
	}
	return n, err
}

// The program can be ended as soon as it has said that it is there.
func TestSIGTERMRightAtTheStart(t *testing.T) {
	for range 10 {
		s := serveWith(t, "-tcp", "127.0.0.1:0")
		s.signal(t)
		if err := s.end(t); err != nil {
			t.Fatalf("got %v, want exit status 0", err)
		}
	}
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	s := serveWith(t, "-tcp", "127.0.0.1:0")
	s.dial(t, "tcp") // it stays, and does not close
	s.signal(t)
	s.untilRefused(t)
	s.signal(t)
	err := s.end(t)
	status, _ := s.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if err == nil || !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("got %v, want an end by SIGTERM", err)
	}
}
