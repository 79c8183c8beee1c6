package simkernel

import (
	"time"

	"github.com/weir-go/weir/reactor"
)

// due marks a kernel that has something to do other than wait.
const due = time.Duration(-1)

// Wait is epoll_wait, and kevent. It never really sleeps: it moves the clock.
func (k *Kernel) Wait(changes []reactor.Change, events []reactor.Event, timeout time.Duration) (int, error) {
	w := k.begin("Wait")
	w.calls.Wait++
	k.checkDry(len(changes), timeout)
	w.log.add(record{at: w.now, op: opWait, kernel: k.id, arg: int64(timeout), result: int64(len(changes))})
	for i := range changes {
		if errno := k.change(&changes[i]); errno != 0 {
			k.failed = append(k.failed, reactor.Event{Token: changes[i].Token, Err: errno})
		}
	}
	n := copy(events, k.failed)
	k.failed = append(k.failed[:0], k.failed[n:]...)
	m, err := k.wait(events[n:], timeout, n > 0)
	n += m
	k.traceEvents(events[:n])
	w.log.add(record{at: w.now, op: opWaited, kernel: k.id, result: int64(n)})
	if n == 0 {
		w.calls.EmptyWaits++
	} else {
		k.dry = 0
	}
	return n, err
}

func (k *Kernel) wait(events []reactor.Event, timeout time.Duration, failed bool) (int, error) {
	w := k.w
	if len(events) == 0 {
		return 0, nil
	}
	if failed {
		timeout = 0
	}
	deadline := never
	if timeout >= 0 && timeout < never-w.now {
		deadline = w.now + timeout
	}
	if w.random.chance(w.faults.WallJump) {
		w.wallOffset += w.random.span(2*time.Hour) - time.Hour
	}
	if w.random.chance(w.faults.TimeJump) {
		w.AdvanceTo(w.now + w.random.span(w.faults.JumpTime))
	}
	early := w.random.chance(w.faults.Early)
	for {
		w.runDue()
		n := 0
		if !early {
			n = k.collect(events)
		}
		n = k.distort(events, n)
		woken := k.woken.Swap(false)
		if woken {
			w.log.add(record{at: w.now, op: opWoken, kernel: k.id})
		}
		if n > 0 || woken || early || w.now >= deadline {
			k.deadline = due
			return n, nil
		}
		k.deadline = deadline
		if k.othersDue() {
			return 0, nil
		}
		next := min(w.wire.next(), w.scripts.next(), deadline, k.othersDeadline())
		if next == never {
			if w.opts.OnDeadlock != nil && w.opts.OnDeadlock() {
				continue
			}
			w.violate("%v", ErrDeadlock)
			return 0, ErrDeadlock
		}
		if next > w.now {
			k.slept += next - w.now
			w.now = next
		}
	}
}

// maxIdle is how often the other loops give way to one that has something to do and isn't run: its test has ended it.
const maxIdle = 16

// othersDue says that another loop of this process has something to do. They share a goroutine, so this one returns
// empty-handed and lets the test run the other.
func (k *Kernel) othersDue() bool {
	for _, o := range k.w.kernels {
		if o == k || o.released || o.idle >= maxIdle {
			continue
		}
		if o.woken.Load() || o.deadline <= k.w.now || o.ready.len > 0 {
			o.idle++
			return true
		}
	}
	return false
}

// othersDeadline is when the first of the other loops has something to do.
func (k *Kernel) othersDeadline() time.Duration {
	d := never
	for _, o := range k.w.kernels {
		if o != k && !o.released && o.idle < maxIdle {
			d = min(d, o.deadline)
		}
	}
	return d
}
