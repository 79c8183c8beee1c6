package weirtest

import (
	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/internal/simkernel"
)

// Upstream is a server outside the process, played by the test, that the process calls.
type Upstream struct {
	w       *World
	waiting []*Peer
	answer  func(*Request) string
	calls   int
	stop    func()
}

// Listen makes an Upstream at address, "ip:port" with any IP address. The test takes its connections with Accept.
func (w *World) Listen(address string) *Upstream {
	u := &Upstream{w: w}
	u.stop = w.sim.ListenPeer(address, func(sp *simkernel.Peer) {
		u.calls++
		p := w.newPeer(sp)
		if u.answer == nil {
			u.waiting = append(u.waiting, p)
			return
		}
		p.OnReceive(u.serve)
		p.pump()
	})
	return u
}

// Answer makes an Upstream that answers each whole request with what answer returns, byte for byte: a status line, fields, a body. ""
// is no answer.
func (w *World) Answer(address string, answer func(*Request) string) *Upstream {
	u := w.Listen(address)
	u.answer = answer
	return u
}

// Accept waits for the next connection. It fails the test if none comes in Patience.
func (u *Upstream) Accept() *Peer {
	u.w.t.Helper()
	if !u.w.until(u.w.o.Patience, func() bool { return len(u.waiting) > 0 }) {
		u.w.t.Fatalf("weirtest: nobody has called in %v", u.w.o.Patience)
	}
	p := u.waiting[0]
	u.waiting = u.waiting[1:]
	return p
}

// Connections is how many connections were made to it.
func (u *Upstream) Connections() int { return u.calls }

// Close has it listen no more: who calls it then is refused.
func (u *Upstream) Close() {
	if u.stop != nil {
		u.stop()
		u.stop = nil
	}
}

// serve answers the whole requests that p has.
func (u *Upstream) serve(p *Peer) {
	for len(p.got) > 0 {
		r := &reader{}
		n, err := r.read(h1.Request, p.got, false)
		switch {
		case err != nil:
			u.w.t.Errorf("weirtest: an upstream server was sent what is no request: %v: %q", err, brief(p.got))
			p.got = nil
			return
		case !r.done:
			return
		}
		p.got = p.got[n:]
		p.Write(u.answer(&Request{r.m, string(r.method), string(r.target)}))
	}
	if p.err != nil {
		p.Close()
	}
}
