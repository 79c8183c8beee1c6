package reactortest

import (
	"net/netip"
	"os"
	"time"

	"github.com/weir-go/weir/reactor"
)

// Kernel counts what another Kernel is asked for, and fails on demand. Counts don't flicker, so a cost can be asserted
// as exactly as a result.
//
// Fail, MaxMove, MaxDatagrams and Inject may be changed at any time between two calls.
type Kernel struct {
	reactor.Kernel
	Counts Counts

	// Fail may make a call fail: an errno other than 0 is returned instead of asking the kernel.
	Fail func(call Call, fd int) reactor.Errno
	// MaxMove is the most bytes that one Read, Write or Writev moves; 0 means no bound.
	MaxMove int
	// MaxDatagrams is the most datagrams that one Send or Receive moves; 0 means no bound.
	MaxDatagrams int
	// Inject may change the batch that Wait returns: n of events are filled, and it returns how many are now.
	Inject func(events []reactor.Event, n int) int

	failed []reactor.Event       // changes that Fail refused, not reported yet
	really map[int]reactor.Armed // what the kernel holds for the descriptors of those
	passed []reactor.Change
	vector [][]byte
}

var _ reactor.Kernel = (*Kernel)(nil)

// Counts is how often a Kernel was asked for what.
type Counts struct {
	Waits   int
	Events  int // that Waits returned
	Adds    int // changes of a descriptor that the kernel did not know
	Mods    int // other changes
	Removes int

	Reads, Writes, Writevs, Accepts int
	Connects, Closes, CloseWrites   int
	Works, Notifies                 int
	Receives, Sends                 int // of datagrams
	Pollables                       int
	SendQueues                      int
}

// Interest is how often the kernel was told what is wanted.
func (c Counts) Interest() int { return c.Adds + c.Mods + c.Removes }

// Since is what was asked for after before.
func (c Counts) Since(before Counts) Counts {
	return Counts{
		Waits: c.Waits - before.Waits, Events: c.Events - before.Events, Adds: c.Adds - before.Adds, Mods: c.Mods - before.Mods,
		Removes: c.Removes - before.Removes, Reads: c.Reads - before.Reads, Writes: c.Writes - before.Writes,
		Writevs: c.Writevs - before.Writevs, Accepts: c.Accepts - before.Accepts,
		Connects: c.Connects - before.Connects, Closes: c.Closes - before.Closes,
		CloseWrites: c.CloseWrites - before.CloseWrites,
		Works:       c.Works - before.Works, Notifies: c.Notifies - before.Notifies,
		Receives: c.Receives - before.Receives, Sends: c.Sends - before.Sends,
		Pollables: c.Pollables - before.Pollables, SendQueues: c.SendQueues - before.SendQueues,
	}
}

// Call names a call that can be made to fail.
type Call string

// The calls that Kernel.Fail is asked about.
const (
	CallChange    Call = "change" // one Change of a Wait
	CallRead      Call = "read"
	CallWrite     Call = "write" // Write and Writev
	CallAccept    Call = "accept"
	CallReceive   Call = "receive"
	CallSend      Call = "send"
	CallReserve   Call = "reserve" // without a descriptor: -1
	CallConnect   Call = "connect" // without a descriptor: -1
	CallPollable  Call = "pollable"
	CallSendQueue Call = "sendqueue"
)

func (k *Kernel) fail(call Call, fd int) reactor.Errno {
	if k.Fail == nil {
		return 0
	}
	return k.Fail(call, fd)
}

// Wait counts the changes, keeps back those that are to fail, and lets Inject edit the batch.
func (k *Kernel) Wait(changes []reactor.Change, events []reactor.Event, timeout time.Duration) (int, error) {
	k.Counts.Waits++
	k.passed = k.passed[:0]
	for _, c := range changes {
		if c.From == reactor.Unarmed {
			k.Counts.Adds++
		} else {
			k.Counts.Mods++
		}
		if errno := k.fail(CallChange, c.FD); errno != 0 {
			k.failed = append(k.failed, reactor.Event{Token: c.Token, Err: errno})
			if k.really == nil {
				k.really = map[int]reactor.Armed{}
			}
			k.really[c.FD] = c.From
			continue
		}
		if c.From == reactor.Unarmed {
			delete(k.really, c.FD) // of one that was refused and given up
		}
		k.passed = append(k.passed, c)
	}
	n := copy(events, k.failed)
	k.failed = append(k.failed[:0], k.failed[n:]...)
	if n > 0 {
		timeout = 0
	}
	m, err := k.Kernel.Wait(k.passed, events[n:], timeout)
	n += m
	if k.Inject != nil {
		n = k.Inject(events, n)
	}
	k.Counts.Events += n
	return n, err
}

// Remove passes on what the kernel really holds.
func (k *Kernel) Remove(fd int, armed reactor.Armed) {
	k.Counts.Removes++
	if really, ok := k.really[fd]; ok {
		delete(k.really, fd)
		if armed = really; armed == reactor.Unarmed {
			return
		}
	}
	k.Kernel.Remove(fd, armed)
}

// Accept counts.
func (k *Kernel) Accept(fd int) (int, netip.AddrPort, reactor.Errno) {
	k.Counts.Accepts++
	if errno := k.fail(CallAccept, fd); errno != 0 {
		return -1, netip.AddrPort{}, errno
	}
	return k.Kernel.Accept(fd)
}

// Connect counts.
func (k *Kernel) Connect(network, address string, local netip.AddrPort) (int, bool, error) {
	k.Counts.Connects++
	if errno := k.fail(CallConnect, -1); errno != 0 {
		return -1, false, os.NewSyscallError("connect", errno)
	}
	return k.Kernel.Connect(network, address, local)
}

// Read counts.
func (k *Kernel) Read(fd int, p []byte) (int, reactor.Errno) {
	k.Counts.Reads++
	if errno := k.fail(CallRead, fd); errno != 0 {
		return 0, errno
	}
	if k.MaxMove > 0 {
		p = p[:min(len(p), k.MaxMove)]
	}
	return k.Kernel.Read(fd, p)
}

// Write counts.
func (k *Kernel) Write(fd int, p []byte) (int, reactor.Errno) {
	k.Counts.Writes++
	if errno := k.fail(CallWrite, fd); errno != 0 {
		return 0, errno
	}
	if k.MaxMove > 0 {
		p = p[:min(len(p), k.MaxMove)]
	}
	return k.Kernel.Write(fd, p)
}

// WriteMore counts as Write. Nothing follows a part of p.
func (k *Kernel) WriteMore(fd int, p []byte) (int, reactor.Errno) {
	if k.MaxMove > 0 && k.MaxMove < len(p) {
		return k.Write(fd, p)
	}
	k.Counts.Writes++
	if errno := k.fail(CallWrite, fd); errno != 0 {
		return 0, errno
	}
	return k.Kernel.WriteMore(fd, p)
}

// Writev counts.
func (k *Kernel) Writev(fd int, bufs [][]byte) (int, reactor.Errno) {
	k.Counts.Writevs++
	if errno := k.fail(CallWrite, fd); errno != 0 {
		return 0, errno
	}
	if k.MaxMove == 0 {
		return k.Kernel.Writev(fd, bufs)
	}
	left := k.MaxMove
	k.vector = k.vector[:0]
	for _, b := range bufs {
		if left == 0 {
			break
		}
		b = b[:min(len(b), left)]
		k.vector = append(k.vector, b)
		left -= len(b)
	}
	return k.Kernel.Writev(fd, k.vector)
}

// Receive counts.
func (k *Kernel) Receive(fd int, into []reactor.Incoming) (int, reactor.Errno) {
	k.Counts.Receives++
	if errno := k.fail(CallReceive, fd); errno != 0 {
		return 0, errno
	}
	if k.MaxDatagrams > 0 {
		into = into[:min(len(into), k.MaxDatagrams)]
	}
	return k.Kernel.Receive(fd, into)
}

// Send counts.
func (k *Kernel) Send(fd int, out []reactor.Outgoing) (int, reactor.Errno) {
	k.Counts.Sends++
	if errno := k.fail(CallSend, fd); errno != 0 {
		return 0, errno
	}
	if k.MaxDatagrams > 0 {
		out = out[:min(len(out), k.MaxDatagrams)]
	}
	return k.Kernel.Send(fd, out)
}

// SendQueue counts.
func (k *Kernel) SendQueue(fd int) (int, reactor.Errno) {
	k.Counts.SendQueues++
	if errno := k.fail(CallSendQueue, fd); errno != 0 {
		return 0, errno
	}
	return k.Kernel.SendQueue(fd)
}

// CloseWrite counts.
func (k *Kernel) CloseWrite(fd int) reactor.Errno {
	k.Counts.CloseWrites++
	return k.Kernel.CloseWrite(fd)
}

// Work counts.
func (k *Kernel) Work(slow bool, fn func()) (drop func()) {
	k.Counts.Works++
	return k.Kernel.Work(slow, fn)
}

// Notify counts.
func (k *Kernel) Notify(sig os.Signal, fn func()) (stop func()) {
	k.Counts.Notifies++
	return k.Kernel.Notify(sig, fn)
}

// Close counts.
func (k *Kernel) Close(fd int) reactor.Errno {
	k.Counts.Closes++
	return k.Kernel.Close(fd)
}

// Pollable counts.
func (k *Kernel) Pollable(fd int) reactor.Errno {
	k.Counts.Pollables++
	if errno := k.fail(CallPollable, fd); errno != 0 {
		return errno
	}
	return k.Kernel.Pollable(fd)
}

// Reserve may fail.
func (k *Kernel) Reserve() (int, reactor.Errno) {
	if errno := k.fail(CallReserve, -1); errno != 0 {
		return -1, errno
	}
	return k.Kernel.Reserve()
}
