package inproc

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"

	"github.com/weir-go/weir/bench/internal/result"
)

// A connection is stopped when it has been read and started again an iteration later; meanwhile its peer has sent what
// comes next, so that input waits while it is stopped. Each stop and start comes with one read and one write of little.
const (
	pairs = 64
	small = 512
)

// stopped is one end of a connection that is told to wait.
type stopped struct {
	c, peer *reactor.Conn
	storm   *storm
}

// storm is all of them, and what has been done.
type storm struct {
	waiting []*stopped
	n       int64
	failed  error
	message []byte
}

func (s *stopped) OnRead(p []byte, err error) {
	if err != nil {
		s.storm.failed = err
		return
	}
	s.c.ReadStop()
	s.storm.waiting = append(s.storm.waiting, s)
	s.storm.n++
	if err := s.peer.Write([][]byte{s.storm.message[:min(len(p), small)]}, nil); err != nil {
		s.storm.failed = err
	}
}

func pauseWeir(length time.Duration) (n, bytes int64, figures map[string]float64, err error) {
	l, err := loop.New(loop.Options{})
	if err != nil {
		return 0, 0, nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	s := &storm{message: make([]byte, small)}
	var accepted, connected []*reactor.Conn
	ln, err := l.Listen("tcp", "127.0.0.1:0", func(c *reactor.Conn) { accepted = append(accepted, c) })
	if err != nil {
		return 0, 0, nil, err
	}
	for range pairs {
		c, err := l.Connect("tcp", ln.Addr().String(), func(err error) {
			if err != nil {
				s.failed = err
			}
		})
		if err != nil {
			return 0, 0, nil, err
		}
		connected = append(connected, c)
	}
	for len(accepted) < pairs && s.failed == nil {
		if _, err := l.RunOnce(); err != nil {
			return 0, 0, nil, err
		}
	}
	if s.failed == nil {
		s.failed = s.match(accepted, connected)
	}
	idle := l.NewIdle() // the loop does not wait: somebody is always to be started
	if err := idle.Start(func() {}); err != nil {
		return 0, 0, nil, err
	}
	before := l.Metrics()
	for start := time.Now(); time.Since(start) < length && s.failed == nil; {
		again := s.waiting
		s.waiting = nil
		if _, err := l.RunNoWait(); err != nil {
			return 0, 0, nil, err
		}
		for _, w := range again {
			if err := w.c.ReadStart(w); err != nil {
				return 0, 0, nil, err
			}
		}
	}
	after := l.Metrics()
	l.Walk(func(h loop.Handle) { h.Close(nil) })
	for _, c := range append(accepted, connected...) {
		c.Close(nil)
	}
	ln.Close(nil)
	if err := l.Run(); err != nil {
		return 0, 0, nil, err
	}
	if s.n == 0 && s.failed == nil {
		s.failed = errors.New("nothing was read")
	}
	return s.n, 0, map[string]float64{result.EpollCtlPerOp: float64(after.InterestChanges-before.InterestChanges) / float64(max(1, s.n))}, s.failed
}

// match finds the two ends of each connection and sends the first message.
func (s *storm) match(accepted, connected []*reactor.Conn) error {
	for _, peer := range connected {
		for _, c := range accepted {
			if c.RemoteAddr() != peer.LocalAddr() {
				continue
			}
			w := &stopped{c: c, peer: peer, storm: s}
			if err := errors.Join(c.ReadStart(w), peer.Write([][]byte{s.message}, nil)); err != nil {
				return err
			}
		}
	}
	return nil
}

// pauseEpoll is the floor: a plain epoll loop that tells epoll of each stop and of each start. It is in Go, as weir is, and so are its
// calls: raw, and not told to Go's scheduler.
func pauseEpoll(length time.Duration) (n, bytes int64, figures map[string]float64, err error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return 0, 0, nil, err
	}
	defer unix.Close(epfd)
	var ends [pairs][2]int
	message, buf := make([]byte, small), make([]byte, 64<<10)
	for i := range ends {
		if ends[i], err = tcpPair(); err != nil {
			return 0, 0, nil, err
		}
		defer unix.Close(ends[i][0])
		defer unix.Close(ends[i][1])
		event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
		if err := unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, ends[i][0], &event); err != nil {
			return 0, 0, nil, err
		}
		if _, err := unix.Write(ends[i][1], message); err != nil {
			return 0, 0, nil, err
		}
	}
	changes := int64(0)
	change := func(i int32, events uint32) error {
		changes++
		event := unix.EpollEvent{Events: events, Fd: i}
		_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(epfd), unix.EPOLL_CTL_MOD, uintptr(ends[i][0]), uintptr(unsafe.Pointer(&event)), 0, 0)
		return failure(errno)
	}
	events := make([]unix.EpollEvent, pairs)
	var waiting, again []int32
	for start := time.Now(); time.Since(start) < length; {
		again, waiting = waiting, again[:0]
		ready, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epfd), uintptr(unsafe.Pointer(&events[0])), pairs, 0, 0, 0)
		if errno != 0 && errno != unix.EINTR {
			return 0, 0, nil, errno
		}
		if errno != 0 {
			ready = 0
		}
		for _, e := range events[:ready] {
			if err := move(unix.SYS_READ, ends[e.Fd][0], buf); err != nil {
				return 0, 0, nil, err
			}
			if err := change(e.Fd, 0); err != nil {
				return 0, 0, nil, err
			}
			waiting = append(waiting, e.Fd)
			n++
			if err := move(unix.SYS_WRITE, ends[e.Fd][1], message); err != nil {
				return 0, 0, nil, err
			}
		}
		for _, i := range again {
			if err := change(i, unix.EPOLLIN); err != nil {
				return 0, 0, nil, err
			}
		}
	}
	if n == 0 {
		return 0, 0, nil, errors.New("nothing was read")
	}
	return n, 0, map[string]float64{result.EpollCtlPerOp: float64(changes) / float64(n)}, nil
}

// move is a raw read or write, which does not wait here.
func move(call uintptr, fd int, p []byte) error {
	_, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	return failure(errno)
}

// failure is an errno as an error: 0 is none.
func failure(errno unix.Errno) error {
	if errno != 0 {
		return errno
	}
	return nil
}

// tcpPair is a connection over loopback; both ends block.
func tcpPair() (ends [2]int, err error) {
	ln, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return ends, err
	}
	defer unix.Close(ln)
	if err := unix.Bind(ln, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return ends, err
	}
	if err := unix.Listen(ln, 1); err != nil {
		return ends, err
	}
	at, err := unix.Getsockname(ln)
	if err != nil {
		return ends, err
	}
	if ends[1], err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return ends, err
	}
	if err := unix.Connect(ends[1], at); err != nil {
		return ends, fmt.Errorf("connect: %w", err)
	}
	ends[0], _, err = unix.Accept4(ln, unix.SOCK_CLOEXEC)
	return ends, errors.Join(err, unix.SetsockoptInt(ends[1], unix.IPPROTO_TCP, unix.TCP_NODELAY, 1))
}
