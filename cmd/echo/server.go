package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// server is one loop and what it serves. Only that loop's goroutine touches it while it runs.
type server struct {
	l         *loop.Loop
	listeners []*reactor.Listener
	accepted  uint64
	reads     uint64 // calls of OnRead
	seen      uint64 // of those, how many the drain has seen
	bytes     uint64
}

// serve runs until SIGTERM or SIGINT, and then until the connections have ended.
func serve(c config, out io.Writer) error {
	runtime.GOMAXPROCS(c.loops)
	servers := make([]*server, c.loops)
	for i := range servers {
		l, err := loop.New(loop.Options{})
		if err != nil {
			return err
		}
		servers[i] = &server{l: l}
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt) // before open says that we are there
	if err := open(c, servers, out); err != nil {
		return err
	}
	go func() {
		<-signals
		signal.Reset(syscall.SIGTERM, os.Interrupt) // a second one ends the program at once
		for _, s := range servers {
			s.l.Post(s.drain) // a loop that has ended has nothing to drain
		}
	}()
	err := run(servers)
	if c.metrics {
		report(servers, out)
	}
	return err
}

// open listens on what is asked for and says so.
func open(c config, servers []*server, out io.Writer) error {
	if c.tcp != "" {
		addr, err := listen(servers, "tcp", c.tcp)
		if err != nil {
			return err
		}
		host, port, _ := net.SplitHostPort(addr) // it is an address that we listen on
		fmt.Fprintf(out, "tcp   %s   try: nc %s %s\n", addr, host, port)
	}
	if c.unix != "" {
		if _, err := listen(servers, "unix", c.unix); err != nil {
			return err
		}
		fmt.Fprintf(out, "unix  %s   try: nc -U %s\n", c.unix, c.unix)
	}
	if c.http != "" {
		fmt.Fprintln(out, "http  not served yet: httpcore is being built")
		if c.tcp == "" && c.unix == "" {
			return errors.New("nothing to serve: HTTP is not built yet")
		}
	}
	return nil
}

// listen has every server accept from one listening socket: one bind decides who has the port, and each loop takes
// connections when it has time for them.
func listen(servers []*server, network, address string) (string, error) {
	first := servers[0]
	ln, err := first.l.Listen(network, address, first.accept)
	if err != nil {
		return "", err
	}
	first.watch(ln)
	for _, s := range servers[1:] {
		shared, err := s.l.AdoptListener(listening{ln}, s.accept)
		if err != nil {
			return "", err
		}
		s.watch(shared)
	}
	return ln.Addr().String(), nil
}

// watch keeps a listener for the drain, and has its troubles told.
func (s *server) watch(ln *reactor.Listener) {
	ln.OnError(func(err error) { fmt.Fprintf(os.Stderr, "echo: %v\n", err) })
	s.listeners = append(s.listeners, ln)
}

// listening lets another loop adopt a duplicate of a listener that stays open here.
type listening struct{ *reactor.Listener }

// SyscallConn returns the listener itself, which only has a descriptor to show.
func (f listening) SyscallConn() (syscall.RawConn, error) { return f, nil }

// Close does nothing: the listener is still needed.
func (listening) Close() error { return nil }

// Control shows the descriptor.
func (f listening) Control(fn func(uintptr)) error {
	fn(uintptr(f.FD()))
	return nil
}

// Read and Write are not for listeners.
func (listening) Read(func(uintptr) bool) error  { return errors.ErrUnsupported }
func (listening) Write(func(uintptr) bool) error { return errors.ErrUnsupported }

func run(servers []*server) error {
	errs := make([]error, len(servers))
	var wg sync.WaitGroup
	for i, s := range servers[1:] {
		wg.Go(func() { errs[i+1] = s.l.Run() })
	}
	errs[0] = servers[0].l.Run()
	wg.Wait()
	return errors.Join(errs...)
}

func report(servers []*server, out io.Writer) {
	for i, s := range servers {
		fmt.Fprintf(out, "loop %d: %d connections, %d bytes, %d panics\n", i, s.accepted, s.bytes, s.l.Panics())
	}
}
