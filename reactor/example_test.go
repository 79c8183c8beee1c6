//go:build linux || darwin || freebsd || openbsd || netbsd

package reactor_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/netip"
	"os"
	"time"

	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/reactor/reactortest"
)

// A Reactor runs nothing by itself: this is the least that a loop does with it. Package loop does it for you.
func ExampleReactor() {
	k, err := reactor.System(reactor.SystemOptions{})
	if err != nil {
		log.Fatal(err)
	}
	r := reactor.New(k, reactor.Options{})
	ln, err := r.Listen("tcp", "127.0.0.1:0", reactor.ListenOptions{}, func(c *reactor.Conn) {
		fmt.Println("a client")
		c.Close(nil)
	})
	if err != nil {
		log.Fatal(err)
	}
	client, err := r.Connect("tcp", ln.Addr().String(), func(err error) {
		fmt.Println("connected:", err)
		ln.Close(nil)
	})
	if err != nil {
		log.Fatal(err)
	}

	endTurn := func() {
		r.Flush() // what the turn has written leaves
		r.Seal()  // what it has borrowed is given back
	}
	for r.Refs() > 0 {
		endTurn() // of what was done from outside
		r.StartPending()
		for r.RunPending() {
			endTurn()
		}
		timeout := time.Duration(-1) // for ever
		if r.Busy() {
			timeout = 0
		}
		n, err := r.Wait(timeout)
		if err != nil {
			log.Fatal(err)
		}
		for i := range n {
			for r.Dispatch(i) {
				endTurn()
			}
		}
		r.StartClosing()
		for r.RunClosing() {
			endTurn()
		}
	}
	client.Close(nil)
	run(r)
	fmt.Println(r.Close())
	// Unordered output:
	// a client
	// connected: <nil>
	// <nil>
}

// newReactor and run spare the examples below what ExampleReactor shows.
func newReactor() *reactor.Reactor {
	k, err := reactor.System(reactor.SystemOptions{})
	if err != nil {
		log.Fatal(err)
	}
	return reactor.New(k, reactor.Options{})
}

func run(r *reactor.Reactor) {
	for d := (reactortest.Driver{R: r}); r.Refs() > 0; {
		d.Iterate(time.Second)
	}
}

// An echo that holds its peer back: what cannot be sent stops the reading, not the memory.
func ExampleConn() {
	r := newReactor()
	defer r.Close()
	ln, err := r.Listen("tcp", "127.0.0.1:0", reactor.ListenOptions{}, func(c *reactor.Conn) {
		const most = 64 << 10
		var echo reactor.ReadFunc
		echo = func(p []byte, err error) {
			if err != nil { // io.EOF, or why reading ended
				c.CloseWrite(func(error) { c.Close(nil) })
				return
			}
			c.WriteBorrowed(p, func(err error) {
				if err == nil && !c.Reading() && c.WriteQueueSize() < most {
					c.ReadStart(echo)
				}
			})
			if c.WriteQueueSize() >= most {
				c.ReadStop()
			}
		}
		c.ReadStart(echo)
	})
	if err != nil {
		log.Fatal(err)
	}

	var client *reactor.Conn
	client, err = r.Connect("tcp", ln.Addr().String(), func(err error) {
		if err != nil {
			log.Fatal(err)
		}
		client.Write([][]byte{[]byte("Hello, "), []byte("World!")}, nil)
		client.CloseWrite(nil)
		client.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
			if err == io.EOF {
				client.Close(func() { fmt.Println("closed") })
				ln.Close(nil)
				return
			}
			fmt.Printf("%s\n", p)
		}))
	})
	if err != nil {
		log.Fatal(err)
	}
	run(r)
	// Output:
	// Hello, World!
	// closed
}

// A listener that serves one client at a time: while it is paused the others wait in the kernel's queue.
func ExampleListener() {
	r := newReactor()
	defer r.Close()
	var ln *reactor.Listener
	served := 0
	ln, err := r.Listen("tcp", "127.0.0.1:0", reactor.ListenOptions{Backlog: 16}, func(c *reactor.Conn) {
		ln.Pause()
		served++
		fmt.Println("client", served)
		c.Write([][]byte{[]byte("bye")}, func(error) {
			c.Close(func() {
				if ln.Resume(); served == 3 {
					ln.Close(func() { fmt.Println("closed") })
				}
			})
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	for range 3 {
		var client *reactor.Conn
		client, err = r.Connect("tcp", ln.Addr().String(), func(error) {
			client.ReadStart(reactor.ReadFunc(func(_ []byte, err error) {
				if err != nil {
					client.Close(nil)
				}
			}))
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	run(r)
	// Output:
	// client 1
	// client 2
	// client 3
	// closed
}

// A question and its answer, a datagram each. What cannot be sent at once waits in the socket's queue.
func ExampleDatagram() {
	r := newReactor()
	defer r.Close()
	server, err := r.OpenDatagram("udp", "127.0.0.1:0", reactor.DatagramOptions{})
	if err != nil {
		log.Fatal(err)
	}
	server.ReceiveStart(reactor.DatagramFunc(func(p []byte, from netip.AddrPort, err error) {
		if err != nil {
			log.Fatal(err)
		}
		server.SendBorrowed(p, from, nil) // p is ours for this turn only, and that is long enough
	}))
	client, err := r.OpenDatagram("udp", "127.0.0.1:0", reactor.DatagramOptions{})
	if err != nil {
		log.Fatal(err)
	}
	client.ReceiveStart(reactor.DatagramFunc(func(p []byte, from netip.AddrPort, err error) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s, from the server: %t\n", p, from == server.LocalAddr())
		client.Close(nil)
		server.Close(nil)
	}))
	if err := client.TrySend([]byte("ping"), server.LocalAddr()); err != nil { // EAGAIN, if the kernel is full
		log.Fatal(err)
	}
	run(r)
	// Output: ping, from the server: true
}

// A descriptor that somebody else owns: the Reactor says when it is ready, and its owner reads.
func ExamplePoll() {
	r := newReactor()
	defer r.Close()
	in, out, err := os.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	defer in.Close()
	raw, err := in.SyscallConn()
	if err != nil {
		log.Fatal(err)
	}
	var poll *reactor.Poll
	raw.Control(func(fd uintptr) { poll, err = r.NewPoll(int(fd)) })
	if err != nil {
		log.Fatal(err)
	}
	poll.Start(reactor.WantRead, func(reactor.Readiness, error) {
		buf := make([]byte, 16)
		n, err := in.Read(buf)
		if err == io.EOF {
			poll.Close(func() { fmt.Println("end") })
			return
		}
		fmt.Printf("%s\n", buf[:n])
		out.Close()
	})
	out.WriteString("hello")
	run(r)
	// Output:
	// hello
	// end
}

// An error says what failed, on which peer, and why, down to the errno.
func ExampleError() {
	r := newReactor()
	defer r.Close()
	ln, err := r.Listen("tcp", "127.0.0.1:0", reactor.ListenOptions{}, func(*reactor.Conn) {})
	if err != nil {
		log.Fatal(err)
	}
	address := ln.Addr()
	ln.Close(nil)
	run(r)

	var c *reactor.Conn
	c, err = r.Connect("tcp", address.String(), func(err error) {
		var e *reactor.Error
		if errors.As(err, &e) {
			fmt.Println(e.Op, e.Peer == address, e.Code())
		}
		fmt.Println(errors.Is(err, reactor.ECONNREFUSED))
		c.Close(nil)
	})
	if err != nil {
		log.Fatal(err)
	}
	run(r)
	// Output:
	// connect true ECONNREFUSED
	// true
}

// One reactor accepts, and another serves: package loop has this as a Group. An Accepted is a value, so it may go from
// goroutine to goroutine; here there is only one.
func ExampleAccepted() {
	front, back := newReactor(), newReactor()
	defer front.Close()
	defer back.Close()
	var ln *reactor.Listener
	ln, err := front.ListenAccepted("tcp", "127.0.0.1:0", reactor.ListenOptions{}, func(a reactor.Accepted) {
		ln.Close(nil)
		c, err := back.Take(a) // or Discard: nothing else closes it
		if err != nil {
			log.Fatal(err)
		}
		c.Write([][]byte{[]byte("from the back")}, func(error) { c.Close(nil) })
	})
	if err != nil {
		log.Fatal(err)
	}
	var client *reactor.Conn
	client, err = front.Connect("tcp", ln.Addr().String(), func(err error) {
		client.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
			if err != nil {
				client.Close(nil)
				return
			}
			fmt.Printf("%s\n", p)
		}))
	})
	if err != nil {
		log.Fatal(err)
	}
	for f, b := (reactortest.Driver{R: front}), (reactortest.Driver{R: back}); front.Refs()+back.Refs() > 0; {
		f.Iterate(time.Millisecond)
		b.Iterate(0)
	}
	// Output: from the back
}
