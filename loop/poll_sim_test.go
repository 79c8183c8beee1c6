package loop

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// simForeign is a descriptor of the simulated process that something else than the loop owns: a reader that does
// whatever its seed says and yet misses nothing.
type simForeign struct {
	t      *testing.T
	l      *Loop
	k      *simkernel.Kernel
	random *rand.Rand
	fd     int
	poll   *reactor.Poll
	timer  *Timer
	wants  reactor.Interest // 0 while it is stopped
	got    int
	reset  bool
	over   bool
}

func (f *simForeign) start(want reactor.Interest) {
	f.wants = want
	if err := f.poll.Start(want, f.told); err != nil {
		f.t.Errorf("start: %v", err)
	}
}

func (f *simForeign) told(ready reactor.Readiness, err error) {
	if f.wants == 0 || f.over {
		f.t.Errorf("told %v, %v after a stop", ready, err)
		return
	}
	if err != nil {
		if ready != 0 || f.poll.Active() {
			f.t.Errorf("told %v with %v, active %v", ready, err, f.poll.Active())
		}
		f.wants = 0
		f.read() // the reset, or what came before it
		f.again()
		return
	}
	if extra := ready &^ answering(f.wants); extra != 0 || ready == 0 {
		f.t.Errorf("told %v, asked for %v", ready, f.wants)
	}
	if ready&reactor.CanRead != 0 && f.random.IntN(4) > 0 {
		f.read()
	}
	f.again()
}

func answering(want reactor.Interest) (ready reactor.Readiness) {
	if want&reactor.WantRead != 0 {
		ready |= reactor.CanRead
	}
	if want&reactor.WantWrite != 0 {
		ready |= reactor.CanWrite
	}
	if want&reactor.WantEnd != 0 {
		ready |= reactor.Ended
	}
	return ready
}

// read reads once; at the end it gives everything back, in the order that is allowed at once.
func (f *simForeign) read() {
	n, errno := f.k.Read(f.fd, make([]byte, 1+f.random.IntN(2000)))
	f.got += n
	if n > 0 || errno == reactor.EAGAIN || errno == reactor.EINTR {
		return
	}
	f.over, f.reset = true, errno != 0
	f.timer.Close(nil)
	if f.random.IntN(2) == 0 {
		f.poll.Stop()
	} else {
		f.poll.Close(nil)
	}
	if errno := f.k.Close(f.fd); errno != 0 {
		f.t.Errorf("the descriptor was not open any more: %v", errno)
	}
	f.poll.Close(nil)
}

// again goes on in one of many ways. All lead back to reading.
func (f *simForeign) again() {
	if f.over {
		return
	}
	switch f.random.IntN(6) {
	case 0:
		f.poll.Stop()
		f.start(reactor.WantRead)
	case 1:
		f.start(reactor.WantWrite)
		f.start(reactor.WantRead | reactor.WantEnd)
	case 2, 3:
		f.poll.Stop()
		f.wants = 0
		start(f.t, f.timer, func() { f.start(reactor.WantRead) }, time.Duration(f.random.IntN(3000))*time.Microsecond, 0)
	default:
		if !f.poll.Active() {
			f.start(reactor.WantRead)
		}
	}
}

// Whatever the kernel does that it may do, and however its owner stops and starts, no byte is missed and no end, nothing
// is told after a stop, and nothing spins.
func TestPollMissesNothingInAHostileWorld(t *testing.T) {
	for seed := range uint64(300) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w, l := newSim(t, simkernel.SwarmOptions(seed))
			random := rand.New(rand.NewPCG(seed, 1))
			var all []*simForeign
			sent := make([]int, 4)
			for i := range sent {
				fd, p, err := w.InheritConn()
				if err != nil {
					t.Fatal(err)
				}
				f := &simForeign{t: t, l: l, k: l.r.Kernel().(*simkernel.Kernel), random: random, fd: fd, timer: l.NewTimer()}
				if f.poll, err = l.NewPoll(fd); err != nil {
					t.Fatal(err)
				}
				f.start(reactor.WantRead)
				all = append(all, f)
				var feed func()
				feed = func() {
					if p.Closed() || p.Over() {
						return
					}
					if sent[i] >= 20_000 {
						p.CloseWrite()
						return
					}
					sent[i] += p.Send(make([]byte, 1+random.IntN(3000)))
					w.After(time.Duration(random.IntN(4000))*time.Microsecond, feed)
				}
				w.After(time.Duration(random.IntN(2000))*time.Microsecond, feed)
			}
			runUntil(t, l, "end of all", func() bool {
				for _, f := range all {
					if !f.over {
						return false
					}
				}
				return true
			})
			w.SetFaults(simkernel.Faults{})
			run(t, l)
			for i, f := range all {
				if !f.reset && f.got != sent[i] {
					t.Errorf("got %d of %d bytes", f.got, sent[i])
				}
			}
		})
	}
}
