package reactortest

import (
	"github.com/weir-go/weir/reactor"
)

// reader collects what a connection reads, and sees that it is told only what it may be.
type reader struct {
	e *env
	c *reactor.Conn

	data    []byte
	ends    []error // io.EOF or an error, each time it was told
	hangUps int
	calls   int // of OnRead

	// onRead and onHangUp, if not nil, are what the user does besides.
	onRead   func(p []byte, err error)
	onHangUp func()
}

var (
	_ reactor.ReadHandler   = (*reader)(nil)
	_ reactor.HangUpHandler = (*reader)(nil)
)

func (e *env) reader(c *reactor.Conn) *reader { return &reader{e: e, c: c} }

// read is a reader that has started.
func (e *env) read(c *reactor.Conn) *reader {
	r := e.reader(c)
	r.start()
	return r
}

func (r *reader) start() {
	r.e.Helper()
	r.e.must(r.c.ReadStart(r))
}

// OnRead records.
func (r *reader) OnRead(p []byte, err error) {
	r.e.callback(func() {
		r.calls++
		switch {
		case err != nil && len(p) > 0:
			r.e.Errorf("%d bytes came together with %v", len(p), err)
		case err == nil && len(p) == 0:
			r.e.Error("neither bytes nor an error")
		}
		r.data = append(r.data, p...)
		if err != nil {
			r.ends = append(r.ends, err)
			if r.c.Reading() {
				r.e.Error("still reading after the end")
			}
		}
		if r.onRead != nil {
			r.onRead(p, err)
		}
	})
}

// OnHangUp records.
func (r *reader) OnHangUp() {
	r.e.callback(func() {
		r.hangUps++
		if r.c.Reading() {
			r.e.Error("OnHangUp while reading")
		}
		if r.onHangUp != nil {
			r.onHangUp()
		}
	})
}

// untilEnd iterates until reading has ended, and some more to see that it ends once.
func (r *reader) untilEnd() {
	r.e.Helper()
	before := len(r.ends)
	r.e.until("the end of input", func() bool { return len(r.ends) > before })
	r.e.settle()
	if n := len(r.ends) - before; n != 1 {
		r.e.Errorf("the end was told %d times: %v", n, r.ends)
	}
}

// untilRead iterates until n bytes have been read in all.
func (r *reader) untilRead(n int) {
	r.e.Helper()
	r.e.until("bytes", func() bool { return len(r.data) >= n })
}

// wantEnds compares how often and how reading has ended.
func (r *reader) wantEnds(want ...error) {
	r.e.Helper()
	if len(r.ends) != len(want) {
		r.e.Errorf("ends: got %v, want %v", r.ends, want)
		return
	}
	for i := range want {
		r.e.wantErr("end", r.ends[i], want[i])
	}
}
