package bystander

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// Case is one measurement: so many loops at full load on so many processors of the runtime.
type Case struct {
	Loops int
	Procs int
	For   time.Duration
}

// Result is what a case gave. Lateness is in microseconds.
type Result struct {
	Sleep    []float64 // of a goroutine in time.Sleep(1 ms)
	Read     []float64 // of a goroutine in net.Conn.Read
	Messages []uint64  // by loop
}

// Child runs one case in this process and writes the Result to out. It prints an address on a line of its own first:
// whoever connects there sends the monotonic clock, eight bytes each time, and gives the reading goroutine work.
func Child(c Case, out io.Writer) error {
	runtime.GOMAXPROCS(c.Procs)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer ln.Close()
	fmt.Fprintln(out, ln.Addr())
	conn, err := ln.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()

	messages := make([]atomic.Uint64, c.Loops)
	ended := make(chan error, c.Loops)
	for i := range c.Loops {
		go func() { ended <- load(c.For, &messages[i]) }()
	}
	var r Result
	deadline := now() + c.For
	slept := make(chan []float64)
	go func() { slept <- sleeper(deadline) }()
	r.Read = reader(conn, deadline)
	r.Sleep = <-slept
	for range c.Loops {
		if err := <-ended; err != nil {
			return err
		}
	}
	for i := range messages {
		r.Messages = append(r.Messages, messages[i].Load())
	}
	return json.NewEncoder(out).Encode(r)
}

// pairs is how many connections each loop has to itself: they send 1 KiB back and forth, so the loop is never dry.
const pairs = 32

func load(d time.Duration, messages *atomic.Uint64) error {
	l, err := loop.New(loop.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	ln, err := l.Listen("tcp", "127.0.0.1:0", func(c *reactor.Conn) { c.ReadStart(&back{c: c, n: messages}) })
	if err != nil {
		return err
	}
	first := make([]byte, 1024)
	for range pairs {
		var c *reactor.Conn
		c, err = l.Connect("tcp", ln.Addr().String(), func(err error) {
			if err == nil {
				c.ReadStart(&back{c: c, n: messages})
				err = c.Write([][]byte{first}, nil)
			}
			if err != nil {
				panic(err) // on loopback, with descriptors to spare: there is nothing to measure then
			}
		})
		if err != nil {
			return err
		}
	}
	stop := l.NewTimer()
	if err := stop.Start(func() { l.Walk(func(h loop.Handle) { h.Close(nil) }) }, d, 0); err != nil {
		return err
	}
	return l.Run()
}

// back sends what it reads back.
type back struct {
	c *reactor.Conn
	n *atomic.Uint64
}

func (b *back) OnRead(p []byte, err error) {
	if err != nil || b.c.WriteBorrowed(p, nil) != nil {
		b.c.Close(nil)
		return
	}
	b.n.Add(1)
}

func sleeper(deadline time.Duration) (late []float64) {
	const nap = time.Millisecond
	for t := now(); t < deadline; {
		time.Sleep(nap)
		t2 := now()
		late = append(late, microseconds(t2-t-nap))
		t = t2
	}
	return late
}

func reader(conn net.Conn, deadline time.Duration) (late []float64) {
	var stamp [8]byte
	for now() < deadline {
		if _, err := io.ReadFull(conn, stamp[:]); err != nil {
			return late
		}
		sent := time.Duration(binary.LittleEndian.Uint64(stamp[:]))
		late = append(late, microseconds(now()-sent))
	}
	return late
}

// now is the clock that all processes of the machine share.
func now() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // it exists on every Linux
	return time.Duration(ts.Nano())
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
