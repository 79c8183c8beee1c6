package loop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/netip"
	"runtime"
	"time"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// A panic in a callback costs what it belongs to, and not the loop; here the program is told.
func ExampleOptions() {
	l, err := loop.New(loop.Options{OnPanic: func(e *loop.PanicError) { fmt.Println("panic:", e.Value) }})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	l.Post(func() { panic("a bug") })
	l.Post(func() { fmt.Println("and on it goes") })
	l.Run()
	// Output:
	// panic: a bug
	// and on it goes
}

// A program that names its connections by the loop's package needs no import of the reactor's.
func ExampleConn() {
	l := newLoop()
	defer l.Close()
	greet := func(c *loop.Conn) {
		c.Write([][]byte{[]byte("hello")}, func(error) { c.Close(nil) })
	}
	ln, err := l.Listen("tcp", "127.0.0.1:0", greet)
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		defer l.Post(func() { ln.Close(nil) })
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			log.Fatal(err)
		}
		defer c.Close()
		text, err := io.ReadAll(c)
		fmt.Printf("%s %v\n", text, err)
	}()
	l.Run()
	// Output: hello <nil>
}

// patience is a handler that has more than one clock, each for what it is called.
type patience struct {
	deadlines loop.Deadlines
	done      func()
}

// OnDeadline is told by the loop which clock has run out; the others go on.
func (p *patience) OnDeadline(which loop.Deadline) {
	switch which {
	case loop.DeadlineWrite:
		fmt.Println("the peer does not take its answer")
	case loop.DeadlineExchange:
		fmt.Println("that has taken long enough")
		p.deadlines.Close()
		p.done()
	default:
		fmt.Println("not expected:", which)
	}
}

// The clocks of a connection run side by side.
func ExampleDeadline() {
	l := newLoop()
	defer l.Close()
	keep := l.NewAsync(nil) // something has to keep the loop alive: deadlines do not
	p := &patience{done: func() { keep.Close(nil) }}
	p.deadlines.Init(l, p)
	p.deadlines.Start(loop.DeadlineWrite, time.Millisecond)
	p.deadlines.Start(loop.DeadlineExchange, 200*time.Millisecond)
	l.Run()
	// Output:
	// the peer does not take its answer
	// that has taken long enough
}

// heartbeat does something each time that nothing has happened for a while.
type heartbeat struct {
	deadlines loop.Deadlines
	beats     int
	done      func()
}

// OnDeadline may start the clock again: it has stopped.
func (h *heartbeat) OnDeadline(which loop.Deadline) {
	h.beats++
	fmt.Println("beat", h.beats)
	if h.beats == 2 {
		h.deadlines.Close()
		h.done()
		return
	}
	h.deadlines.Start(which, time.Millisecond)
}

// A handler is a type with one method, so it costs no closure for each connection.
func ExampleDeadlineHandler() {
	l := newLoop()
	defer l.Close()
	keep := l.NewAsync(nil)
	h := &heartbeat{done: func() { keep.Close(nil) }}
	h.deadlines.Init(l, h)
	h.deadlines.Start(loop.DeadlineIdle, time.Millisecond)
	l.Run()
	// Output:
	// beat 1
	// beat 2
}

// A bound on the whole, the look-up included.
func ExampleDialOptions() {
	l := newLoop()
	defer l.Close()
	silent := loop.NewResolver(loop.ResolverOptions{
		Lookup: func(ctx context.Context, _, _ string) ([]netip.Addr, error) { // a name server that does not answer
			<-ctx.Done()
			return nil, ctx.Err()
		},
	})
	o := loop.DialOptions{Timeout: time.Millisecond, Resolver: silent}
	_, err := l.Dial("tcp", "server.example:80", o, func(_ *reactor.Conn, err error) {
		fmt.Println("timed out:", errors.Is(err, reactor.ETIMEDOUT))
	})
	if err != nil {
		log.Fatal(err)
	}
	l.Run()
	// Output: timed out: true
}

// What is in Loop is said of every loop.
func ExampleGroupOptions() {
	g, err := loop.NewGroup(loop.GroupOptions{
		Loops: 2,
		Loop:  loop.Options{OnPanic: func(e *loop.PanicError) { fmt.Println("panic:", e.Value) }},
	})
	if err != nil {
		log.Fatal(err)
	}
	for i := range g.Len() {
		g.Loop(i).Post(func() { panic("a bug") })
	}
	g.Loop(0).Post(g.BeginShutdown)
	if err := g.Run(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// panic: a bug
	// panic: a bug
}

// A socket for each loop, where the kernel divides those who connect; elsewhere one socket does as well.
func ExampleGroupListenOptions() {
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close()
	o := loop.GroupListenOptions{
		ListenOptions: reactor.ListenOptions{Backlog: 128},
		PerLoop:       runtime.GOOS == "linux",
	}
	ln, err := g.ListenWith("tcp", "127.0.0.1:0", o, func(_ *loop.Loop, c *reactor.Conn) { c.Close(nil) })
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("one port:", ln.Addr().Port() != 0)
	// Output: one port: true
}

// Names that come from somewhere else than the system, as in a test, or from a list that the program has.
func ExampleResolverOptions() {
	hosts := map[string]netip.Addr{"db.internal": netip.MustParseAddr("192.0.2.7")}
	l, err := loop.New(loop.Options{Resolver: loop.NewResolver(loop.ResolverOptions{
		Lookup: func(_ context.Context, _, host string) ([]netip.Addr, error) { // on a goroutine of the pool
			if a, ok := hosts[host]; ok {
				return []netip.Addr{a}, nil
			}
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		},
	})})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	for _, host := range []string{"db.internal", "dc.internal"} {
		l.Lookup("ip", host, func(addrs []netip.Addr, err error) {
			var e *net.DNSError
			fmt.Println(addrs, errors.As(err, &e) && e.IsNotFound)
		})
		l.Run()
	}
	// Output:
	// [192.0.2.7] false
	// [] true
}
