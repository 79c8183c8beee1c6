package reactor

import "time"

// Poller is the part of Kernel that waits for readiness. It is mechanism only: it translates and returns. What is
// wanted, when it changes and what an event means is decided once, in Reactor, for every implementation.
//
// The contract, for whoever adds one:
//
//   - Readiness is level-triggered and a hint. An event may be spurious, may be repeated and may be late; it is never
//     lost while the condition lasts and the mask asks for it.
//   - A descriptor is known by its Token, {slot, generation}, from the Change that registered it until Remove or Close.
//     An event carries the token that was registered for its descriptor when Wait returned; whether that registration
//     still stands when the event is dispatched is Reactor's business.
//   - Read and write readiness of one descriptor in one batch may come as one event or as two.
type Poller interface {
	// Wait applies changes, then waits for at most timeout (negative: for ever; 0: not at all) and fills events. It
	// returns early, perhaps with no event, after Wake. EINTR is not an error. A change that failed comes back as an
	// event with Err set. The two slices are not kept.
	Wait(changes []Change, events []Event, timeout time.Duration) (n int, err error)

	// Remove forgets fd at once: a Change of it has failed, or it is about to be closed and may have a duplicate somewhere,
	// for whose sake the kernel would go on reporting it. One that has none is forgotten when it is closed. armed is what it
	// was to be registered with; it is not called for a descriptor that is Unarmed.
	Remove(fd int, armed Armed)

	// Wake makes the current or the next Wait return. It may be called from any goroutine, until Release.
	Wake()

	// Pollable tries whether a foreign descriptor that is not registered can be: EBADF if it is not open, EPERM for
	// regular files and directories, EEXIST if it is registered after all. It leaves no trace.
	Pollable(fd int) Errno

	// Idle is how long Wait has slept so far, in all. What a Wait that finds something at once takes is not counted
	// where the system lets that be told.
	Idle() time.Duration

	// Release gives back what the poller itself holds.
	Release() error
}

// Token names a registration: the slot it lives in and that slot's generation, which differs for every registration
// the slot has had. It is never a pointer: the kernel keeps it for longer than we keep the object.
type Token struct {
	Slot uint32
	Gen  uint32
}

// Change asks the kernel to turn what it holds for FD from one exact mask to another.
type Change struct {
	FD    int
	Token Token
	From  Armed
	To    Armed
}

// Event is what was reported for one descriptor.
type Event struct {
	Token Token
	Ready Readiness
	// Err is the errno of a Change that failed; Ready is then empty.
	Err Errno
}

// Readiness is what an Event reports: a set of hints.
type Readiness uint8

const (
	// CanRead says that a read would not block: bytes, the end of input or an error are waiting.
	CanRead Readiness = 1 << iota
	// CanWrite says that a write, or a pending connect, would make progress or fail.
	CanWrite
	// Ended says that the peer will send no more (EPOLLRDHUP, EV_EOF). Bytes may still be waiting: the end of input
	// is a read of 0 and nothing else.
	Ended
	// HungUp says that both directions are gone or that an error is waiting (EPOLLHUP, EPOLLERR). Bytes may still be
	// waiting here too.
	HungUp
	// Failed says that an error is waiting (EPOLLERR); it comes with HungUp. Kqueue systems do not tell it apart.
	Failed
	// Priority says that there is out-of-band data, or other urgent news (EPOLLPRI). Kqueue systems do not tell it.
	Priority
)

// String returns the names of the hints, joined by "|".
func (r Readiness) String() string {
	return setString(uint8(r), "CanRead", "CanWrite", "Ended", "HungUp", "Failed", "Priority")
}

// Armed is the exact mask that the kernel holds for a descriptor. Interest says what is wanted; the two differ while a
// change has not been flushed, and on purpose where the kernel need not know (see Reactor).
type Armed uint8

const (
	// ArmedRead and ArmedWrite are level-triggered readiness.
	ArmedRead Armed = 1 << iota
	ArmedWrite
	// Parked reports nothing but the peer's end and errors, each once, edge-triggered: nothing is wanted, yet the
	// descriptor stays known. On Linux an item with an empty mask would report EPOLLERR and EPOLLHUP for ever, the
	// best-known bug of the field (libuv issue 2162 and its kin), so nobody is ever armed with that. It stands alone.
	Parked
	// ArmedEnd reports the peer's end, level-triggered; on kqueue systems once for each change, unless ArmedRead, which
	// includes it, is set too.
	ArmedEnd
	// ArmedPriority is level-triggered readiness of urgent data; nothing on kqueue systems.
	ArmedPriority
	// Unarmed means the kernel does not know the descriptor.
	Unarmed Armed = 0
)

// String returns the names of the bits, joined by "|".
func (a Armed) String() string {
	if a == Unarmed {
		return "Unarmed"
	}
	return setString(uint8(a), "ArmedRead", "ArmedWrite", "Parked", "ArmedEnd", "ArmedPriority")
}
