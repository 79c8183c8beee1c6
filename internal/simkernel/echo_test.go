package simkernel_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// server is the smallest event loop there is, an echo server written straight on a Kernel: what the tests of the fake
// itself run, so that they need none of the floors above.
type server struct {
	k       *simkernel.Kernel
	ln      int
	conns   []conn // by slot; slot 0 is the listener
	free    []uint32
	changes []reactor.Change
	events  [64]reactor.Event
	buf     [4096]byte
	live    int
	errs    int
}

type conn struct {
	fd    int
	gen   uint32
	armed reactor.Armed
	out   []byte // not taken by the kernel yet
	ended bool
}

func newServer(k *simkernel.Kernel, address string) (*server, error) {
	ln, err := k.Listen("tcp", address, reactor.ListenOptions{})
	if err != nil {
		return nil, err
	}
	s := &server{k: k, ln: ln, conns: make([]conn, 1)}
	s.conns[0] = conn{fd: ln}
	s.arm(0, reactor.ArmedRead)
	return s, nil
}

func (s *server) arm(slot uint32, to reactor.Armed) {
	c := &s.conns[slot]
	if c.armed == to {
		return
	}
	s.changes = append(s.changes, reactor.Change{FD: c.fd, Token: reactor.Token{Slot: slot, Gen: c.gen}, From: c.armed, To: to})
	c.armed = to
}

func (s *server) run(timeout time.Duration) error {
	n, err := s.k.Wait(s.changes, s.events[:], timeout)
	s.changes = s.changes[:0]
	for _, ev := range s.events[:n] {
		c := &s.conns[ev.Token.Slot]
		switch {
		case c.gen != ev.Token.Gen || c.fd < 0:
		case ev.Token.Slot == 0 && ev.Err != 0:
			c.armed = reactor.Unarmed
			s.arm(0, reactor.ArmedRead)
		case ev.Token.Slot == 0:
			s.accept()
		case ev.Err != 0:
			s.end(ev.Token.Slot)
		default:
			s.serve(ev.Token.Slot)
		}
	}
	// What was closed in this batch must not be changed any more.
	kept := s.changes[:0]
	for _, c := range s.changes {
		if s.conns[c.Token.Slot].gen == c.Token.Gen && s.conns[c.Token.Slot].fd >= 0 {
			kept = append(kept, c)
		}
	}
	s.changes = kept
	return err
}

func (s *server) accept() {
	for {
		fd, _, errno := s.k.Accept(s.ln)
		switch errno {
		case 0:
		case syscall.EINTR, syscall.ECONNABORTED:
			continue
		default:
			return
		}
		var slot uint32
		if n := len(s.free); n > 0 {
			slot = s.free[n-1]
			s.free = s.free[:n-1]
		} else {
			slot = uint32(len(s.conns))
			s.conns = append(s.conns, conn{})
		}
		s.conns[slot] = conn{fd: fd, gen: s.conns[slot].gen, out: s.conns[slot].out[:0]}
		s.live++
		s.arm(slot, reactor.ArmedRead)
	}
}

func (s *server) serve(slot uint32) {
	c := &s.conns[slot]
	for !c.ended && len(c.out) < len(s.buf) {
		n, errno := s.k.Read(c.fd, s.buf[:])
		if errno == syscall.EINTR {
			continue
		}
		if errno == syscall.EAGAIN {
			break
		}
		if errno != 0 {
			s.errs++
			s.end(slot)
			return
		}
		c.ended = n == 0
		c.out = append(c.out, s.buf[:n]...)
		if n < len(s.buf) {
			break
		}
	}
	for len(c.out) > 0 {
		n, errno := s.k.Write(c.fd, c.out)
		if errno == syscall.EINTR {
			continue
		}
		if errno == syscall.EAGAIN {
			break
		}
		if errno != 0 {
			s.errs++
			s.end(slot)
			return
		}
		c.out = append(c.out[:0], c.out[n:]...)
	}
	switch {
	case len(c.out) > 0 && (c.ended || len(c.out) >= len(s.buf)):
		s.arm(slot, reactor.ArmedWrite)
	case len(c.out) > 0:
		s.arm(slot, reactor.ArmedRead|reactor.ArmedWrite)
	case c.ended:
		s.end(slot)
	default:
		s.arm(slot, reactor.ArmedRead)
	}
}

func (s *server) end(slot uint32) {
	c := &s.conns[slot]
	for _, ch := range s.changes {
		if ch.Token.Slot == slot && ch.Token.Gen == c.gen {
			c.armed = ch.From // it has not been made
			break
		}
	}
	if c.armed != reactor.Unarmed {
		s.k.Remove(c.fd, c.armed)
	}
	s.k.Close(c.fd)
	c.fd, c.armed = -1, reactor.Unarmed
	c.gen++
	s.free = append(s.free, slot)
	s.live--
}

func (s *server) stop() error {
	s.k.Remove(s.ln, s.conns[0].armed)
	s.k.Close(s.ln)
	for i := range s.conns[1:] {
		if s.conns[i+1].fd > 0 {
			s.end(uint32(i + 1))
		}
	}
	return s.k.Release()
}

// life is one foreign client: it sends, reads what comes back, and ends one way or another.
type life struct {
	toSend  int
	got     int
	reset   bool
	done    func()
	scratch []byte
}

func (l *life) step(p *simkernel.Peer) {
	for l.toSend > 0 {
		n := p.Send(l.scratch[:min(l.toSend, len(l.scratch))])
		if n == 0 {
			break
		}
		if l.toSend -= n; l.toSend == 0 && !l.reset {
			p.CloseWrite()
		}
	}
	for {
		n, err := p.Read(l.scratch)
		l.got += n
		if err != nil || l.reset && l.got > 0 {
			if l.reset {
				p.Reset()
			} else {
				p.Close()
			}
			l.done()
			return
		}
		if n == 0 {
			return
		}
	}
}

// runEcho runs lives connections against a server on a world made of o, and returns the world and the server.
func runEcho(tb testing.TB, o simkernel.Options, lives, size int) (*simkernel.World, *server) {
	tb.Helper()
	const address = "127.0.0.1:7000"
	w := simkernel.New(o)
	s, err := newServer(w.Kernel(), address)
	if err != nil {
		tb.Fatal(err)
	}
	scratch := make([]byte, 4096)
	left, started := lives, 0
	done := func() {
		if left--; left == 0 {
			s.k.Wake()
		}
	}
	var start func()
	start = func() {
		for range min(8, lives-started) {
			started++
			l := &life{toSend: size, reset: started%5 == 0, done: done, scratch: scratch}
			w.Dial(address).Notify(l.step)
		}
		if started < lives {
			w.After(100*time.Microsecond, start)
		}
	}
	start()
	for left > 0 || s.live > 0 {
		if err := s.run(-1); err != nil {
			tb.Fatalf("%v: %d lives left, %d connections\n%s", err, left, s.live, w.Trace())
		}
	}
	return w, s
}

func TestTheSameSeedGivesTheSameTrace(t *testing.T) {
	for seed := range uint64(40) {
		var hashes [2]uint64
		for i := range hashes {
			w, s := runEcho(t, simkernel.SwarmOptions(seed), 60, 5000)
			hashes[i] = w.TraceHash()
			if err := s.stop(); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				for _, v := range w.Check() {
					t.Errorf("seed %d: %s\n%s", seed, v, w.Trace())
				}
			}
		}
		if hashes[0] != hashes[1] {
			t.Errorf("seed %d: traces differ: %016x, %016x", seed, hashes[0], hashes[1])
		}
	}
}

func TestDifferentSeedsGiveDifferentTraces(t *testing.T) {
	seen := map[uint64]uint64{}
	for seed := range uint64(20) {
		w, _ := runEcho(t, simkernel.SwarmOptions(seed), 10, 2000)
		if old, ok := seen[w.TraceHash()]; ok {
			t.Errorf("seeds %d and %d give the same trace", old, seed)
		}
		seen[w.TraceHash()] = seed
	}
}

func BenchmarkLife(b *testing.B) {
	for _, bench := range []struct {
		name string
		o    simkernel.Options
	}{
		{"Kind", simkernel.Options{}},
		{"Latency", simkernel.Options{Latency: 200 * time.Microsecond, Jitter: 100 * time.Microsecond}},
		{"Swarm", simkernel.SwarmOptions(7)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			runEcho(b, bench.o, b.N, 1000)
		})
	}
}
