package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Crowd is many slow peers of one server: each reads a large answer, or writes a large request, at a rate of its own. What the server does with
// the difference is the question. They are goroutines: there is little to do, and a peer that waits is the simplest one.
type Crowd struct {
	Conns int
	Rate  int  // bytes a second of each
	Write bool // they upload slowly; else they download slowly
	Echo  bool // they send a body as fast as it is taken, and read it back slowly
	Body  int64
	Every time.Duration // how often Look is called
	Look  func(elapsed time.Duration, moved int64)
}

const (
	// smallBuffer bounds what the kernel keeps of an answer on the reader's side, so that the server notices a slow reader soon.
	smallBuffer = 32 << 10
	crowdTick   = 100 * time.Millisecond
)

// Run lets the crowd have its way for a while and returns how many bytes moved and what went wrong, by kind. A peer that the server
// breaks with stays away.
func (c Crowd) Run(ctx context.Context, to netip.AddrPort, length time.Duration) (moved int64, failures map[string]int64, first error) {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var total atomic.Int64
	var mu sync.Mutex
	failures = map[string]int64{}
	var peers sync.WaitGroup
	start := time.Now()
	for range c.Conns {
		peers.Go(func() {
			err := c.peer(ctx, to, &total)
			if err == nil || ctx.Err() != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			failures[kindOf(err)]++
			if first == nil {
				first = err
			}
		})
	}
	tick := time.NewTicker(c.Every)
	defer tick.Stop()
	for ctx.Err() == nil {
		if c.Look != nil {
			c.Look(time.Since(start), total.Load())
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	peers.Wait()
	return total.Load(), failures, first
}

func (c Crowd) peer(ctx context.Context, to netip.AddrPort, total *atomic.Int64) error {
	dialer := net.Dialer{}
	if !c.Write {
		dialer.Control = func(_, _ string, raw syscall.RawConn) error { return bufferOf(raw, smallBuffer) }
	}
	conn, err := dialer.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return err
	}
	defer func() { _ = conn.(*net.TCPConn).SetLinger(0); _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	switch {
	case c.Write:
		return c.upload(ctx, conn, total)
	case c.Echo:
		return c.echo(ctx, conn, total)
	}
	request := NewHTTP(Request{Method: "GET", Target: fmt.Sprintf("/download?n=%d", c.Body), AnswerLength: c.Body})
	if _, err := conn.Write(request.head); err != nil {
		return err
	}
	return c.download(ctx, conn, request, total)
}

func bufferOf(raw syscall.RawConn, size int) error {
	var err error
	e := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, size) })
	return errors.Join(e, err)
}

// download reads a tick's worth each tick.
func (c Crowd) download(ctx context.Context, conn io.Reader, h *HTTP, total *atomic.Int64) error {
	buf := make([]byte, max(1, c.Rate*int(crowdTick)/int(time.Second)))
	var a Answer
	return paced(ctx, func() error {
		n, err := io.ReadFull(conn, buf)
		total.Add(int64(n))
		used, whole, wrong := h.Take(0, 0, &a, buf[:n])
		switch {
		case wrong != nil:
			return wrong
		case a.Wrong || used < n && !whole:
			return errors.New("wrong bytes")
		case whole:
			return io.EOF
		case err == io.ErrUnexpectedEOF || err == io.EOF:
			return errEnd
		}
		return err
	})
}

// upload writes a tick's worth each tick.
func (c Crowd) upload(ctx context.Context, conn net.Conn, total *atomic.Int64) error {
	h := NewHTTP(Request{Method: "POST", Target: "/upload", Body: c.Body})
	if _, err := conn.Write(h.head); err != nil {
		return err
	}
	piece := filler[:min(fillerLen, max(16, c.Rate*int(crowdTick)/int(time.Second)&^15))]
	left := c.Body
	return paced(ctx, func() error {
		n, err := conn.Write(piece[:min(int64(len(piece)), left)])
		total.Add(int64(n))
		if left -= int64(n); left == 0 && err == nil {
			return io.EOF
		}
		return err
	})
}

// echo sends as fast as the server takes it, and reads slowly. That a body is not taken is as it should be.
func (c Crowd) echo(ctx context.Context, conn net.Conn, total *atomic.Int64) error {
	h := NewHTTP(Request{Method: "POST", Target: "/echo", Body: c.Body, AnswerLength: c.Body})
	sent := make(chan error, 1)
	go func() {
		var err error
		for at := int64(0); err == nil; {
			p := h.Piece(0, 0, at)
			if len(p) == 0 {
				break
			}
			var n int
			n, err = conn.Write(p)
			at += int64(n)
		}
		sent <- err
	}()
	err := c.download(ctx, conn, h, total)
	_ = conn.SetDeadline(time.Unix(1, 0)) // whatever it still waits for
	<-sent
	return err
}

// paced calls f once a tick until it fails; io.EOF is the end of a peer that has all it wanted.
func paced(ctx context.Context, f func() error) error {
	tick := time.NewTicker(crowdTick)
	defer tick.Stop()
	for {
		if err := f(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
