package simkernel

import "time"

// Faults are the knobs of what goes wrong. Each is a probability between 0 and 1; the zero value is a kind world.
// Whatever they do is something a real kernel, network or scheduler may do: the code above has no excuse.
type Faults struct {
	// Per call.
	ShortRead  float64 // Read returns fewer bytes than it could
	ShortWrite float64 // Write and Writev take fewer bytes than they could
	WouldBlock float64 // EAGAIN although the call would have succeeded
	Interrupt  float64 // EINTR from Read, Write, Writev, Accept, Send and Receive
	AcceptFail float64 // EMFILE, ENFILE, ENOMEM or ENOBUFS from Accept; the connection stays in the queue
	Abort      float64 // ECONNABORTED from Accept; the connection is reset and gone
	NoBuffers  float64 // ENOBUFS from Send
	ShortBatch float64 // Send and Receive move fewer datagrams than they could
	ChangeFail float64 // ENOMEM for a Change, reported as an event. Keep it rare: it costs a connection

	// Per connection or segment on the network.
	Refuse      float64 // a connect is refused although somebody listens
	SlowConnect float64 // a connect takes up to SlowTime
	Reset       float64 // a segment is lost to a reset that both ends receive
	Dribble     float64 // a segment is cut short, down to one byte

	// Per datagram. Refuse is about them too.
	Drop      float64 // it is lost on the way
	Duplicate float64 // it arrives twice
	Overtake  float64 // it takes up to HoldTime longer than others, which overtake it

	// Per event.
	Spurious float64 // an event for a descriptor that isn't ready
	Stale    float64 // an event with the token of a descriptor that was closed before this Wait
	Hold     float64 // a ready descriptor is reported up to HoldTime later
	Split    float64 // reading and writing of one descriptor come as two events

	// Per Wait.
	Reorder  float64 // the batch is shuffled
	Truncate float64 // fewer events than are ready
	Early    float64 // Wait returns at once with nothing
	TimeJump float64 // Wait returns up to JumpTime too late: the process was stopped, the machine asleep
	WallJump float64 // the wall clock is set, forwards or backwards, by up to an hour

	// Off the loop.
	WorkAtOnce  float64 // work has ended before the call that queued it returns
	WorkDelay   float64 // work takes up to WorkTime
	SignalDelay float64 // a signal reaches the process up to HoldTime later

	// Per call on a file. ShortRead, ShortWrite and Interrupt are about them too.
	OpenFail  float64 // EMFILE, ENFILE, EACCES or EIO from OpenFile
	FileError float64 // EIO from reading, writing, syncing, closing after writing and renaming
	NotCached float64 // EAGAIN from PreadNoWait, or 0; InMemory counts too few bytes
	Evict     float64 // before PreadNoWait and InMemory, some of the file leaves memory until it is read
	NoSend    float64 // EOPNOTSUPP or EIO from SendFile, or 0

	// Per pipe, and per splice. ShortRead, ShortWrite, WouldBlock and Interrupt are about them too.
	PipeFail    float64 // EMFILE, ENFILE, EPERM or ENOMEM from OpenPipe
	NoSplice    float64 // EINVAL from Splice
	SpliceBlind float64 // Splice does not see what has arrived: EAGAIN, or 0 if the end has arrived too

	// SlowTime, HoldTime, JumpTime and WorkTime bound what their knobs do. Defaults: 2 s, 5 ms, 10 s, 50 ms.
	SlowTime time.Duration
	HoldTime time.Duration
	JumpTime time.Duration
	WorkTime time.Duration
}

func (f Faults) withDefaults() Faults {
	if f.SlowTime == 0 {
		f.SlowTime = 2 * time.Second
	}
	if f.HoldTime == 0 {
		f.HoldTime = 5 * time.Millisecond
	}
	if f.JumpTime == 0 {
		f.JumpTime = 10 * time.Second
	}
	if f.WorkTime == 0 {
		f.WorkTime = 50 * time.Millisecond
	}
	return f
}

// Swarm is a set of faults drawn from seed: each knob is off in half of the seeds, and otherwise somewhere between a
// hundredth of its limit and all of it. The limits keep a run from being nothing but failure.
func Swarm(seed uint64) Faults {
	r := random{state: seed ^ 0x5357_4152_4d21}
	var f Faults
	for _, k := range []struct {
		knob  *float64
		limit float64
	}{
		{&f.ShortRead, 0.9},
		{&f.ShortWrite, 0.9},
		{&f.WouldBlock, 0.4},
		{&f.Interrupt, 0.3},
		{&f.AcceptFail, 0.3},
		{&f.Abort, 0.05},
		{&f.ChangeFail, 0.002},
		{&f.Refuse, 0.2},
		{&f.SlowConnect, 0.3},
		{&f.Reset, 0.02},
		{&f.Dribble, 0.5},
		{&f.Spurious, 0.5},
		{&f.Stale, 0.5},
		{&f.Hold, 0.3},
		{&f.Split, 0.5},
		{&f.Reorder, 0.8},
		{&f.Truncate, 0.5},
		{&f.Early, 0.3},
		{&f.TimeJump, 0.01},
		{&f.WallJump, 0.01},
		{&f.WorkAtOnce, 0.3},
		{&f.WorkDelay, 0.5},
		{&f.SignalDelay, 0.5},
		{&f.Drop, 0.1},
		{&f.Duplicate, 0.1},
		{&f.Overtake, 0.3},
		{&f.NoBuffers, 0.3},
		{&f.ShortBatch, 0.5},
		{&f.OpenFail, 0.2},
		{&f.FileError, 0.05},
		{&f.NotCached, 0.9},
		{&f.Evict, 0.5},
		{&f.NoSend, 0.1},
		{&f.PipeFail, 0.5},
		{&f.NoSplice, 0.3},
		{&f.SpliceBlind, 0.5},
	} {
		on, strength := r.chance(0.5), r.unit()
		if on {
			*k.knob = k.limit * (0.01 + 0.99*strength*strength)
		}
	}
	return f
}

// SwarmOptions draws a whole world from seed: Swarm's faults, and a temperament, buffers and a network.
func SwarmOptions(seed uint64) Options {
	r := random{state: seed ^ 0x4f50_5449_4f4e}
	o := Options{Seed: seed, Faults: Swarm(seed), Temperament: Temperament(r.below(2))}
	// Small buffers find more: everything has to wait sooner.
	o.SendBuffer = 1 << (11 + r.below(7))
	o.ReceiveBuffer = 1 << (11 + r.below(7))
	if r.chance(0.7) {
		o.Latency = time.Duration(1+r.below(2000)) * time.Microsecond
	}
	if r.chance(0.5) {
		o.Jitter = time.Duration(1+r.below(3000)) * time.Microsecond
	}
	return o
}
