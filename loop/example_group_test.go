package loop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// A server on two loops. Connections go to them in turn, and each stays where it is.
func ExampleGroup() {
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 2})
	if err != nil {
		log.Fatal(err)
	}
	ln, err := g.Listen("tcp", "127.0.0.1:0", func(l *loop.Loop, c *reactor.Conn) {
		// This runs on l's goroutine: what belongs to l is touched here and nowhere else.
		c.Write([][]byte{[]byte("hello")}, func(error) { c.Close(nil) })
	})
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for range 2 {
			c, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				log.Fatal(err)
			}
			text, err := io.ReadAll(c)
			fmt.Printf("%s %v\n", text, err)
			c.Close()
		}
		if err := g.Shutdown(context.Background()); err != nil { // any goroutine but a loop's
			log.Fatal(err)
		}
	}()
	if err := g.Run(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("connections of each loop:", g.AcceptedPerLoop())
	// Output:
	// hello <nil>
	// hello <nil>
	// connections of each loop: [1 1]
}

// However many loops there are, the address is bound once: port 0 is one port, and a busy one is an error.
func ExampleGroupListener() {
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close()
	greet := func(_ *loop.Loop, c *reactor.Conn) { c.Close(nil) }
	ln, err := g.Listen("tcp", "127.0.0.1:0", greet)
	if err != nil {
		log.Fatal(err)
	}
	_, err = g.Listen("tcp", ln.Addr().String(), greet)
	fmt.Println(ln.Addr().Port() != 0, errors.Is(err, reactor.EADDRINUSE))
	// Output: true true
}

// What has to end with a loop, whoever has made it.
func ExampleHandle() {
	l := newLoop()
	timer := l.NewTimer()
	timer.Start(func() {}, 0, 1)
	if _, err := l.Listen("tcp", "127.0.0.1:0", func(*reactor.Conn) {}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("busy:", errors.Is(l.Close(), reactor.EBUSY))
	l.Walk(func(h loop.Handle) {
		h.Close(func() { fmt.Printf("%T is closed\n", h) })
	})
	l.Run() // calls what close callbacks there are
	fmt.Println(l.Close())
	// Unordered output:
	// busy: true
	// *loop.Timer is closed
	// *reactor.Listener is closed
	// <nil>
}

// A connection that package net has made goes on under the loop.
func ExampleLoop_AdoptConn() {
	l := newLoop()
	defer l.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	fmt.Fprint(client, "hello")

	accepted, err := ln.Accept()
	if err != nil {
		log.Fatal(err)
	}
	c, err := l.AdoptConn(accepted.(*net.TCPConn)) // and accepted is closed: the connection is c's alone
	if err != nil {
		log.Fatal(err)
	}
	c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
		fmt.Printf("%s %v\n", p, err)
		c.Close(nil)
	}))
	l.Run()
	// Output: hello <nil>
}
