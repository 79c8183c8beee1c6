package reactortest

import (
	"errors"
	"io"

	"github.com/weir-go/weir/reactor"
)

var handOverBehaviours = []behaviour{
	{"accepted_is_taken_later", nil, takeLater},
	{"discarded_is_reset", nil, discard},
	{"closing_gives_those_who_wait", nil, closeGivesAccepted},
	{"adopted_listener_hands_over", nil, adoptAccepted},
	{"take_after_close", one, takeAfterClose},
	{"port_opened_to_others", nil, sharePort},
	{"closed_listener_refuses", nil, closedRefuses},
}

// accepted makes a listener that keeps what it accepts.
func (e *env) accepted() (ln *reactor.Listener, address string, got *[]reactor.Accepted) {
	got = new([]reactor.Accepted)
	address = e.Address(e.network)
	ln, err := e.R.ListenAccepted(kindOf(e.network), address, reactor.ListenOptions{}, func(a reactor.Accepted) {
		e.callback(func() { *got = append(*got, a) })
	})
	e.must(err)
	if e.network != "unix" {
		address = ln.Addr().String()
	}
	return ln, address, got
}

// takeLater: whoever has an Accepted may take his time; what the peer sends meanwhile waits.
func takeLater(e *env) {
	_, address, got := e.accepted()
	p := e.Dial(e.network, address)
	e.until("a connection", func() bool { return len(*got) == 1 })
	if e.R.Live() != 1 {
		e.Errorf("%d handles before Take, want the listener alone", e.R.Live())
	}
	e.send(p, pattern(100))
	e.settle()
	c, err := e.R.Take((*got)[0])
	e.must(err)
	if a := (*got)[0]; a.RemoteAddr() != c.RemoteAddr() || a.RemoteAddr() != p.LocalAddr() {
		e.Errorf("peer %v accepted, %v taken; it is %v", a.RemoteAddr(), c.RemoteAddr(), p.LocalAddr())
	}
	if e.R.Owner() != c {
		e.Error("what runs after Take does not belong to the connection")
	}
	e.read(c).untilRead(100)
	e.must(c.Write([][]byte{pattern(10)}, nil))
	e.recv(p, 10)
}

func discard(e *env) {
	_, address, got := e.accepted()
	p := e.Dial(e.network, address)
	e.until("a connection", func() bool { return len(*got) == 1 })
	e.R.Discard((*got)[0])
	_, err := e.recvEnd(p)
	if e.network != "unix" && !errors.Is(err, reactor.ECONNRESET) {
		e.Errorf("the peer reads %v, want ECONNRESET", err)
	}
}

func closeGivesAccepted(e *env) {
	ln, address, got := e.accepted()
	ln.Pause()
	for range 5 {
		e.Dial(e.network, address)
	}
	e.settle()
	ln.Close(e.noteClose("close"))
	if len(*got) > 0 {
		e.Error("callbacks ran inside Close")
	}
	e.untilLogged(1)
	if len(*got) != 5 {
		e.Errorf("given %d of 5 before the close callback", len(*got))
	}
	for _, a := range *got {
		c, err := e.R.Take(a)
		e.must(err)
		c.Close(nil)
	}
}

func adoptAccepted(e *env) {
	inherited, address := e.InheritListener(e.network)
	if inherited == nil {
		return
	}
	var got []reactor.Accepted
	_, err := e.R.AdoptListenerAccepted(inherited, func(a reactor.Accepted) { got = append(got, a) })
	e.must(err)
	p := e.Dial(e.network, address)
	e.until("a connection", func() bool { return len(got) == 1 })
	c, err := e.R.Take(got[0])
	e.must(err)
	c.Close(nil)
	if _, err := e.recvEnd(p); err != nil && err != io.EOF {
		e.Error(err)
	}
}

func takeAfterClose(e *env) {
	_, address, got := e.accepted()
	e.Dial(e.network, address)
	e.until("a connection", func() bool { return len(*got) == 1 })
	other := reactor.New(e.k, reactor.Options{})
	e.until("everything closed", func() bool {
		e.R.Walk(func(h any) { h.(*reactor.Listener).Close(nil) })
		return e.R.Live() == 0
	})
	other.Discard((*got)[0])
	e.must(e.R.Close())
	if _, err := e.R.Take((*got)[0]); !errors.Is(err, reactor.ErrClosed) {
		e.Errorf("Take: got %v, want ErrClosed", err)
	}
}

// sharePort: a second listener is refused until the first has opened its address, and takes its part from then on.
func sharePort(e *env) {
	ln, err := e.R.Listen(kindOf(e.network), e.Address(e.network), reactor.ListenOptions{}, func(*reactor.Conn) {})
	e.must(err)
	if e.network == "unix" {
		if err := ln.SharePort(); !errors.Is(err, reactor.EOPNOTSUPP) {
			e.Errorf("got %v, want EOPNOTSUPP", err)
		}
		return
	}
	second := 0
	again := func() (*reactor.Listener, error) {
		o := reactor.ListenOptions{ReusePort: true}
		return e.R.Listen(kindOf(e.network), ln.Addr().String(), o, func(*reactor.Conn) { second++ })
	}
	if _, err := again(); !errors.Is(err, reactor.EADDRINUSE) {
		e.Fatalf("before it is opened: got %v, want EADDRINUSE", err)
	}
	err = ln.SharePort()
	if errors.Is(err, reactor.EOPNOTSUPP) {
		return
	}
	e.must(err)
	_, err = again()
	e.must(err)
	var peers []Peer
	e.until("a connection for the second", func() bool {
		if len(peers) < 200 {
			peers = append(peers, e.Dial(e.network, ln.Addr().String()))
		}
		return second > 0
	})
	ln.Close(nil)
	if err := ln.SharePort(); !errors.Is(err, reactor.ErrClosed) {
		e.Errorf("after Close: got %v, want ErrClosed", err)
	}
}

// closedRefuses: whoever comes after the close is refused, and not left to wait.
func closedRefuses(e *env) {
	ln, address, got := e.accepted()
	ln.Close(e.noteClose("close"))
	e.untilLogged(1)
	var failed error
	_, err := e.R.Connect(kindOf(e.network), address, func(err error) { failed = err })
	e.must(err)
	e.until("an answer", func() bool { return failed != nil })
	if !errors.Is(failed, reactor.ECONNREFUSED) && !errors.Is(failed, reactor.ENOENT) {
		e.Errorf("got %v, want ECONNREFUSED", failed)
	}
	if len(*got) > 0 {
		e.Errorf("%d were accepted", len(*got))
	}
}
