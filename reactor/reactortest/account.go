package reactortest

import (
	"fmt"

	"github.com/weir-go/weir/reactor"
)

// account is what a connection owes: every request completes exactly once, in the order of the calls, before the close
// callback, and after that nothing is called. Its reader counts what is read and looks at every byte.
type account struct {
	e    *env
	name string
	c    *reactor.Conn
	p    Peer // nil while there is none

	issued, told int
	closing      bool // a way of closing was called, so close callbacks are owed
	aborted      bool
	closes       int // callbacks
	wantCloses   int
	ends         int
	starts       int
	sent         int // bytes of our stream that were accepted for sending
	arrived      int // of those, what the peer has read
	received     int // bytes of the peer's stream that were read
	fed          int // bytes of the peer's stream that it has sent
	onCallback   func(a *account)
}

// streamByte is byte i of a stream: a period that divides no buffer.
func streamByte(i int) byte { return byte(i % 251) }

func stream(from, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = streamByte(from + i)
	}
	return p
}

func (a *account) errorf(format string, args ...any) {
	a.e.Helper()
	a.e.Errorf("%s: %s", a.name, fmt.Sprintf(format, args...))
}

// request returns the callback of the next request.
func (a *account) request(what string) func(error) {
	i := a.issued
	told := false
	return func(error) {
		a.e.callback(func() {
			switch {
			case told:
				a.errorf("%s, request %d, was told twice", what, i)
			case a.told != i:
				a.errorf("%s, request %d, was told when it was the turn of %d", what, i, a.told)
			case a.closes > 0:
				a.errorf("%s, request %d, was told after the close callback", what, i)
			}
			told = true
			a.told++
			a.after()
		})
	}
}

func (a *account) after() {
	if a.onCallback != nil {
		a.onCallback(a)
	}
}

// ok counts a request that was accepted.
func (a *account) ok(err error) bool {
	if err == nil {
		a.issued++
	}
	return err == nil
}

func (a *account) write(n int) {
	if a.ok(a.c.Write([][]byte{stream(a.sent, n/2), nil, stream(a.sent+n/2, n-n/2)}, a.request("write"))) {
		a.sent += n
	}
}

// writeBorrowed lends bytes that are overwritten when the turn has ended.
func (a *account) writeBorrowed(n int) {
	p := stream(a.sent, n)
	if a.ok(a.c.WriteBorrowed(p, a.request("borrowed write"))) {
		a.sent += n
		a.e.borrowed = append(a.e.borrowed, p)
	}
}

func (a *account) tryWrite(n int) {
	took, err := a.c.TryWrite(stream(a.sent, n))
	if err != nil && took != 0 {
		a.errorf("TryWrite took %d bytes and failed: %v", took, err)
	}
	a.sent += took
}

func (a *account) closeWrite() { a.ok(a.c.CloseWrite(a.request("close write"))) }

func (a *account) close() {
	if !a.closing || a.aborted {
		a.closing = true
		a.wantCloses = 1 // of the first Close, abort or not
	}
	a.c.Close(a.closed)
}

func (a *account) closeReset() {
	if a.c.CloseReset(a.closed) == nil {
		a.closing = true
		a.wantCloses = 1
	}
}

func (a *account) abort() {
	if !a.closing {
		a.closing, a.aborted = true, true
	}
	a.e.R.Abort(a.c, errPanic)
}

func (a *account) closed() {
	a.e.callback(func() {
		a.closes++
		if a.told != a.issued {
			a.errorf("the close callback ran after %d of %d requests", a.told, a.issued)
		}
		if a.closes > 1 {
			a.errorf("the close callback ran %d times", a.closes)
		}
		a.after()
	})
}

func (a *account) readStart() {
	if a.c.ReadStart(a) == nil {
		a.starts++
	}
}

// OnRead checks every byte.
func (a *account) OnRead(p []byte, err error) {
	a.e.callback(func() {
		switch {
		case a.closes > 0:
			a.errorf("a read after the close callback")
		case a.closing && !a.aborted:
			a.errorf("a read after Close")
		case err == nil && len(p) == 0, err != nil && len(p) > 0:
			a.errorf("%d bytes with %v", len(p), err)
		}
		for _, b := range p {
			if b != streamByte(a.received) {
				a.errorf("byte %d of the peer's is %d, want %d", a.received, b, streamByte(a.received))
				break
			}
			a.received++
		}
		if err != nil {
			if a.ends++; a.ends > a.starts && !a.aborted {
				a.errorf("the end was told %d times, for %d starts", a.ends, a.starts)
			}
		}
		a.after()
	})
}

// OnHangUp may come while the connection is open.
func (a *account) OnHangUp() {
	a.e.callback(func() {
		if a.closing {
			a.errorf("a hang-up after Close")
		}
		a.after()
	})
}

// feed has the peer send.
func (a *account) feed(n int) { a.fed += a.p.Send(stream(a.fed, n)) }

// drain has the peer read, and checks every byte.
func (a *account) drain() {
	buf := make([]byte, 32<<10)
	for {
		n, err := a.p.Recv(buf)
		for _, b := range buf[:n] {
			if b != streamByte(a.arrived) {
				a.errorf("byte %d at the peer is %d, want %d", a.arrived, b, streamByte(a.arrived))
				return
			}
			a.arrived++
		}
		if n == 0 || err != nil {
			break
		}
	}
	if a.arrived > a.sent {
		a.errorf("the peer has read %d bytes, sent were %d", a.arrived, a.sent)
	}
}

// settleUp is the end of the account: everything is closed, and was told.
func (a *account) settleUp() {
	a.e.Helper()
	if a.told != a.issued || a.closes != a.wantCloses {
		a.errorf("%d of %d requests told, %d close callbacks", a.told, a.issued, a.closes)
	}
	if a.received > a.fed {
		a.errorf("read %d bytes, the peer sent %d", a.received, a.fed)
	}
	if a.c.WriteQueueSize() != 0 {
		a.errorf("%d bytes are queued on a closed connection", a.c.WriteQueueSize())
	}
}
