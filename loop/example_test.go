package loop_test

import (
	"fmt"
	"io"
	"log"
	"net/netip"
	"sync"
	"time"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// newLoop is loop.New for examples, in which it does not fail.
func newLoop() *loop.Loop {
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	return l
}

// An echo and its client on one loop.
func ExampleLoop() {
	l := newLoop()
	defer l.Close()
	ln, err := l.Listen("tcp", "127.0.0.1:0", func(c *reactor.Conn) {
		c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
			if err != nil { // io.EOF or a failure
				c.Close(nil)
				return
			}
			c.WriteBorrowed(p, nil)
		}))
	})
	if err != nil {
		log.Fatal(err)
	}
	var c *reactor.Conn
	c, err = l.Connect("tcp", ln.Addr().String(), func(err error) {
		if err != nil {
			log.Fatal(err)
		}
		c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
			if err == io.EOF {
				return
			}
			fmt.Printf("echoed: %s\n", p)
			c.Close(nil)
			ln.Close(nil)
		}))
	})
	if err != nil {
		log.Fatal(err)
	}
	c.Write([][]byte{[]byte("hello")}, nil) // sent when it is connected
	fmt.Println("Run:", l.Run())            // returns when nothing is left
	// Output:
	// echoed: hello
	// Run: <nil>
}

func ExampleTimer() {
	l := newLoop()
	defer l.Close()
	once, repeat := l.NewTimer(), l.NewTimer()
	once.Start(func() {
		fmt.Println("once")
		once.Close(nil)
	}, time.Millisecond, 0)
	ticks := 0
	repeat.Start(func() {
		ticks++
		fmt.Println("tick", ticks)
		if ticks == 3 {
			repeat.Close(func() { fmt.Println("closed") })
		}
	}, 5*time.Millisecond, time.Millisecond)
	l.Run()
	// Output:
	// once
	// tick 1
	// tick 2
	// tick 3
	// closed
}

// A guest is what a server keeps for each connection. Its Deadlines are part of it.
type guest struct {
	deadlines loop.Deadlines
	bye       func()
}

// OnDeadline is told by the loop.
func (g *guest) OnDeadline(which loop.Deadline) {
	fmt.Println("passed:", which)
	g.deadlines.Close()
	g.bye()
}

// A guest may be silent for 10 ms, but not while we are the side that does not listen. That is longer than 10 ms:
// deadlines are coarse.
func ExampleDeadlines() {
	l := newLoop()
	defer l.Close()
	timer := l.NewTimer()
	g := &guest{bye: func() { timer.Close(nil) }}
	g.deadlines.Init(l, g)
	g.deadlines.Start(loop.DeadlineExchange, time.Minute)
	g.deadlines.Start(loop.DeadlineRead, 10*time.Millisecond)
	g.deadlines.Pause(loop.DeadlineRead) // beside Conn.ReadStop
	timer.Start(func() {
		fmt.Println("listening again")
		g.deadlines.Resume(loop.DeadlineRead) // beside Conn.ReadStart
		g.deadlines.Touch(loop.DeadlineRead)  // for each read
		timer.Start(func() {}, time.Hour, 0)  // something has to keep the loop alive: deadlines do not
	}, 20*time.Millisecond, 0)
	l.Run()
	// Output:
	// listening again
	// passed: read
}

// Other goroutines count, and ring. However often they do, the callback sees all that was counted before the last ring.
func ExampleAsync() {
	l := newLoop()
	defer l.Close()
	var mu sync.Mutex
	count := 0
	var bell *loop.Async
	bell = l.NewAsync(func() {
		mu.Lock()
		defer mu.Unlock()
		if count == 100 {
			fmt.Println("heard of all 100")
			bell.Close(nil)
		}
	})
	for range 4 {
		go func() {
			for range 25 {
				mu.Lock()
				count++
				mu.Unlock()
				bell.Send()
			}
		}()
	}
	l.Run()
	// Output: heard of all 100
}

// An Idle does a long job piece by piece, and the loop serves everything else in between.
func ExampleIdle() {
	l := newLoop()
	defer l.Close()
	pieces := 0
	idle := l.NewIdle()
	idle.Start(func() {
		pieces++
		fmt.Println("piece", pieces)
		if pieces == 3 {
			idle.Close(nil)
		}
	})
	l.Run()
	// Output:
	// piece 1
	// piece 2
	// piece 3
}

// A Prepare runs right before the loop waits, a Check right after what has come in the meantime.
func ExamplePrepare() {
	l := newLoop()
	defer l.Close()
	prepare, check := l.NewPrepare(), l.NewCheck()
	prepare.Start(func() { fmt.Println("prepare") })
	check.Start(func() {
		fmt.Println("check")
		prepare.Close(nil)
		check.Close(nil)
	})
	l.Post(func() { fmt.Println("posted") })
	l.Run()
	// Output:
	// prepare
	// posted
	// check
}

// A Check sees each iteration once, after all that was ready in it.
func ExampleCheck() {
	l := newLoop()
	defer l.Close()
	served := 0
	check := l.NewCheck()
	check.Start(func() {
		fmt.Println("served in this iteration:", served)
		check.Close(nil)
	})
	for range 3 {
		l.Post(func() { served++ })
	}
	l.Run()
	// Output: served in this iteration: 3
}

// Work that takes long is done by another goroutine, and its result comes back by Post.
func ExampleLoop_Post() {
	l := newLoop()
	defer l.Close()
	keep := l.NewAsync(nil) // a loop with nothing to do would end
	go func() {
		sum := 0
		for i := range 1000 {
			sum += i
		}
		l.Post(func() {
			fmt.Println("sum:", sum) // on the loop's goroutine
			keep.Close(nil)
		})
	}()
	l.Run()
	// Output: sum: 499500
}

// A tick runs when the callback that asked for it has returned, before the next one.
func ExampleLoop_NextTick() {
	l := newLoop()
	defer l.Close()
	l.Post(func() {
		l.NextTick(func() { fmt.Println("tick") })
		fmt.Println("first callback")
	})
	l.Post(func() { fmt.Println("second callback") })
	l.Run()
	// Output:
	// first callback
	// tick
	// second callback
}

// A server that answers, and a client, on one loop.
func ExampleLoop_OpenDatagram() {
	l := newLoop()
	defer l.Close()
	server, err := l.OpenDatagram("udp", "127.0.0.1:0", reactor.DatagramOptions{})
	if err != nil {
		log.Fatal(err)
	}
	server.ReceiveStart(reactor.DatagramFunc(func(p []byte, from netip.AddrPort, err error) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("asked: %s\n", p)
		answer := append([]byte("pong to "), p...) // p is ours for this turn only
		server.Send([][]byte{answer}, from, func(error) { server.Close(nil) })
	}))
	client, err := l.OpenDatagram("udp4", "", reactor.DatagramOptions{})
	if err != nil {
		log.Fatal(err)
	}
	client.Connect(server.LocalAddr())
	client.ReceiveStart(reactor.DatagramFunc(func(p []byte, _ netip.AddrPort, err error) {
		if err != nil {
			log.Fatal(err) // ECONNREFUSED, if nobody listened there
		}
		fmt.Printf("answered: %s\n", p)
		client.Close(nil)
	}))
	client.Send([][]byte{[]byte("ping")}, netip.AddrPort{}, nil)
	l.Run()
	// Output:
	// asked: ping
	// answered: pong to ping
}
