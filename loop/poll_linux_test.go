package loop

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/reactor"
)

// Out-of-band data is told apart from the stream's.
func TestPollOob(t *testing.T) {
	l := newLoop(t, Options{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	clientFD, serverFD := fdOf(t, client.(*net.TCPConn)), fdOf(t, server.(*net.TCPConn))
	if err := unix.Sendto(serverFD, []byte("hello"), unix.MSG_OOB, nil); err != nil {
		t.Fatal(err)
	}
	if err := unix.Sendto(serverFD, []byte("world"), 0, nil); err != nil {
		t.Fatal(err)
	}
	p, atServer := newPoll(t, l, clientFD), newPoll(t, l, serverFD)
	urgent, got, sent, heard := "", "", 0, ""
	recv := func(fd, n, flags int) string {
		buf := make([]byte, n)
		n, _, err := unix.Recvfrom(fd, buf, flags)
		if err != nil && !errors.Is(err, unix.EAGAIN) {
			t.Errorf("recv: %v", err)
		}
		return string(buf[:max(n, 0)])
	}
	var told func(ready reactor.Readiness)
	told = func(ready reactor.Readiness) {
		if ready&reactor.Priority != 0 {
			urgent += recv(clientFD, 5, unix.MSG_OOB)
			p.Stop()
			startPoll(t, p, reactor.WantRead|reactor.WantWrite, told)
		}
		if ready&reactor.CanRead != 0 {
			got += recv(clientFD, 5, 0) // a read stops at the mark
		}
		if ready&reactor.CanWrite != 0 && sent == 0 {
			if err := unix.Sendto(clientFD, []byte("foo"), 0, nil); err != nil {
				t.Error(err)
			}
			sent++
		}
		if len(got) == len("hellworld") && sent == 1 {
			p.Stop()
		}
	}
	startPoll(t, p, reactor.WantPriority|reactor.WantRead|reactor.WantWrite, told)
	startPoll(t, atServer, reactor.WantRead, func(reactor.Readiness) {
		heard += recv(serverFD, 3, 0)
		atServer.Stop()
	})
	run(t, l)
	if urgent != "o" || got != "hellworld" || heard != "foo" {
		t.Errorf("got %q out of band, %q in it, and %q at the server", urgent, got, heard)
	}
}

func TestPollNestedEpoll(t *testing.T) {
	l := newLoop(t, Options{})
	set, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(set)
	read, write := pipe(t)
	defer unix.Close(read)
	defer unix.Close(write)
	if err := unix.EpollCtl(set, unix.EPOLL_CTL_ADD, read, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(read)}); err != nil {
		t.Fatal(err)
	}
	p := newPoll(t, l, set)
	calls := 0
	startPoll(t, p, reactor.WantRead, func(ready reactor.Readiness) {
		if ready != reactor.CanRead {
			t.Errorf("told %v", ready)
		}
		calls++
		p.Close(nil)
	})
	noWait(t, l)
	if calls != 0 {
		t.Errorf("told %d times of a set in which nothing is ready", calls)
	}
	unix.Write(write, []byte{1})
	run(t, l)
	if calls != 1 {
		t.Errorf("told %d times, want once", calls)
	}
}

// What is a descriptor on Linux and no stream: counters, timers, terminals.
func TestPollOfAnEventfdATimerfdAndATerminal(t *testing.T) {
	t.Run("eventfd", func(t *testing.T) {
		l := newLoop(t, Options{})
		fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		p := newPoll(t, l, fd)
		got := uint64(0)
		startPoll(t, p, reactor.WantRead, func(reactor.Readiness) {
			var buf [8]byte
			unix.Read(fd, buf[:])
			got += binary.NativeEndian.Uint64(buf[:])
			p.Stop()
		})
		parkThen(t, func() { unix.Write(fd, binary.NativeEndian.AppendUint64(nil, 7)) })
		run(t, l)
		if got != 7 {
			t.Errorf("got %d, want 7", got)
		}
	})
	t.Run("timerfd", func(t *testing.T) {
		l := newLoop(t, Options{})
		fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(5 * time.Millisecond))}
		if err := unix.TimerfdSettime(fd, 0, &spec, nil); err != nil {
			t.Fatal(err)
		}
		p := newPoll(t, l, fd)
		calls := 0
		startPoll(t, p, reactor.WantRead, func(reactor.Readiness) {
			calls++
			p.Stop()
		})
		run(t, l)
		if calls != 1 {
			t.Errorf("told %d times, want once", calls)
		}
	})
	t.Run("terminal", func(t *testing.T) {
		l := newLoop(t, Options{})
		master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer master.Close()
		p := newPoll(t, l, fdOf(t, master))
		calls := 0
		startPoll(t, p, reactor.WantWrite, func(ready reactor.Readiness) {
			if ready != reactor.CanWrite {
				t.Errorf("told %v", ready)
			}
			calls++
			p.Stop()
		})
		run(t, l)
		if calls != 1 {
			t.Errorf("told %d times, want once", calls)
		}
	})
}

// A failure is told as libuv tells it, and nothing of the failure itself is used up.
func TestPollOfASocketThatIsReset(t *testing.T) {
	l := newLoop(t, Options{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	fd := fdOf(t, client.(*net.TCPConn))
	p := newPoll(t, l, fd)
	calls := 0
	if err := p.Start(reactor.WantRead, func(ready reactor.Readiness, err error) {
		calls++
		if ready != 0 || !errors.Is(err, reactor.EBADF) || p.Active() {
			t.Errorf("told %v, %v, active %v; want EBADF and a stopped Poll", ready, err, p.Active())
		}
	}); err != nil {
		t.Fatal(err)
	}
	server.(*net.TCPConn).SetLinger(0)
	server.Close()
	run(t, l) // nothing is left to wait for
	if calls != 1 {
		t.Errorf("told %d times, want once", calls)
	}
	if _, err := unix.Read(fd, make([]byte, 1)); !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("the owner reads %v, want the reset", err)
	}
}

// The flags of a foreign descriptor may be shared with other processes: they are as they were.
func TestPollLeavesTheFlagsAlone(t *testing.T) {
	l := newLoop(t, Options{})
	read, write := pipe(t)
	defer unix.Close(read)
	defer unix.Close(write)
	if err := unix.SetNonblock(read, false); err != nil {
		t.Fatal(err)
	}
	before, err := unix.FcntlInt(uintptr(read), unix.F_GETFL, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := newPoll(t, l, read)
	startPoll(t, p, reactor.WantRead, func(reactor.Readiness) {})
	noWait(t, l)
	if after, err := unix.FcntlInt(uintptr(read), unix.F_GETFL, 0); err != nil || after != before {
		t.Errorf("got flags %#o, %v; want %#o", after, err, before)
	}
	p.Close(nil)
}

// A descriptor that has a duplicate in another place stays in an epoll set when it is closed. One that was stopped
// first does not, so what happens to the duplicate wakes nobody.
func TestPollStoppedBeforeItsDescriptorIsClosedLeavesNothingBehind(t *testing.T) {
	l := newLoop(t, Options{})
	read, write := pipe(t)
	defer unix.Close(write)
	dup, err := unix.Dup(read)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(dup)
	p := newPoll(t, l, read)
	startPoll(t, p, reactor.WantRead, func(reactor.Readiness) { t.Error("told after Stop") })
	noWait(t, l)
	p.Stop()
	unix.Close(read)
	unix.Write(write, []byte{1})
	iterations := 0
	begin(t, l.NewPrepare(), func() { iterations++ })
	start(t, l.NewTimer(), l.Stop, 30*time.Millisecond, 0)
	run(t, l)
	if iterations > 10 {
		t.Errorf("got %d iterations for the duplicate of a descriptor that nobody watches", iterations)
	}
}
