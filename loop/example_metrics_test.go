package loop_test

import (
	"bytes"
	"expvar"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// How busy a loop was during a while.
func ExampleLoop_Metrics() {
	l := newLoop()
	defer l.Close()
	before := l.Metrics()
	timer := l.NewTimer()
	timer.Start(func() { timer.Close(nil) }, 20*time.Millisecond, 0)
	l.Run()
	after := l.Metrics()
	during := loop.Metrics{Elapsed: after.Elapsed - before.Elapsed, Idle: after.Idle - before.Idle}
	fmt.Println("it slept:", during.Utilization() < 1)
	fmt.Println("callbacks:", after.Turns-before.Turns)
	// Output:
	// it slept: true
	// callbacks: 1
}

// A program with an HTTP server for its operators shows its loops under /debug/vars. The loop package does not import
// expvar, which would bring net/http into every program.
func ExampleMetrics_String() {
	loops := []*loop.Loop{newLoop(), newLoop()}
	expvar.Publish("loops", expvar.Func(func() any {
		var total loop.Metrics
		for _, l := range loops {
			total = total.Add(l.Metrics())
		}
		return total
	}))
	for _, l := range loops {
		l.Post(func() {})
		l.Run()
		l.Close()
	}
	fmt.Println(strings.Contains(expvar.Get("loops").String(), `"posts":2`))
	// Output: true
}

func ExampleSlowCallback() {
	told := make(chan struct{})
	l, err := loop.New(loop.Options{
		SlowCallback: 10 * time.Millisecond,
		OnSlow: func(s loop.SlowCallback) {
			if bytes.Contains(s.Stack, []byte("ExampleSlowCallback")) {
				fmt.Println("blocked for 10 ms at least:", s.For >= 10*time.Millisecond)
				close(told)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	l.Post(func() { <-told }) // what no callback should do: it waits
	l.Run()
	fmt.Println("counted:", l.Metrics().SlowCallbacks > 0)
	// Output:
	// blocked for 10 ms at least: true
	// counted: true
}

// A pipe that package os owns, watched by a loop.
func ExampleLoop_NewPoll() {
	l := newLoop()
	defer l.Close()
	r, w, err := os.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	raw, err := r.SyscallConn()
	if err != nil {
		log.Fatal(err)
	}
	var poll *reactor.Poll
	raw.Control(func(fd uintptr) { poll, err = l.NewPoll(int(fd)) })
	if err != nil {
		log.Fatal(err)
	}
	poll.Start(reactor.WantRead, func(ready reactor.Readiness, err error) {
		buf := make([]byte, 16)
		n, _ := r.Read(buf)
		fmt.Printf("%v: %s\n", ready, buf[:n])
		poll.Close(nil) // the pipe stays open
	})
	w.WriteString("hello")
	l.Run()
	w.Close()
	// Output: CanRead: hello
}
