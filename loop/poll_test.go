//go:build linux || darwin || freebsd || openbsd || netbsd

package loop

// libuv's tests of uv_poll, on descriptors that package net and the test itself own.

import (
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/reactor"
)

// fdOf is the descriptor of a socket or file of the standard library, which goes on owning it.
func fdOf(t *testing.T, c syscall.Conn) (fd int) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err == nil {
		err = raw.Control(func(x uintptr) { fd = int(x) })
	}
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

// newPoll watches a descriptor that is fit for it.
func newPoll(t *testing.T, l *Loop, fd int) *reactor.Poll {
	t.Helper()
	p, err := l.NewPoll(fd)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// startPoll starts a Poll that is to see no error.
func startPoll(t *testing.T, p *reactor.Poll, want reactor.Interest, cb func(ready reactor.Readiness)) {
	t.Helper()
	err := p.Start(want, func(ready reactor.Readiness, err error) {
		if err != nil {
			t.Errorf("told of an error: %v", err)
		}
		cb(ready)
	})
	if err != nil {
		t.Fatal(err)
	}
}

const (
	pollClients  = 5
	pollTransfer = 64 << 10
)

// pollEnd is one end of a connection that the test moves by hand, doing something at random whenever it is told.
type pollEnd struct {
	t      *testing.T
	random *rand.Rand
	conn   *net.TCPConn
	fd     int
	poll   *reactor.Poll
	timer  *Timer

	sends, receives         bool
	read, sent              int
	gotFin, sentFin, gotEnd bool
	wants, later            reactor.Interest
	closed                  *int
	spurious, valid         *int
}

const everything = reactor.WantRead | reactor.WantWrite | reactor.WantEnd

func (e *pollEnd) start() {
	if err := e.poll.Start(e.wants, e.told); err != nil {
		e.t.Error(err)
	}
}

func (e *pollEnd) told(ready reactor.Readiness, err error) {
	if err != nil {
		e.t.Errorf("told of %v", err)
		e.end()
		return
	}
	wants := e.wants
	if ready&reactor.CanRead != 0 {
		wants = e.readable(wants)
	}
	if ready&reactor.CanWrite != 0 {
		wants = e.writable(wants)
	}
	if ready&reactor.Ended != 0 {
		e.gotEnd = true
		wants &^= reactor.WantEnd
	}
	if e.gotFin && e.sentFin && e.gotEnd {
		e.end()
		return
	}
	if wants != e.wants {
		e.wants = wants
		e.start()
	}
	if e.poll.Active() != (wants != 0) {
		e.t.Errorf("active %v with %v wanted", e.poll.Active(), wants)
	}
}

func (e *pollEnd) end() {
	e.conn.Close() // before the Poll knows, as libuv's test does
	e.poll.Close(func() { *e.closed++ })
	e.timer.Close(func() { *e.closed++ })
	e.wants = 0
}

func (e *pollEnd) readable(wants reactor.Interest) reactor.Interest {
	switch action := e.random.IntN(7); action {
	case 0, 1, 2, 3: // a little, or all there is
		for buf := make([]byte, 931); ; {
			n, err := syscall.Read(e.fd, buf[:74+action*200])
			if n > 0 {
				e.read += n
			}
			if n == 0 {
				e.gotFin = true
				return wants &^ reactor.WantRead
			}
			if err != nil && !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR) {
				e.t.Errorf("read: %v", err)
			}
			if n < 0 || action < 2 {
				return wants
			}
		}
	case 5:
		return e.pause(wants, reactor.WantRead, 10*time.Millisecond)
	case 6:
		return e.fudge(reactor.WantWrite, reactor.WantRead)
	}
	return wants // ignored: it is told again
}

func (e *pollEnd) writable(wants reactor.Interest) reactor.Interest {
	if !e.sends || e.sent == pollTransfer {
		if err := e.conn.CloseWrite(); err != nil {
			e.t.Error(err)
		}
		e.sentFin = true
		return wants &^ reactor.WantWrite
	}
	switch action := e.random.IntN(7); action {
	case 0, 1, 2, 3:
		for buf, first := make([]byte, 1234), true; e.sent < pollTransfer; first = false {
			n, err := syscall.Write(e.fd, buf[:min(103+action*300, pollTransfer-e.sent)])
			if n < 0 {
				if !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR) {
					e.t.Errorf("write: %v", err)
				}
				if first {
					*e.spurious++
				}
				return wants
			}
			e.sent += n
			*e.valid++
			if action < 2 {
				return wants
			}
		}
	case 5:
		return e.pause(wants, reactor.WantWrite, 20*time.Millisecond)
	case 6:
		return e.fudge(reactor.WantRead, reactor.WantWrite)
	}
	return wants
}

// pause does without what for a while.
func (e *pollEnd) pause(wants, what reactor.Interest, d time.Duration) reactor.Interest {
	e.later |= what
	if !e.timer.Active() {
		start(e.t, e.timer, func() {
			e.wants |= e.later &^ e.over()
			e.later = 0
			e.start()
		}, d, 0)
	}
	return wants &^ what
}

// fudge asks for one thing and then for another.
func (e *pollEnd) fudge(first, then reactor.Interest) reactor.Interest {
	e.wants = first
	e.start()
	e.wants = then
	e.start()
	return e.pause(then, everything&^then, time.Millisecond) | then // the rest comes back later
}

// over is what there is no more of: neither end may close its side twice.
func (e *pollEnd) over() (x reactor.Interest) {
	if e.gotFin {
		x |= reactor.WantRead
	}
	if e.sentFin {
		x |= reactor.WantWrite
	}
	if e.gotEnd {
		x |= reactor.WantEnd
	}
	return x
}

func pollConnections(t *testing.T, duplex bool) {
	l := newLoop(t, Options{})
	random := rand.New(rand.NewPCG(1, 2))
	closed, spurious, valid := 0, 0, 0
	var ends []*pollEnd
	begin := func(c net.Conn, server bool) {
		e := &pollEnd{
			t: t, random: random, conn: c.(*net.TCPConn), wants: everything, closed: &closed, spurious: &spurious, valid: &valid,
			sends: duplex || !server, receives: duplex || server, timer: l.NewTimer(),
		}
		e.fd = fdOf(t, e.conn)
		e.poll = newPoll(t, l, e.fd)
		e.start()
		ends = append(ends, e)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepting := newPoll(t, l, fdOf(t, ln.(*net.TCPListener)))
	accepted := 0
	startPoll(t, accepting, reactor.WantRead, func(reactor.Readiness) {
		c, err := ln.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		begin(c, true)
		if accepted++; accepted == pollClients {
			ln.Close()
			accepting.Close(nil)
		}
	})
	for range pollClients {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		begin(c, false)
	}
	run(t, l)
	if closed != 4*pollClients {
		t.Errorf("got %d close callbacks, want %d", closed, 4*pollClients)
	}
	for _, e := range ends {
		wantRead, wantSent := 0, 0
		if e.receives {
			wantRead = pollTransfer
		}
		if e.sends {
			wantSent = pollTransfer
		}
		if e.read != wantRead || e.sent != wantSent || !e.gotEnd {
			t.Errorf("got %d bytes read, %d sent, end %v; want %d, %d", e.read, e.sent, e.gotEnd, wantRead, wantSent)
		}
	}
	if spurious*20 > valid {
		t.Errorf("%d of %d wake-ups to write were for nothing", spurious, spurious+valid)
	}
}

func TestPollDuplex(t *testing.T)         { pollConnections(t, true) }
func TestPollUnidirectional(t *testing.T) { pollConnections(t, false) }

// libuv refuses regular files and directories where epoll does; here every system does.
func TestPollBadFdtype(t *testing.T) {
	l := newLoop(t, Options{})
	dir, err := os.Open(".")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	file, err := os.Open("poll_test.go")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, f := range []*os.File{dir, file} {
		if _, err := l.NewPoll(int(f.Fd())); !errors.Is(err, reactor.EPERM) {
			t.Errorf("%s: got %v, want EPERM", f.Name(), err)
		}
	}
	fd := int(file.Fd())
	file.Close()
	if _, err := l.NewPoll(fd); !errors.Is(err, reactor.EBADF) {
		t.Errorf("got %v for a closed descriptor, want EBADF", err)
	}
}

func TestPollMultipleHandles(t *testing.T) {
	l := newLoop(t, Options{})
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	first, second := newPoll(t, l, fd), newPoll(t, l, fd)
	only := func(ready reactor.Readiness) { // a socket that is not connected is hung up on Linux, and nothing elsewhere
		if ready != reactor.CanRead {
			t.Errorf("told %v", ready)
		}
	}
	startPoll(t, first, reactor.WantRead, only)
	if err := second.Start(reactor.WantRead, func(reactor.Readiness, error) {}); !errors.Is(err, reactor.EEXIST) {
		t.Errorf("got %v while another is started, want EEXIST", err)
	}
	first.Stop()
	startPoll(t, second, reactor.WantRead, only)
	closed := 0
	first.Close(func() { closed++ })
	second.Unref()
	run(t, l)
	second.Ref()
	if closed != 1 || !second.Active() {
		t.Errorf("got %d close callbacks, active %v; want 1, true", closed, second.Active())
	}
	second.Close(func() { closed++ })
	run(t, l)
	if closed != 2 {
		t.Errorf("got %d close callbacks, want 2", closed)
	}
}

func TestPollClose(t *testing.T) {
	const n = 64
	l := newLoop(t, Options{})
	closed := 0
	for range n {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer syscall.Close(fd)
		p := newPoll(t, l, fd)
		if err := p.Start(everything, func(reactor.Readiness, error) { t.Error("called after Close") }); err != nil {
			t.Fatal(err)
		}
		p.Close(func() { closed++ })
	}
	run(t, l)
	if closed != n {
		t.Errorf("got %d close callbacks, want %d", closed, n)
	}
}

// A Poll and the socket below it are closed right after a start, with events on their way; libuv's test looked for a
// report that arrived on a frame of the stack which was gone.
func TestPollCloseDoesntCorruptStack(t *testing.T) {
	l := newLoop(t, Options{})
	read, write := pipe(t)
	p := newPoll(t, l, read)
	if err := p.Start(reactor.WantRead, func(reactor.Readiness, error) { t.Error("called after Close") }); err != nil {
		t.Fatal(err)
	}
	noWait(t, l) // the kernel knows it
	if _, err := syscall.Write(write, []byte("x")); err != nil {
		t.Fatal(err)
	}
	l.Post(func() { p.Close(nil) })
	p.Stop()
	syscall.Close(read)
	run(t, l)
}

// pipe is a pipe that does not block. The test's end closes what is open of it then.
func pipe(t *testing.T) (read, write int) {
	t.Helper()
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if err := syscall.SetNonblock(fd, true); err != nil {
			t.Fatal(err)
		}
	}
	return fds[0], fds[1]
}

func TestClosedFdEvents(t *testing.T) {
	l := newLoop(t, Options{})
	read, write := pipe(t)
	defer syscall.Close(write)
	stdin := newPoll(t, l, read)
	got := 0
	take := func(reactor.Readiness) {
		n, _ := syscall.Read(read, make([]byte, 16))
		got += max(n, 0)
	}
	put := func(s string) {
		if _, err := syscall.Write(write, []byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	startPoll(t, stdin, reactor.WantRead, take)
	put("x")
	runUntil(t, l, "byte", func() bool { return got == 1 })
	put("yz") // an event is on its way, or will be
	stdin.Stop()
	timer := l.NewTimer()
	start(t, timer, func() {}, 10*time.Millisecond, 0)
	run(t, l)
	if got != 1 {
		t.Errorf("got %d bytes by a Poll that was stopped, want 1", got)
	}
	startPoll(t, stdin, reactor.WantRead, take)
	runUntil(t, l, "the rest", func() bool { return got == 3 })
	// The other end hangs up while nobody listens: whatever a pipe says then, for ever, the loop does not hear it.
	stdin.Stop()
	syscall.Close(write)
	iterations := 0
	begin(t, l.NewPrepare(), func() { iterations++ })
	stop := l.NewTimer()
	start(t, stop, l.Stop, 30*time.Millisecond, 0)
	run(t, l)
	if iterations > 10 {
		t.Errorf("got %d iterations beside a stopped Poll that is hung up", iterations)
	}
	ended := 0
	startPoll(t, stdin, reactor.WantRead, func(reactor.Readiness) { // an end without RDHUP: pipes have none
		if n, err := syscall.Read(read, make([]byte, 1)); n != 0 || err != nil {
			t.Errorf("got %d bytes, %v; want the end", n, err)
		}
		ended++
		stdin.Stop()
		syscall.Close(read) // allowed at once after Stop
	})
	runUntil(t, l, "the end", func() bool { return ended == 1 })
}

// A socket of package net, of the datagram kind, which a Conn could not be.
func TestPollOfAUDPSocketOfPackageNet(t *testing.T) {
	l := newLoop(t, Options{})
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	p := newPoll(t, l, fdOf(t, c.(*net.UDPConn)))
	if _, err := c.WriteTo([]byte("hello"), c.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	var got string
	startPoll(t, p, reactor.WantRead, func(reactor.Readiness) {
		buf := make([]byte, 16)
		n, _, err := c.ReadFrom(buf)
		if err != nil {
			t.Error(err)
		}
		got = string(buf[:n])
		p.Stop()
	})
	run(t, l)
	if got != "hello" {
		t.Errorf("got %q", got)
	}
}

func TestPollIsInWalk(t *testing.T) {
	l := newLoop(t, Options{})
	read, write := pipe(t)
	defer syscall.Close(read)
	defer syscall.Close(write)
	p := newPoll(t, l, read)
	found := 0
	l.Walk(func(h Handle) {
		if h == Handle(p) {
			found++
		}
	})
	if found != 1 {
		t.Errorf("found %d times by Walk, want 1", found)
	}
	if err := l.Close(); !errors.Is(err, reactor.EBUSY) {
		t.Errorf("got %v beside a Poll, want EBUSY", err)
	}
}

// A Poll that is stopped and started by every callback: it is told anew each time, and stays told.
func TestPollStoppedAndStartedByItsOwnCallback(t *testing.T) {
	l := newLoop(t, Options{})
	read, write := pipe(t)
	defer syscall.Close(read)
	defer syscall.Close(write)
	p := newPoll(t, l, write)
	calls := 0
	var cb func(reactor.Readiness, error)
	cb = func(ready reactor.Readiness, err error) {
		if ready != reactor.CanWrite || err != nil {
			t.Errorf("told %v, %v", ready, err)
		}
		p.Stop()
		if calls++; calls < 100 {
			if err := p.Start(reactor.WantWrite, cb); err != nil {
				t.Error(err)
			}
		}
	}
	if err := p.Start(reactor.WantWrite, cb); err != nil {
		t.Fatal(err)
	}
	run(t, l)
	if calls != 100 {
		t.Errorf("got %d calls, want 100", calls)
	}
}

// The reader of a pipe goes away: the writer is told of a failure, once, and is stopped, as in libuv.
func TestPollOfAPipeThatNobodyReads(t *testing.T) {
	l := newLoop(t, Options{})
	read, write := pipe(t)
	defer syscall.Close(write)
	p := newPoll(t, l, write)
	buf := make([]byte, 64<<10)
	for {
		if _, err := syscall.Write(write, buf); err != nil {
			break // it is full
		}
	}
	var told []reactor.Readiness
	var errs []error
	if err := p.Start(reactor.WantWrite, func(ready reactor.Readiness, err error) {
		told, errs = append(told, ready), append(errs, err)
		p.Stop()
	}); err != nil {
		t.Fatal(err)
	}
	noWait(t, l)
	if len(told) != 0 {
		t.Fatalf("told %v of a full pipe", told)
	}
	syscall.Close(read)
	run(t, l)
	if len(told) != 1 || errs[0] != nil && !errors.Is(errs[0], reactor.EBADF) {
		t.Errorf("told %v, %v; want one failure, or readiness on kqueue systems", told, errs)
	}
	if _, err := syscall.Write(write, buf); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("the owner's write: %v, want EPIPE", err)
	}
}
