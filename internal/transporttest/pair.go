package transporttest

import (
	"errors"
	"io"
	"net/netip"

	"github.com/weir-go/weir/stream"
)

// The errors of the Transports here.
var (
	ErrClosed   = errors.New("transporttest: closed")
	ErrCanceled = errors.New("transporttest: canceled")
	ErrReset    = errors.New("transporttest: reset by peer")
	ErrPipe     = errors.New("transporttest: our end was sent")
)

// Mem is one end of a Pair.
type Mem struct {
	// Read, if not nil, says how many of the n bytes that have arrived the next OnRead gets, 1 to n.
	Read func(n int) int
	// Log, if not nil, is told of "start" and "stop", the calls that make backpressure.
	Log func(what string)

	s    stream.Scheduler
	peer *Mem
	room int // bytes that may wait at the receiver

	in      []byte // arrived
	ended   bool   // the peer's end has arrived
	failed  error  // its reset has
	handler stream.ReadHandler
	reading bool

	out       []*request
	size      int
	halfAsked bool
	half      func(error)
	halfDone  bool // the end was sent; half is due
	closing   bool
	closed    func()
	gone      bool

	posted bool
	ends   bool
	given  []byte
}

// request is a Write that is not complete.
type request struct {
	left     []byte
	borrowed bool
	n        int
	done     func(error)
	err      error
	complete bool
}

var _ stream.Transport = (*Mem)(nil)

// Pair returns two connected Transports. room is how many bytes may be on the way in each direction, as in a kernel's
// buffers.
func Pair(s stream.Scheduler, room int) (a, b *Mem) {
	a, b = &Mem{s: s, room: room}, &Mem{s: s, room: room}
	a.peer, b.peer = b, a
	return a, b
}

// ReadStart is as in stream.Transport.
func (m *Mem) ReadStart(h stream.ReadHandler) error {
	if m.closing {
		return ErrClosed
	}
	m.log("start")
	m.handler, m.reading = h, true
	m.post()
	return nil
}

// ReadStop is as in stream.Transport.
func (m *Mem) ReadStop() {
	m.log("stop")
	m.reading = false
}

// Reading reports whether ReadStart was called, and neither ReadStop nor the end of input since.
func (m *Mem) Reading() bool { return m.reading }

func (m *Mem) log(what string) {
	if m.Log != nil {
		m.Log(what)
	}
}

// Write is as in stream.Transport.
func (m *Mem) Write(bufs [][]byte, done func(error)) error {
	if err := m.mayWrite(); err != nil {
		return err
	}
	n := 0
	for _, b := range bufs {
		n += len(b)
	}
	for i, b := range bufs {
		r := &request{left: b, n: len(b)}
		if i == len(bufs)-1 {
			r.done = done
		}
		m.out = append(m.out, r)
	}
	m.size += n
	m.post()
	return nil
}

// WriteBorrowed is as in stream.Transport: what is left at the end of the turn is copied then.
func (m *Mem) WriteBorrowed(p []byte, done func(error)) error {
	if err := m.mayWrite(); err != nil {
		return err
	}
	m.out = append(m.out, &request{left: p, n: len(p), borrowed: true, done: done})
	m.size += len(p)
	m.atTurnEnd()
	m.post()
	return nil
}

func (m *Mem) mayWrite() error {
	switch {
	case m.closing:
		return ErrClosed
	case m.halfAsked:
		return ErrPipe
	}
	return nil
}

// WriteQueueSize is as in stream.Transport.
func (m *Mem) WriteQueueSize() int { return m.size }

// CloseWrite is as in stream.Transport.
func (m *Mem) CloseWrite(done func(error)) error {
	if err := m.mayWrite(); err != nil {
		return err
	}
	m.halfAsked, m.half = true, done
	m.post()
	return nil
}

// Close is as in stream.Transport. The peer reads what was sent, then the end; or ErrReset, as from a kernel, if what it has
// sent was not read.
func (m *Mem) Close(done func()) { m.shut(done, nil) }

// CloseReset is as in stream.Transport. The peer reads what was sent, then ErrReset.
func (m *Mem) CloseReset(done func()) error {
	if m.closing {
		return ErrClosed
	}
	m.shut(done, ErrReset)
	return nil
}

func (m *Mem) shut(done func(), why error) {
	if m.closing {
		return
	}
	m.closing, m.closed, m.reading = true, done, false
	for _, r := range m.out {
		if !r.complete {
			r.complete, r.err = true, ErrCanceled
		}
	}
	p := m.peer
	if why != nil || len(m.in) > 0 {
		p.failed = ErrReset
	}
	p.ended = true
	p.post()
	m.post()
}

// LocalAddr and RemoteAddr are zero.
func (m *Mem) LocalAddr() netip.AddrPort { return netip.AddrPort{} }

// RemoteAddr is zero.
func (m *Mem) RemoteAddr() netip.AddrPort { return netip.AddrPort{} }

// post asks for a turn.
func (m *Mem) post() {
	if m.posted {
		return
	}
	m.posted = true
	if err := m.s.Post(m.turn); err != nil {
		panic(err)
	}
}

// turn moves what can be moved, does one callback, and asks for the next turn if there is more.
func (m *Mem) turn() {
	m.posted = false
	if m.gone {
		return
	}
	m.move()
	again := true
	switch {
	case len(m.out) > 0 && m.out[0].complete:
		r := m.out[0]
		m.out = m.out[1:]
		m.size -= r.n
		if r.done != nil {
			r.done(r.err)
		}
	case m.half != nil && (m.halfDone || m.closing):
		done := m.half
		m.half = nil
		if m.halfDone {
			done(nil)
		} else {
			done(ErrCanceled)
		}
	case m.closing:
		m.gone = true
		if m.closed != nil {
			m.closed()
		}
		return
	case m.reading && len(m.in) > 0:
		m.give()
	case m.reading && m.ended:
		m.reading = false
		err := m.failed
		if err == nil {
			err = io.EOF
		}
		m.handler.OnRead(nil, err)
	default:
		again = false
	}
	if again {
		m.post()
	}
}

// move takes from the queue what the peer has room for.
func (m *Mem) move() {
	if m.closing {
		return
	}
	p := m.peer
	for _, r := range m.out {
		if r.complete {
			continue
		}
		if p.closing {
			r.complete, r.err = true, ErrReset
			continue
		}
		n := min(len(r.left), m.room-len(p.in))
		p.in = append(p.in, r.left[:n]...)
		r.left = r.left[n:]
		if n > 0 {
			p.post()
		}
		if len(r.left) > 0 {
			return
		}
		r.complete = true
	}
	if m.halfAsked && !m.halfDone {
		m.halfDone = true
		p.ended = true
		p.post()
	}
}

// give delivers some of what has arrived, in memory that is spoilt when the turn ends.
func (m *Mem) give() {
	n := min(len(m.in), 64<<10)
	if m.Read != nil {
		n = m.Read(n)
	}
	m.given = append([]byte(nil), m.in[:n]...)
	m.in = m.in[n:]
	m.atTurnEnd()
	m.peer.post() // there is room again
	m.handler.OnRead(m.given, nil)
}

func (m *Mem) atTurnEnd() {
	if m.ends {
		return
	}
	m.ends = true
	m.s.AtTurnEnd(func() {
		for _, r := range m.out {
			if r.borrowed {
				r.left, r.borrowed = append([]byte(nil), r.left...), false
			}
		}
		m.s.AtTurnEnd(func() { // when everybody has sealed
			m.ends = false
			for i := range m.given {
				m.given[i] = 0xdd
			}
			m.given = nil
		})
	})
}
