//go:build linux

package reactor

import (
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller is epoll. The set holds our descriptors, level-triggered, an eventfd that Wake writes to and a timerfd that
// ends a park; what a dry loop does is in park_linux.go.
//
// The calls that cannot block are raw: they skip the two words with the scheduler that an ordinary system call has,
// which cost a busy loop a third of its time (docs/decisions/0002-waiting.md).
type poller struct {
	fd     int
	wakeFD int
	events []unix.EpollEvent
	failed []Event // changes that failed, not reported yet
	park   park
}

// The slots of the two descriptors that are the poller's own. No slot table grows that far.
const (
	slotWake  = 1<<32 - 1
	slotTimer = 1<<32 - 2
)

func newPoller(o SystemOptions) (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("reactor: epoll_create", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("reactor: eventfd", err)
	}
	p := &poller{fd: fd, wakeFD: wake}
	// Edge-triggered, so that a wake need not be read: each write is an edge.
	errno := epollControl(p.fd, unix.EPOLL_CTL_ADD, wake, unix.EPOLLIN|unix.EPOLLET, Token{Slot: slotWake})
	if errno == 0 {
		err = p.park.init(p, o)
	} else {
		err = os.NewSyscallError("reactor: epoll_ctl", errno)
	}
	if err != nil {
		unix.Close(wake)
		if p.park.file == nil {
			unix.Close(fd)
		}
		return nil, err
	}
	return p, nil
}

// Wait applies changes and waits: see Poller.
func (p *poller) Wait(changes []Change, events []Event, timeout time.Duration) (int, error) {
	for i := range changes {
		p.apply(&changes[i])
	}
	if len(p.events) < len(events) {
		p.events = make([]unix.EpollEvent, len(events))
	}
	if len(p.failed) > 0 {
		n := copy(events, p.failed)
		p.failed = append(p.failed[:0], p.failed[n:]...)
		return n, nil
	}
	n, err := p.park.wait(len(events), timeout)
	return p.translate(events, n), err
}

// apply tells the kernel one change. A failure is reported as an event.
func (p *poller) apply(c *Change) {
	op := unix.EPOLL_CTL_MOD
	if c.From == Unarmed {
		op = unix.EPOLL_CTL_ADD
	}
	if errno := epollControl(p.fd, op, c.FD, epollMask(c.To), c.Token); errno != 0 {
		p.failed = append(p.failed, Event{Token: c.Token, Err: errno})
	}
}

// epollMask asks for EPOLLRDHUP with reading, as a hint that there is an end to be read behind the last bytes.
func epollMask(a Armed) uint32 {
	var mask uint32
	if a&ArmedRead != 0 {
		mask |= unix.EPOLLIN | unix.EPOLLRDHUP
	}
	if a&ArmedWrite != 0 {
		mask |= unix.EPOLLOUT
	}
	if a&ArmedEnd != 0 {
		mask |= unix.EPOLLRDHUP
	}
	if a&ArmedPriority != 0 {
		mask |= unix.EPOLLPRI
	}
	if a&Parked != 0 {
		mask |= unix.EPOLLRDHUP | unix.EPOLLET
	}
	return mask
}

func epollControl(set, op, fd int, mask uint32, tok Token) Errno {
	ev := unix.EpollEvent{Events: mask, Fd: int32(tok.Slot), Pad: int32(tok.Gen)}
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(set), uintptr(op), uintptr(fd),
		uintptr(unsafe.Pointer(&ev)), 0, 0)
	return errno
}

// poll asks what is ready, without waiting.
func (p *poller) poll(most int) (int, Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(most), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// translate turns the kernel's events into ours, and leaves out the poller's own.
func (p *poller) translate(events []Event, n int) int {
	out := 0
	for i := range p.events[:n] {
		ev := &p.events[i]
		tok := Token{Slot: uint32(ev.Fd), Gen: uint32(ev.Pad)}
		if tok.Slot >= slotTimer {
			if tok.Slot == slotTimer {
				p.park.fired()
			}
			continue
		}
		events[out] = Event{Token: tok, Ready: epollReady(ev.Events)}
		out++
	}
	return out
}

func epollReady(mask uint32) (ready Readiness) {
	if mask&unix.EPOLLIN != 0 {
		ready |= CanRead
	}
	if mask&unix.EPOLLOUT != 0 {
		ready |= CanWrite
	}
	if mask&unix.EPOLLRDHUP != 0 {
		ready |= Ended
	}
	if mask&(unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		ready |= HungUp
	}
	if mask&unix.EPOLLERR != 0 {
		ready |= Failed
	}
	if mask&unix.EPOLLPRI != 0 {
		ready |= Priority
	}
	return ready
}

// Remove forgets fd. A descriptor that has a duplicate elsewhere would stay in the set after close.
func (p *poller) Remove(fd int, _ Armed) {
	epollControl(p.fd, unix.EPOLL_CTL_DEL, fd, 0, Token{}) // ENOENT and EBADF say that it is gone already
}

// Pollable adds fd and removes it again.
func (p *poller) Pollable(fd int) Errno {
	errno := epollControl(p.fd, unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN, Token{Slot: slotWake})
	if errno == 0 {
		p.Remove(fd, Unarmed)
	}
	return errno
}

// Idle is how long Wait has slept.
func (p *poller) Idle() time.Duration { return p.park.idle }

// Wake makes the current or the next Wait return.
func (p *poller) Wake() {
	one := uint64(1) // added to a counter that nobody reads: it would be full after five centuries of a wake each ns
	unix.RawSyscall(unix.SYS_WRITE, uintptr(p.wakeFD), uintptr(unsafe.Pointer(&one)), unsafe.Sizeof(one))
}

// Release gives back the poller's descriptors.
func (p *poller) Release() error {
	err := p.park.release()
	unix.Close(p.wakeFD)
	return err
}
