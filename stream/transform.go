package stream

// Transform is a Duplex whose readable half gives what its hook makes of what is written. Backpressure goes through it:
// when what it has made is not read, it takes no more.
type Transform struct {
	Duplex
	under  hooks
	user   user
	hook   func(t *Transform, p []byte, done func(out []byte, err error))
	flush  func(t *Transform, done func(out []byte, err error))
	before int  // readableLength when the hook was called
	held   bool // a write is complete but for somebody to read what it made
	made   func(out []byte, err error)
	ended  func(error)
}

// TransformOptions are what a Transform is made with.
type TransformOptions struct {
	// HighWaterMark, ReadableHighWaterMark and WritableHighWaterMark are as in DuplexOptions. A readable mark of 0 makes the
	// writable one 0 as well, if that is not given.
	HighWaterMark, ReadableHighWaterMark, WritableHighWaterMark int
	// Transform takes one chunk and calls done when it is through with it, at once or later, with what it made of it: out is
	// pushed, and borrowed as in Push; nil is nothing. More can be given with t.Push before. nil passes everything on.
	Transform func(t *Transform, p []byte, done func(out []byte, err error))
	// Flush is called at the end, for what is left to give. nil gives nothing.
	Flush func(t *Transform, done func(out []byte, err error))
	// Hold is how long Transform needs p, as in WritableOptions. A hook that completes inside its call should say HoldTurn,
	// or HoldCall if it pushes nothing that is part of p: by default every chunk is copied, and the copy kept to the end of
	// the turn in which done is called, so that parts of it may be pushed.
	Hold Hold
	// NoHalfOpen is as in DuplexOptions.
	NoHalfOpen bool
	// Destroy, NoAutoDestroy and NoEmitClose are as in ReadableOptions.
	Destroy                    func(err error, done func(error))
	NoAutoDestroy, NoEmitClose bool
}

// NewTransform returns a Transform whose events come from s.
func NewTransform(s Scheduler, o TransformOptions) *Transform {
	t := new(Transform)
	t.begin(s, t, &o)
	return t
}

func (t *Transform) begin(s Scheduler, self ReadableStream, o *TransformOptions) {
	readable := either(o.HighWaterMark, o.ReadableHighWaterMark)
	writable := either(o.HighWaterMark, o.WritableHighWaterMark)
	if readable == NoBuffer && o.WritableHighWaterMark == 0 {
		writable = NoBuffer
	}
	x := (*transformer)(t)
	t.user = user{outer: self, end: o.Destroy}
	t.Duplex.begin(s, x, &DuplexOptions{
		ReadableHighWaterMark: readable, WritableHighWaterMark: writable,
		NoHalfOpen: o.NoHalfOpen, Hold: o.Hold, NoAutoDestroy: o.NoAutoDestroy, NoEmitClose: o.NoEmitClose,
	})
	t.hook, t.flush = o.Transform, o.Flush
	t.made = t.complete
	t.use(&t.under, nil, nil, nil)
	t.Writable.sink, t.Writable.coda = x, x
	t.Readable.call = callIdle      // what is pushed before the first read is given out at once
	t.Writable.flags |= writeSpends // what it was given may be part of what it pushed
}

// transformer is the Transform as its halves' hooks.
type transformer Transform

func (t *transformer) write(p []byte) {
	t.before = t.ReadableLength()
	if t.hook == nil {
		t.made(p, nil)
		return
	}
	t.hook((*Transform)(t), p, t.made)
}

func (t *transformer) giveUp() (held bool) {
	held, t.held = t.held, false
	return held
}

func (t *transformer) halves() (*Readable, *Writable) { return &t.Readable, &t.Writable }
func (t *transformer) self() ReadableStream           { return t.user.self() }
func (t *transformer) as(outer ReadableStream)        { t.user.as(outer) }
func (t *transformer) destroy(l *life, err error)     { t.user.destroy(l, err) }

// read lets the write complete that has waited for it.
func (t *transformer) read(*Readable, int) {
	if t.held {
		t.held = false
		t.Writable.written(nil)
	}
}

// complete is the Transform hook's done.
func (t *Transform) complete(out []byte, err error) {
	r, w := &t.Readable, &t.Writable
	if err != nil {
		w.written(err)
		return
	}
	if out != nil {
		r.Push(out)
	}
	switch {
	case r.state != readOpen:
		t.Readable.life.tick(tickTransformed)
	case w.flags&writeEndReturned != 0, r.ReadableLength() == t.before, r.ReadableLength() < r.hwm, t.Readable.life.destroyed():
		w.written(nil)
	default:
		t.held = true
	}
}

func (t *transformer) final(done func(error)) {
	if t.flush == nil || t.Readable.life.destroyed() {
		t.PushEOF()
		done(nil)
		return
	}
	t.ended = done
	t.flush((*Transform)(t), (*Transform)(t).flushed)
}

// flushed is the Flush hook's done.
func (t *Transform) flushed(out []byte, err error) {
	if err != nil {
		t.ended(err)
		return
	}
	if out != nil {
		t.Push(out)
	}
	t.PushEOF()
	t.ended(nil)
}

// PassThrough is a Transform that gives what it takes: a buffer between two streams, or a tap to listen at.
type PassThrough struct{ Transform }

// PassThroughOptions are what a PassThrough is made with, as in TransformOptions.
type PassThroughOptions struct {
	HighWaterMark, ReadableHighWaterMark, WritableHighWaterMark int
	NoHalfOpen                                                  bool
	Destroy                                                     func(err error, done func(error))
	NoAutoDestroy, NoEmitClose                                  bool
}

// NewPassThrough returns a PassThrough whose events come from s.
func NewPassThrough(s Scheduler, o PassThroughOptions) *PassThrough {
	t := new(PassThrough)
	t.begin(s, t, &TransformOptions{
		HighWaterMark: o.HighWaterMark, ReadableHighWaterMark: o.ReadableHighWaterMark, WritableHighWaterMark: o.WritableHighWaterMark,
		NoHalfOpen: o.NoHalfOpen, Hold: HoldTurn,
		Destroy: o.Destroy, NoAutoDestroy: o.NoAutoDestroy, NoEmitClose: o.NoEmitClose,
	})
	return t
}
