package reactortest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/weir-go/weir/reactor"
)

var accountingBehaviours = []behaviour{
	{"close_accounting", families, closeAccounting},
}

// closeAccounting runs random programs, from without and from within callbacks, on a kernel that fails at random.
func closeAccounting(e *env) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 8
	}
	for seed := range seeds {
		(&program{e: e, rng: rand.New(rand.NewPCG(seed, 1))}).run()
		if e.Failed() {
			e.Fatalf("with seed %d", seed)
		}
	}
}

// program is one run of random calls.
type program struct {
	e        *env
	rng      *rand.Rand
	accounts []*account
	server   PeerListener
	ln       *reactor.Listener
	address  string
	made     int
	dialled  []Peer     // not accepted by us yet, in order
	asking   []*account // connecting to server and not accepted there yet, in order
}

func (g *program) run() {
	e := g.e
	g.server = e.Listen(e.network)
	g.ln, g.address = e.listen(reactor.ListenOptions{}, func(c *reactor.Conn) {
		g.add("accepted", c).p = g.dialled[0] // the queue is in the order of the calls
		g.dialled = g.dialled[1:]
	})
	faulty := g.rng.IntN(2) == 0
	e.k.Fail = func(call Call, _ int) reactor.Errno {
		// A connect that fails is not in the queue of those that ask, which is how ends find one another here.
		if !faulty || call == CallReserve || call == CallConnect || g.rng.IntN(6) > 0 {
			return 0
		}
		switch {
		case call == CallChange && g.rng.IntN(20) == 0:
			return reactor.ENOMEM
		case call == CallChange:
			return 0
		case call == CallAccept && g.rng.IntN(4) == 0:
			return reactor.ENOMEM
		}
		return []reactor.Errno{reactor.EINTR, reactor.EAGAIN}[g.rng.IntN(2)]
	}
	for range 150 {
		switch g.rng.IntN(8) {
		case 0:
			if g.made < 12 {
				g.dialled = append(g.dialled, e.Dial(e.network, g.address))
				g.made++
			}
		case 1:
			if g.made < 12 {
				g.connect()
			}
		case 2:
			e.k.MaxMove = []int{0, 0, 1000, 7}[g.rng.IntN(4)]
		default:
			if a := g.pick(); a != nil {
				g.step(a)
			}
		}
		if len(g.asking) > 0 && g.rng.IntN(4) == 0 {
			g.adopt(g.server.Accept())
		}
		if g.rng.IntN(3) > 0 {
			e.Iterate(0)
			g.overwrite()
		}
	}
	e.k.Fail, e.k.MaxMove = nil, 0
	g.ln.Resume()
	g.ln.Close(nil)
	for e.R.Live() > 0 {
		for _, a := range g.accounts {
			a.onCallback = nil
			a.close()
		}
		e.Iterate(0)
		g.overwrite()
	}
	g.server.Close()
	for _, a := range g.accounts {
		a.settleUp()
		if a.p != nil {
			a.drain()
			a.p.Close()
		}
	}
}

// overwrite spoils what was borrowed: its turn has ended.
func (g *program) overwrite() {
	for _, p := range g.e.borrowed {
		for i := range p {
			p[i] = 0xFF
		}
	}
	g.e.borrowed = g.e.borrowed[:0]
}

func (g *program) add(kind string, c *reactor.Conn) *account {
	a := &account{e: g.e, name: fmt.Sprintf("%s %d", kind, len(g.accounts)), c: c, onCallback: g.within}
	g.accounts = append(g.accounts, a)
	return a
}

func (g *program) connect() {
	e := g.e
	g.made++
	a := g.add("connected", nil)
	address := g.server.Addr()
	if g.rng.IntN(5) == 0 {
		address = e.Refusing(e.network)
	} else {
		g.asking = append(g.asking, a)
	}
	var err error
	a.c, err = e.R.Connect(kindOf(e.network), address, a.request("connect"))
	e.must(err)
	a.issued++
}

// adopt finds whose peer p is: by address, or, since Unix sockets have none, by the order of the calls. The peer of a
// connection that was closed meanwhile is nobody's.
func (g *program) adopt(p Peer) {
	if p == nil {
		return
	}
	for i, a := range g.asking {
		if g.e.network == "unix" || p.RemoteAddr() == a.c.LocalAddr() {
			a.p = p
			g.asking = append(g.asking[:i], g.asking[i+1:]...)
			return
		}
	}
	p.Close()
}

func (g *program) pick() *account {
	if len(g.accounts) == 0 {
		return nil
	}
	return g.accounts[g.rng.IntN(len(g.accounts))]
}

// within is called in every callback: sometimes it goes on from there.
func (g *program) within(a *account) {
	if g.rng.IntN(4) > 0 {
		return
	}
	if g.rng.IntN(3) == 0 {
		a = g.pick()
	}
	g.step(a)
}

// step does something with a, or with its peer.
func (g *program) step(a *account) {
	size := []int{0, 1, 100, 5000, 100_000}[g.rng.IntN(5)]
	switch g.rng.IntN(30) {
	case 0, 1, 2:
		a.write(size)
	case 3, 4, 5:
		a.writeBorrowed(size)
	case 6:
		a.tryWrite(size)
	case 7:
		a.closeWrite()
	case 8:
		a.close()
	case 9:
		a.closeReset()
	case 10:
		a.abort()
	case 11, 12, 13, 14, 15:
		a.readStart()
	case 16, 17:
		a.c.ReadStop()
	case 18:
		a.c.Unref()
	case 19:
		a.c.Ref()
	case 20:
		g.ln.Pause()
	case 21, 22:
		g.ln.Resume()
	}
	if a.p == nil {
		return
	}
	switch g.rng.IntN(20) {
	case 0, 1, 2, 3:
		a.feed(size)
	case 4, 5, 6, 7:
		a.drain()
	case 8:
		a.p.CloseWrite()
	case 9:
		a.p.Close()
	case 10:
		a.p.Reset()
	}
}
