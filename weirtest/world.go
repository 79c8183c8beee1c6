package weirtest

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

// World is a process with its loops, on a simulated kernel, and the network and the clock around it. It belongs to the goroutine
// of its test, which is that of its loops too: what the test calls it may call on any of them, and a handler may use the test's
// variables. Two worlds know nothing of each other, so tests may run in parallel.
type World struct {
	t       testing.TB
	o       Options
	sim     *simkernel.World
	g       *loop.Group
	kernels []*simkernel.Kernel
	hosts   map[string]netip.Addr
	agents  []*httpcore.Agent
	checks  []func() // of OnFinish

	peers   []*Peer
	scripts []script
	running bool
	wild    bool // it did not come to rest once: nothing is run any more
	ended   bool

	heap heap
}

// New makes a World, and has the end of the test finish it: see Finish. It fails the test if o makes no sense.
func New(t testing.TB, o Options) *World {
	t.Helper()
	o = o.withDefaults(t)
	w := &World{t: t, o: o, sim: simkernel.New(o.simulated()), hosts: map[string]netip.Addr{}}
	lo := o.Loop
	if lo.OnUncaught == nil {
		lo.OnUncaught = func(err error) { t.Errorf("weirtest: an error that nobody listens for: %v", err) }
	}
	if lo.OnPanic == nil {
		lo.OnPanic = func(e *loop.PanicError) { t.Errorf("weirtest: %v\n%s", e, e.Stack) }
	}
	lo.Resolver = loop.NewResolver(loop.ResolverOptions{Lookup: w.lookup})
	g, err := loop.NewGroup(loop.GroupOptions{
		Loops: o.Loops, Loop: lo,
		Kernel: func(int) (reactor.Kernel, error) {
			k := w.sim.Kernel()
			w.kernels = append(w.kernels, k)
			return k, nil
		},
	})
	if err != nil {
		t.Fatalf("weirtest: %v", err)
	}
	w.g = g
	w.heap.begin(o.HeapLimit)
	t.Cleanup(w.end)
	return w
}

// end is the end of the test.
func (w *World) end() {
	w.t.Helper()
	if !w.ended && !w.t.Failed() {
		w.Finish()
	}
	w.close()
	if w.t.Failed() {
		w.t.Logf("weirtest: %s=%d repeats it. What the kernel was asked last:\n%s", seedVariable, w.o.Seed, w.sim.Trace())
	}
}

// Loop is the World's loop, the first if it has several.
func (w *World) Loop() *loop.Loop { return w.g.Loop(0) }

// Group is all loops of the World. It listens, as for httpcore.Server.Listen, and is never Run: the World steps it. Finish
// shuts it down.
func (w *World) Group() *loop.Group { return w.g }

// Serve has s listen on all loops and returns the address. That is "127.0.0.1:0" with a port of its own, unless the test names
// another.
func (w *World) Serve(s *httpcore.Server, address ...string) string {
	w.t.Helper()
	addr, err := s.Listen(w.g, "tcp", listenAddress(address))
	if err != nil {
		w.t.Fatalf("weirtest: %v", err)
	}
	w.Run()
	return addr.String()
}

// ServeRequests is Serve of a new server with default options and this handler.
func (w *World) ServeRequests(fn func(*httpcore.IncomingMessage, *httpcore.ServerResponse)) string {
	w.t.Helper()
	s := httpcore.NewServer(httpcore.ServerOptions{})
	s.OnRequest(fn)
	return w.Serve(s)
}

// ServeSockets listens on all loops, gives each connection to fn as a stream.Socket with these options, and returns the address.
func (w *World) ServeSockets(o stream.SocketOptions, fn func(*stream.Socket)) string {
	w.t.Helper()
	ln, err := w.g.Listen("tcp", listenAddress(nil), func(l *loop.Loop, c *loop.Conn) { fn(stream.NewSocket(l, c, o)) })
	if err != nil {
		w.t.Fatalf("weirtest: %v", err)
	}
	w.Run()
	return ln.Addr().String()
}

func listenAddress(address []string) string {
	if len(address) > 0 {
		return address[0]
	}
	return "127.0.0.1:0"
}

// Host gives a name an address, for who dials it: an IP address without a port. No other name is known.
func (w *World) Host(name, ip string) {
	w.t.Helper()
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		w.t.Fatalf("weirtest: %v", err)
	}
	w.hosts[name] = addr
}

// lookup is the resolver's, off the loop; which here means inside a call of the test.
func (w *World) lookup(_ context.Context, network, host string) ([]netip.Addr, error) {
	addr, ok := w.hosts[host]
	if !ok || network == "ip4" && !addr.Is4() || network == "ip6" && addr.Is4() {
		return nil, fmt.Errorf("weirtest: no host %s; see World.Host", host)
	}
	return []netip.Addr{addr}, nil
}

// WatchAgent has Finish look whether a has anything under way, after it has closed its idle connections.
func (w *World) WatchAgent(a *httpcore.Agent) { w.agents = append(w.agents, a) }

// OnFinish has fn called by Finish when every connection has ended and before the loops are shut down: for what the test has to say
// of the end. Inside EveryByte it is the place for that.
func (w *World) OnFinish(fn func()) { w.checks = append(w.checks, fn) }

// Seed is the seed of this run.
func (w *World) Seed() uint64 { return w.o.Seed }

// Calls is how many system calls the process has made to read, to write, and to say what it wants to hear of. They don't
// flicker, so a test may say what a request costs.
func (w *World) Calls() (reads, writes, interest int) {
	c := w.sim.Calls()
	return c.Read, c.Write + c.Writev, c.Interest()
}

// Raise sends the process a signal.
func (w *World) Raise(sig os.Signal) {
	w.t.Helper()
	w.sim.Raise(sig)
	w.Run()
}
