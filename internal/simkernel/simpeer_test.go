package simkernel_test

import (
	"io"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
)

// script moves a foreign peer: a client of ours or a server we connect to.
type script struct {
	s   *sim
	p   *simkernel.Peer
	end *end
	in  stream

	toSend  int
	pending []byte // to be echoed
	echo    bool
	deaf    bool // never reads
	slow    bool // reads and sends a little at a time
	finish  int  // how it ends once it has sent everything: see done
	asleep  bool
	half    bool // its output has ended
	over    bool
}

func (s *sim) script(p *simkernel.Peer) *script {
	x := &script{
		s: s, p: p, end: s.newEnd(),
		toSend: s.size(),
		deaf:   s.chance(0.1),
		slow:   s.chance(0.2),
		finish: s.r.IntN(6),
	}
	s.open++
	p.Notify(func(*simkernel.Peer) { x.step() })
	s.w.After(s.between(5*time.Second, 20*time.Second), x.leave)
	if s.chance(0.15) {
		s.w.After(s.between(0, 20*time.Millisecond), x.leave)
	}
	return x
}

func (x *script) step() {
	if x.over || x.asleep {
		return
	}
	x.read()
	if x.over {
		return
	}
	x.send()
	if x.over || x.slow {
		x.nap()
	}
}

// nap makes a slow peer do something again after a while.
func (x *script) nap() {
	if x.over {
		return
	}
	x.asleep = true
	x.s.w.After(x.s.between(0, 3*time.Millisecond), func() {
		x.asleep = false
		if x.p.Buffered() > 0 && !x.deaf || x.toSend > 0 || len(x.pending) > 0 || x.p.Ended() {
			x.step()
		}
	})
}

func (x *script) read() {
	if x.deaf {
		if x.p.Over() {
			x.leave()
		}
		return
	}
	for {
		buf := x.s.scratch[:]
		if x.slow {
			buf = buf[:1+x.s.r.IntN(500)]
		}
		n, err := x.p.Read(buf)
		if n > 0 {
			x.s.check(x.in.take(x.s, buf[:n]))
			if x.echo {
				if x.in.from != nil {
					x.in.from.echoer = x.end
				}
				x.pending = append(x.pending, buf[:n]...)
			}
		}
		switch {
		case err == io.EOF:
			x.in.eof = true
			if x.toSend == 0 && len(x.pending) == 0 || x.s.chance(0.2) {
				x.leave()
			}
			return
		case err != nil:
			x.leave()
			return
		case n == 0 || x.slow:
			return
		}
	}
}

func (x *script) send() {
	if x.half {
		return
	}
	for len(x.pending) > 0 {
		n := x.p.Send(x.pending)
		x.sent(n)
		x.pending = x.pending[n:]
		if n == 0 {
			return
		}
	}
	for x.toSend > 0 && !x.echo {
		buf := x.s.scratch[:min(x.toSend, 1+x.s.r.IntN(len(x.s.scratch)))]
		x.end.fill(buf, x.end.submitted)
		n := x.p.Send(buf)
		x.sent(n)
		x.toSend -= n
		if n == 0 || x.slow {
			return
		}
	}
	if x.echo && !x.in.eof {
		return
	}
	x.done()
}

func (x *script) sent(n int) {
	x.end.submitted += n
	x.end.acked += n
}

// done is what a peer does when it has sent everything.
func (x *script) done() {
	switch x.finish {
	case 0:
		x.leave()
	case 1:
		x.reset()
	default:
		if !x.half {
			x.half = true
			x.p.CloseWrite()
		}
		if x.in.eof {
			x.leave()
		}
	}
}

func (x *script) leave() {
	if x.over {
		return
	}
	x.gone()
	x.p.Close()
}

func (x *script) reset() {
	if x.over {
		return
	}
	x.gone()
	x.p.Reset()
}

func (x *script) gone() {
	x.over = true
	x.s.open--
	x.s.check(x.in.verdict(x.end)) // once more at the end of the world
}
