package simkernel

import (
	"errors"
	"time"

	"github.com/weir-go/weir/reactor"
)

// Errno is the operating system's error number.
type Errno = reactor.Errno

// ErrDeadlock is what Wait returns instead of sleeping for ever: nothing is scheduled, nothing is ready, no timeout.
var ErrDeadlock = errors.New("simkernel: deadlock: the loop would sleep for ever")

// Temperament is the family of kernels a World behaves like.
type Temperament uint8

const (
	// Epoll is Linux.
	Epoll Temperament = iota
	// Kqueue is macOS and the BSDs.
	Kqueue
)

func (t Temperament) String() string {
	if t == Kqueue {
		return "Kqueue"
	}
	return "Epoll"
}

// Options say what a World is like. The zero value is a kind Linux machine talking to itself.
type Options struct {
	// Seed decides everything that is left to chance.
	Seed        uint64
	Temperament Temperament
	Faults      Faults

	// FDLimit is the number of descriptors a process may have, the three standard ones included. Default 65,536.
	FDLimit int
	// SendBuffer and ReceiveBuffer are the kernel's, in bytes a socket. Default 64 KiB each. A Unix socket has only
	// the sender's.
	SendBuffer, ReceiveBuffer int
	// Latency is how long a segment is on its way; Jitter adds up to that much to each, without reordering a
	// connection's segments. Default 0: as on the loopback, it has arrived when the call returns.
	Latency, Jitter time.Duration
	// CallCost is the virtual time a system call takes. Default 1 µs; negative: none, and then a loop that is never
	// idle stops the clock.
	CallCost time.Duration
	// Workers is how much work the process does at a time, half of it slow work. Default 4.
	Workers int
	// DiskSpace is how many bytes all files together may have: more is ENOSPC. Default 0: no limit.
	DiskSpace int
	// TraceLines is how much of the trace is kept as text. Default 2,048.
	TraceLines int
	// CountFaults has the world count what Happened tells.
	CountFaults bool
	// FileOf names the file of the disk that a descriptor stands for which the test's own process has open, as code has that
	// opens files with package os; "" if it stands for none. DupFile asks it first. The number means nothing in the world,
	// and is no part of the trace.
	FileOf func(fd int) string

	// OnDeadlock is asked before ErrDeadlock is returned; true means that it has changed something, perhaps by
	// waiting for another goroutine's Wake, and that Wait shall look again.
	OnDeadlock func() bool
}

// World is one simulated process, its kernel and its network. It belongs to one goroutine, except for Kernel.Wake.
type World struct {
	opts    Options
	faults  Faults
	random  random
	now     time.Duration
	seq     uint64
	wire    agenda // what is on its way between sockets
	scripts agenda // what the test has scheduled

	fds    []*socket // by descriptor
	lowest int       // no free descriptor is below it
	open   int

	kernels   []*Kernel
	listeners []*socket
	udp       []*socket
	dgrams    DatagramStats
	stale     []string // paths of Unix sockets nobody listens on any more
	routes    []route
	elsewhere elsewhere
	disk      disk
	nextPort  uint16
	sockets   int32 // made so far: the number a socket has in the trace
	spare     [][]byte

	wallOffset time.Duration
	calls      Calls
	log        log
	violations []string
}

// New makes a World.
func New(o Options) *World {
	if o.FDLimit == 0 {
		o.FDLimit = 1 << 16
	}
	if o.SendBuffer == 0 {
		o.SendBuffer = 64 << 10
	}
	if o.ReceiveBuffer == 0 {
		o.ReceiveBuffer = 64 << 10
	}
	if o.CallCost == 0 {
		o.CallCost = time.Microsecond
	}
	o.CallCost = max(o.CallCost, 0)
	if o.Workers <= 0 {
		o.Workers = 4
	}
	if o.TraceLines <= 0 {
		o.TraceLines = 2048
	}
	w := &World{
		opts:     o,
		faults:   o.Faults.withDefaults(),
		random:   random{state: o.Seed},
		nextPort: firstPort,
		lowest:   firstFD,
		log:      log{ring: make([]record, o.TraceLines)},
	}
	if o.CountFaults {
		w.random.struck = map[float64]int{}
	}
	for range firstFD {
		w.fds = append(w.fds, &socket{kind: kindSystem})
	}
	return w
}

// Kernel makes the kernel of one more loop.
func (w *World) Kernel() *Kernel {
	k := &Kernel{w: w, id: int8(len(w.kernels)), deadline: due}
	w.kernels = append(w.kernels, k)
	return k
}

// SetFaults changes the knobs from now on, to let a world calm down at the end of a test, say.
func (w *World) SetFaults(f Faults) { w.faults = f.withDefaults() }

func (w *World) bsd() bool { return w.opts.Temperament == Kqueue }

// delay is how long the next segment takes.
func (w *World) delay() time.Duration {
	d := w.opts.Latency
	if w.opts.Jitter > 0 {
		d += w.random.span(w.opts.Jitter + 1)
	}
	return d
}

// buffer and recycle keep the storage of queues, so that a hundred thousand connections don't cost as many arrays.
func (w *World) buffer() []byte {
	if n := len(w.spare); n > 0 {
		b := w.spare[n-1]
		w.spare = w.spare[:n-1]
		return b[:0]
	}
	return make([]byte, 0, 512)
}

func (w *World) recycle(b []byte) {
	if cap(b) >= 512 && len(w.spare) < 64 {
		w.spare = append(w.spare, b)
	}
}
