package wholesim

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// house is a server at an address. It may close, and another one opens in its place.
type house struct {
	s                 *world
	name, address     string
	l                 *loop.Loop
	options           httpcore.ServerOptions
	handle, expecting func(*httpcore.IncomingMessage, *httpcore.ServerResponse)

	srv       *httpcore.Server // nil while it is closed
	conns     int              // that were opened and are not over
	requests  int              // as the connections count them
	told      int              // as OnRequestDone does
	farewells []*farewell
	closed    bool // once at least
	forced    bool // and not gently
}

// open has a server listen.
func (h *house) open() error {
	srv := httpcore.NewServer(h.options)
	srv.OnRequest(h.handle)
	if h.expecting != nil {
		srv.OnCheckContinue(h.expecting)
	}
	srv.OnConnection(func(*httpcore.ConnStats) { h.conns++ })
	srv.OnConnectionClose(func(c *httpcore.ConnStats) { h.conns--; h.requests += c.Requests })
	srv.OnRequestDone(func(x *httpcore.RequestStats) {
		if x.Request != nil {
			h.told++
		}
	})
	if _, err := srv.ListenLoop(h.l, "tcp", h.address); err != nil {
		return err
	}
	h.srv = srv
	return nil
}

// stands reports whether it is open.
func (h *house) stands() bool { return h.srv != nil }

// drain closes it gently, and opens it again.
func (h *house) drain() {
	if h.srv == nil {
		return
	}
	h.s.t.add("drains")
	h.leave()
	h.later()
}

// die closes it at once, and opens it again.
func (h *house) die() {
	if h.srv == nil {
		return
	}
	h.s.t.add("deaths")
	srv := h.srv
	h.forced = true
	h.leave()
	srv.CloseAllConnections(h.l)
	h.later()
}

// later opens it again when the address is free, after a while.
func (h *house) later() {
	h.s.after(h.l, 20*time.Millisecond, func() {
		switch err := h.open(); {
		case err == nil:
		case errors.Is(err, reactor.EADDRINUSE), errors.Is(err, reactor.EMFILE):
			h.later()
		default:
			h.s.fail("%s opens again: %v", h.name, err)
		}
	})
}

// farewell is a call of Shutdown, which blocks, and so happens beside the loops. It is a context that nobody cancels and that
// tells when it is waited for: from then on Shutdown does nothing but wait, and the world is the loops' alone, as the seed
// wants it.
type farewell struct {
	context.Context
	once   sync.Once
	waited chan struct{}
	gone   chan struct{}
	over   chan error
}

func (f *farewell) Done() <-chan struct{} {
	f.once.Do(func() { close(f.waited) })
	return f.gone
}

func (f *farewell) Err() error {
	select {
	case <-f.gone:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// leave shuts it down.
func (h *house) leave() {
	if h.srv == nil {
		return
	}
	f := &farewell{Context: context.Background(), waited: make(chan struct{}), gone: make(chan struct{}), over: make(chan error, 1)}
	srv := h.srv
	go func() { f.over <- srv.Shutdown(f) }()
	<-f.waited
	h.farewells = append(h.farewells, f)
	h.srv, h.closed = nil, true
}

// judge looks at what was told in all. All its connections have gone, so everybody who has shut it down knows it.
func (h *house) judge() {
	patience := 10 * time.Second
	for _, f := range h.farewells {
		late := time.AfterFunc(patience, func() { close(f.gone) })
		if err := <-f.over; err != nil {
			h.s.fail("%s: Shutdown waits though nothing is left", h.name)
			patience = 0
		}
		late.Stop()
	}
	if h.conns != 0 || h.requests != h.told {
		h.s.fail("%s has %d connections left; of %d requests %d were told of", h.name, h.conns, h.requests, h.told)
	}
}
