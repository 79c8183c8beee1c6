package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

// server is a group of loops, and what each of them serves.
type server struct {
	g     *loop.Group
	parts map[*loop.Loop]*part // not changed while the loops run
}

// part is one loop and what it serves. Only that loop's goroutine touches it while it runs.
type part struct {
	l *loop.Loop
	// The drain's: reads of all connections when it looked last, and what it saw of each.
	reads uint64
	marks map[*stream.Socket]mark
}

// serve runs until SIGTERM or SIGINT, and then until the connections have ended.
func serve(c config, out io.Writer) error {
	runtime.GOMAXPROCS(c.loops)
	g, err := loop.NewGroup(loop.GroupOptions{Loops: c.loops})
	if err != nil {
		return err
	}
	defer g.Close() // of a group that has not run; Run does it too
	s := &server{g: g, parts: map[*loop.Loop]*part{}}
	for i := range g.Len() {
		s.parts[g.Loop(i)] = &part{l: g.Loop(i)}
	}
	g.OnShutdown(func(l *loop.Loop) { s.parts[l].drain() })
	if err := s.endOn(syscall.SIGTERM, os.Interrupt); err != nil { // before open says that we are there
		return err
	}
	if err := s.open(c, out); err != nil {
		return err
	}
	err = g.Run()
	if c.metrics {
		s.report(out)
	}
	return err
}

// endOn has the group drain when one of the signals comes. A second one of the kind ends the program at once.
func (s *server) endOn(signals ...os.Signal) error {
	for _, sig := range signals {
		handle := s.g.Loop(0).NewSignal()
		handle.Unref()
		err := handle.StartOneShot(sig, func(os.Signal) {
			go func() { // Shutdown waits
				ctx, cancel := context.WithTimeout(context.Background(), drainMost)
				defer cancel()
				_ = s.g.Shutdown(ctx) // whoever has not ended by then was closed: that is no failure
			}()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// open listens on what is asked for, and then says so.
func (s *server) open(c config, out io.Writer) error {
	var said bytes.Buffer
	if c.tcp != "" {
		ln, err := s.listen("tcp", c.tcp)
		if err != nil {
			return err
		}
		addr := ln.Addr().String()
		host, port, _ := net.SplitHostPort(addr) // it is an address that we listen on
		fmt.Fprintf(&said, "tcp   %s   try: nc %s %s\n", addr, host, port)
	}
	if c.unix != "" {
		if _, err := s.listen("unix", c.unix); err != nil {
			return err
		}
		fmt.Fprintf(&said, "unix  %s   try: nc -U %s\n", c.unix, c.unix)
	}
	if c.http != "" {
		addr, err := newHTTP(c).Listen(s.g, "tcp", c.http)
		if err != nil {
			return err
		}
		fmt.Fprintf(&said, "http  %s   try: curl http://%s/\n", addr, addr)
	}
	_, err := said.WriteTo(out)
	return err
}

// listen has the loops echo what comes to address, and says what goes wrong with it.
func (s *server) listen(network, address string) (*loop.GroupListener, error) {
	ln, err := s.g.Listen(network, address, func(l *loop.Loop, c *reactor.Conn) { s.parts[l].accept(c) })
	if err != nil {
		return nil, err
	}
	ln.OnError(func(err error) { fmt.Fprintf(os.Stderr, "echo: %v\n", err) })
	return ln, nil
}

// report says what was done, a line for each loop.
func (s *server) report(out io.Writer) {
	for i, accepted := range s.g.AcceptedPerLoop() {
		m := s.g.Loop(i).Metrics()
		fmt.Fprintf(out, "loop %d: %d connections, %d bytes, %d panics, %.0f%% busy\n", i, accepted, m.BytesRead, m.Panics,
			100*m.Utilization())
	}
}
