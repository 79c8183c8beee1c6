package reactor

import (
	"math"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// park is how a loop waits: it asks without waiting, asks again if there is nothing, and then parks its goroutine
// on the runtime's own poller, which watches our epoll descriptor like any other file. No thread and no processor is
// held meanwhile, so other goroutines run as if the loop were one of them. The next timer reaches a parked loop by a
// timerfd in our set. docs/decisions/0002-waiting.md has the measurements.
type park struct {
	p       *poller
	pinned  bool
	file    *os.File        // owns p.fd
	raw     syscall.RawConn // of file: how a goroutine waits for it
	attempt func(uintptr) bool
	sleepy  bool // the last wait slept, so this one probably will too
	shared  bool // the runtime has other threads, which may wait for this one's processor

	timerFD  int
	deadline time.Duration // the timerfd fires then, on base's clock; 0 while it is not set
	base     clock

	most  int // of the wait under way
	n     int
	errno Errno

	slept    time.Duration // when this goroutine last let others run
	idle     time.Duration // slept in all: see Poller.Idle
	yielding bool
}

const (
	// spins is how often a loop asks before it parks: an answer within some microseconds is cheaper to
	// find than to be woken for.
	spins = 2
	// slice is the longest a busy loop runs before it lets other goroutines of its processor run. Raw calls never
	// do, and the runtime would interrupt only after 10 ms.
	slice = time.Millisecond
)

func (k *park) init(p *poller, o SystemOptions) error {
	k.p, k.pinned, k.slept = p, o.Pinned, k.base.Monotonic()
	k.shared = runtime.GOMAXPROCS(0) > 1
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return os.NewSyscallError("reactor: timerfd_create", err)
	}
	errno := epollControl(p.fd, unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN|unix.EPOLLET, Token{Slot: slotTimer})
	if errno != 0 {
		unix.Close(fd)
		return os.NewSyscallError("reactor: epoll_ctl", errno)
	}
	k.timerFD = fd
	unix.SetNonblock(p.fd, true) // os.NewFile hands only non-blocking descriptors to the runtime's poller
	k.file = os.NewFile(uintptr(p.fd), "epoll")
	k.attempt = k.try
	k.raw, err = k.file.SyscallConn()
	return err // of a file that was never opened: it cannot be
}

// release gives back the timerfd and the poller's set.
func (k *park) release() error {
	unix.Close(k.timerFD)
	return k.file.Close()
}

// wait returns how many events p.events holds.
func (k *park) wait(most int, timeout time.Duration) (int, error) {
	k.most, k.n, k.errno = most, 0, 0
	now := k.base.Monotonic()
	if !k.pinned && now-k.slept >= slice {
		// Others are due, those too that wait for the network or a timer: only a processor that finds nothing to run
		// looks there. So this goroutine really parks, and has made sure that it is woken at once.
		k.yielding = true
		if k.shared {
			unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
		}
		return k.sleep(now)
	}
	if !k.sleepy || timeout == 0 || k.pinned {
		for range spins {
			if k.poll() || timeout == 0 {
				return k.result()
			}
		}
	}
	k.arm(now, timeout)
	if k.pinned {
		return k.block(now)
	}
	return k.sleep(now)
}

// sleep parks until the set has something. The questions before it count as sleep.
func (k *park) sleep(began time.Duration) (int, error) {
	k.sleepy = false
	if err := k.raw.Read(k.attempt); err != nil {
		return 0, os.NewSyscallError("reactor: park", err)
	}
	k.slept = k.base.Monotonic()
	if k.sleepy { // it was not just to let others run
		k.idle += k.slept - began
	}
	return k.result()
}

// try is called by the runtime's poller glue: first before parking, then after each wake. Returning false parks. What
// happened before the glue began is not noticed, so what is there already is asked for, or made, here.
func (k *park) try(uintptr) bool {
	switch {
	case k.yielding:
		k.yielding = false
		k.p.Wake()
		return false
	case k.poll():
		return true
	}
	k.sleepy = true
	return false
}

// poll asks once; true means that there is an answer.
func (k *park) poll() bool {
	k.n, k.errno = k.p.poll(k.most)
	if k.errno == EINTR {
		k.errno = 0
	}
	return k.n > 0 || k.errno != 0
}

func (k *park) result() (int, error) {
	if k.errno != 0 {
		return 0, os.NewSyscallError("reactor: epoll_wait", k.errno)
	}
	return k.n, nil
}

// arm sets the timerfd for timeout from now, unless it fires earlier anyway: then the loop wakes once for nothing, and
// that is cheaper than a system call each time the nearest timer moves away.
func (k *park) arm(now, timeout time.Duration) {
	if timeout < 0 {
		return
	}
	at := now + min(timeout, math.MaxInt64-now)
	if k.deadline != 0 && k.deadline <= at {
		return
	}
	k.deadline = at
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(int64(timeout), 1))}
	unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(k.timerFD), 0, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
}

// fired notes that the timerfd is not set any more.
func (k *park) fired() { k.deadline = 0 }

// block waits in the kernel, holding the thread.
func (k *park) block(began time.Duration) (int, error) {
	n, err := unix.EpollWait(k.p.fd, k.p.events[:k.most], -1)
	k.idle += k.base.Monotonic() - began
	if err == EINTR {
		return 0, nil
	}
	return max(n, 0), os.NewSyscallError("reactor: epoll_wait", err)
}
