package loop_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"time"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// A client that knows its server by name. Both of the name's addresses are tried; there is a listener on one of them.
func ExampleLoop_Dial() {
	addresses := map[string]string{"ip6": "::1", "ip4": "127.0.0.1"}
	l, err := loop.New(loop.Options{Resolver: loop.NewResolver(loop.ResolverOptions{
		Lookup: func(_ context.Context, network, _ string) ([]netip.Addr, error) { // in the place of a name server
			return []netip.Addr{netip.MustParseAddr(addresses[network])}, nil
		},
	})})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	ln, err := l.Listen("tcp", "127.0.0.1:0", func(c *reactor.Conn) { c.Close(nil) })
	if err != nil {
		log.Fatal(err)
	}
	address := fmt.Sprintf("server.example:%d", ln.Addr().Port())
	_, err = l.Dial("tcp", address, loop.DialOptions{Timeout: 10 * time.Second}, func(c *reactor.Conn, err error) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("connected to", c.RemoteAddr().Addr())
		c.Close(nil)
		ln.Close(nil)
	})
	if err != nil {
		log.Fatal(err)
	}
	l.Run()
	// Output: connected to 127.0.0.1
}

func ExampleLoop_Lookup() {
	l := newLoop()
	defer l.Close()
	_, err := l.Lookup("ip", "127.0.0.1", func(addrs []netip.Addr, err error) { fmt.Println(addrs, err) })
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("done is called in a later turn")
	l.Run()
	// Output:
	// done is called in a later turn
	// [127.0.0.1] <nil>
}

// A resolver that keeps answers for a minute, and that there is none for a second. Loops may share it.
func ExampleResolver() {
	asked := 0
	r := loop.NewResolver(loop.ResolverOptions{
		TTL:         time.Minute,
		NegativeTTL: time.Second,
		Lookup: func(context.Context, string, string) ([]netip.Addr, error) { // in the place of a name server
			asked++
			return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
		},
	})
	l, err := loop.New(loop.Options{Resolver: r})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	for range 3 {
		l.Lookup("ip", "server.example", func(addrs []netip.Addr, err error) { fmt.Println(addrs, err) })
		l.Run()
	}
	fmt.Println("asked", asked)
	// Output:
	// [192.0.2.1] <nil>
	// [192.0.2.1] <nil>
	// [192.0.2.1] <nil>
	// asked 1
}

// Somebody who does not want to wait any more is told so, once, in a later turn.
func ExampleDialing() {
	l := newLoop()
	defer l.Close()
	d, err := l.Dial("tcp", "192.0.2.1:80", loop.DialOptions{}, func(_ *reactor.Conn, err error) { // nobody is there
		fmt.Println("cancelled:", errors.Is(err, reactor.ECANCELED))
	})
	if err != nil {
		log.Fatal(err)
	}
	d.Cancel()
	l.Run()
	// Output: cancelled: true
}

// A look-up that is given up. Its question is given up too, unless somebody else has asked the same.
func ExampleLookup() {
	l, err := loop.New(loop.Options{Resolver: loop.NewResolver(loop.ResolverOptions{
		Lookup: func(ctx context.Context, _, _ string) ([]netip.Addr, error) { // a name server that does not answer
			<-ctx.Done()
			return nil, ctx.Err()
		},
	})})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	k, err := l.Lookup("ip", "server.example", func(_ []netip.Addr, err error) {
		fmt.Println("cancelled:", errors.Is(err, reactor.ECANCELED))
	})
	if err != nil {
		log.Fatal(err)
	}
	k.Cancel()
	l.Run()
	// Output: cancelled: true
}
