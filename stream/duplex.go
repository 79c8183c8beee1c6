package stream

// Duplex is a Readable and a Writable that live and die together: either half's error destroys both, and the stream is
// done when both are. Bytes written do not come out of the readable half, as they do of a Transform.
type Duplex struct {
	Readable
	Writable
}

// DuplexOptions are what a Duplex is made with: those of its two halves.
type DuplexOptions struct {
	// HighWaterMark is the mark of both halves, as in ReadableOptions. If it is 0, each half has its own.
	HighWaterMark int
	// ReadableHighWaterMark and WritableHighWaterMark are the marks of the halves.
	ReadableHighWaterMark, WritableHighWaterMark int
	// NoHalfOpen has the writable half end, on a tick, when the readable one has. The reverse is never automatic.
	NoHalfOpen bool
	// NoReadable and NoWritable make a Duplex that lacks a half: it counts as ended or finished from the start.
	NoReadable, NoWritable bool

	// Read is the hook of the readable half: see ReadableOptions.
	Read func(r *Readable, n int)
	// Write, Writev, Hold and Final are those of the writable half: see WritableOptions.
	Write  func(p []byte, done func(error))
	Writev func(ps [][]byte, done func(error))
	Hold   Hold
	Final  func(done func(error))

	// Destroy, NoAutoDestroy and NoEmitClose are as in ReadableOptions.
	Destroy                    func(err error, done func(error))
	NoAutoDestroy, NoEmitClose bool
}

// NewDuplex returns a Duplex whose events come from s.
func NewDuplex(s Scheduler, o DuplexOptions) *Duplex {
	x := new(struct {
		Duplex
		hooks hooks
		user  user
	})
	d := &x.Duplex
	x.user = user{&d.Readable, &d.Writable, d, o.Read, o.Destroy}
	d.begin(s, &x.user, &o)
	d.use(&x.hooks, o.Write, o.Writev, o.Final)
	return d
}

// begin makes d a stream over own. The hooks among o are not looked at.
func (d *Duplex) begin(s Scheduler, own below, o *DuplexOptions) {
	r, w := &d.Readable, &d.Writable
	r.life.begin(s, own, o.NoAutoDestroy, o.NoEmitClose)
	r.begin(either(o.HighWaterMark, o.ReadableHighWaterMark))
	w.begin(&r.life, either(o.HighWaterMark, o.WritableHighWaterMark))
	w.hold = o.Hold
	if o.NoHalfOpen {
		r.flags |= readHalfClosed
	}
	if o.NoReadable {
		r.state = readOff
	}
	if o.NoWritable {
		w.state = writeOff
	}
}

// either is the first of two marks that is not left to the default.
func either(a, b int) int {
	if a != 0 {
		return a
	}
	return b
}

// Scheduler is what the stream was made with.
func (d *Duplex) Scheduler() Scheduler { return d.Readable.life.s }

// State is where the stream stands, in both halves.
func (d *Duplex) State() State {
	s := d.Readable.life.describe()
	d.Readable.describe(&s)
	d.Writable.describe(&s)
	return s
}

// Destroy ends both halves at once: see Readable.Destroy and Writable.Destroy.
func (d *Duplex) Destroy(err error) { d.Readable.Destroy(err) }

// Destroyed reports whether Destroy was called, by whomever.
func (d *Duplex) Destroyed() bool { return d.Readable.life.destroyed() }

// Closed reports whether the stream was destroyed and its Destroy hook is done.
func (d *Duplex) Closed() bool { return d.Readable.life.closed() }

// Errored is what the stream has failed with, or nil.
func (d *Duplex) Errored() error { return d.Readable.life.failed() }

// OnError listens for the error that the stream fails with. If nobody does, it goes to Scheduler.Uncaught.
func (d *Duplex) OnError(fn func(error)) Sub { return d.Readable.life.listen(onError, need(fn)) }

// OnClose listens for the last event: the stream was destroyed and has let go of everything.
func (d *Duplex) OnClose(fn func()) Sub { return d.Readable.life.listen(onClose, need(fn)) }
