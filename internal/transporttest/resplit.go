package transporttest

import (
	"io"
	"net/netip"

	"github.com/weir-go/weir/stream"
)

// Resplit is a Transport over another one, as encryption is: it takes every byte into its own hands, in both directions,
// and gives it on in other pieces, later.
type Resplit struct {
	s     stream.Scheduler
	below stream.Transport
	cut   func(n int) int // how many of n bytes go together

	in      []byte
	err     error // how reading below ended
	handler stream.ReadHandler
	reading bool
	belowOn bool // reading below

	out     []byte
	offered int // bytes ever written
	taken   int // of them, those that went below
	waiting []waiting
	sending []byte
	half    func(error)
	halved  bool
	closing bool
	gone    bool
	posted  bool
}

// waiting is a request that completes when so many bytes have gone.
type waiting struct {
	at   int
	n    int
	done func(error)
}

var _ stream.Transport = (*Resplit)(nil)

// maxHeld is how many bytes a Resplit holds before it stops reading below.
const maxHeld = 4 << 10

// NewResplit returns a Transport over below. cut says how many of n bytes stay together, 1 to n.
func NewResplit(s stream.Scheduler, below stream.Transport, cut func(n int) int) *Resplit {
	return &Resplit{s: s, below: below, cut: cut}
}

// ReadStart is as in stream.Transport.
func (f *Resplit) ReadStart(h stream.ReadHandler) error {
	if f.closing {
		return ErrClosed
	}
	f.handler, f.reading = h, true
	f.post()
	return nil
}

// ReadStop is as in stream.Transport.
func (f *Resplit) ReadStop() { f.reading = false }

// OnRead is what the Transport below calls.
func (f *Resplit) OnRead(p []byte, err error) {
	f.in = append(f.in, p...)
	if err != nil {
		f.err, f.belowOn = err, false
	} else if len(f.in) >= maxHeld {
		f.belowOn = false
		f.below.ReadStop()
	}
	f.post()
}

// Write is as in stream.Transport.
func (f *Resplit) Write(bufs [][]byte, done func(error)) error {
	if f.closing {
		return ErrClosed
	}
	if f.halved {
		return ErrPipe
	}
	n := 0
	for _, b := range bufs {
		f.out = append(f.out, b...)
		n += len(b)
	}
	f.offered += n
	f.waiting = append(f.waiting, waiting{f.offered, n, done})
	f.post()
	return nil
}

// WriteBorrowed is as in stream.Transport.
func (f *Resplit) WriteBorrowed(p []byte, done func(error)) error {
	return f.Write([][]byte{p}, done)
}

// WriteQueueSize is as in stream.Transport.
func (f *Resplit) WriteQueueSize() int {
	n := 0
	for _, w := range f.waiting {
		n += w.n
	}
	return n
}

// CloseWrite is as in stream.Transport.
func (f *Resplit) CloseWrite(done func(error)) error {
	if f.closing {
		return ErrClosed
	}
	if f.halved {
		return ErrPipe
	}
	f.halved = true
	f.half = done
	if f.half == nil {
		f.half = func(error) {}
	}
	f.post()
	return nil
}

// Close is as in stream.Transport.
func (f *Resplit) Close(done func()) {
	if f.closing {
		return
	}
	f.closing, f.reading = true, false
	f.below.Close(f.closed(done))
}

// CloseReset is as in stream.Transport.
func (f *Resplit) CloseReset(done func()) error {
	if f.closing {
		return ErrClosed
	}
	if err := f.below.CloseReset(f.closed(done)); err != nil {
		return err
	}
	f.closing, f.reading = true, false
	return nil
}

// closed is the close callback of below: what is outstanding completes, a turn each, then done.
func (f *Resplit) closed(done func()) func() {
	var step func()
	step = func() {
		switch {
		case len(f.waiting) > 0:
			w := f.waiting[0]
			f.waiting = f.waiting[1:]
			f.repost(step)
			if w.done != nil {
				w.done(ErrCanceled)
			}
		case f.half != nil:
			half := f.half
			f.half = nil
			f.repost(step)
			half(ErrCanceled)
		default:
			f.gone = true
			if done != nil {
				done()
			}
		}
	}
	return step
}

func (f *Resplit) repost(fn func()) {
	if err := f.s.Post(fn); err != nil {
		panic(err)
	}
}

// LocalAddr is that of the Transport below.
func (f *Resplit) LocalAddr() netip.AddrPort { return f.below.LocalAddr() }

// RemoteAddr is that of the Transport below.
func (f *Resplit) RemoteAddr() netip.AddrPort { return f.below.RemoteAddr() }

func (f *Resplit) post() {
	if !f.posted {
		f.posted = true
		f.repost(f.turn)
	}
}

// turn does one callback, and asks for the next turn if there is more.
func (f *Resplit) turn() {
	f.posted = false
	if f.closing {
		return
	}
	again := true
	switch {
	case len(f.waiting) > 0 && f.waiting[0].at <= f.taken:
		w := f.waiting[0]
		f.waiting = f.waiting[1:]
		if w.done != nil {
			w.done(nil)
		}
	case f.reading && len(f.in) > 0:
		p := append([]byte(nil), f.in[:f.cut(len(f.in))]...)
		f.in = f.in[len(p):]
		f.s.AtTurnEnd(func() {
			f.s.AtTurnEnd(func() {
				for i := range p {
					p[i] = 0xdd
				}
			})
		})
		f.handler.OnRead(p, nil)
	case f.reading && f.err != nil:
		f.reading = false
		f.handler.OnRead(nil, f.err)
	default:
		again = false
	}
	if f.closing {
		return
	}
	f.pump()
	if again {
		f.post()
	}
}

// pump sends one piece, and keeps reading below.
func (f *Resplit) pump() {
	if f.reading && !f.belowOn && f.err == nil && len(f.in) < maxHeld {
		f.belowOn = true
		if err := f.below.ReadStart(f); err != nil {
			f.err, f.belowOn = err, false
			f.post()
		}
	}
	if f.sending != nil {
		return
	}
	if len(f.out) > 0 {
		f.sending = append([]byte(nil), f.out[:f.cut(len(f.out))]...)
		f.out = f.out[len(f.sending):]
		if err := f.below.Write([][]byte{f.sending}, f.sent); err != nil {
			f.sending = nil
			f.fail(err)
		}
		return
	}
	if f.half != nil && f.taken == f.offered {
		half := f.half
		f.half = nil
		if err := f.below.CloseWrite(half); err != nil {
			f.repost(func() { half(err) })
		}
	}
}

func (f *Resplit) sent(err error) {
	n := len(f.sending)
	f.sending = nil
	if f.closing {
		return
	}
	if err != nil {
		f.fail(err)
		return
	}
	f.taken += n
	f.post()
}

// fail completes everything with err, a turn each.
func (f *Resplit) fail(err error) {
	list := f.waiting
	f.waiting, f.out = nil, nil
	for _, w := range list {
		f.repost(func() {
			if w.done != nil {
				w.done(err)
			}
		})
	}
	if f.err == nil || f.err == io.EOF {
		f.err = err
	}
}
