package httpcore

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestABodyThatDripsIsRefused(t *testing.T) {
	const rate = 100
	for _, c := range []struct {
		name    string
		options ServerOptions
		bytes   int // every second
		slow    bool
	}{
		{"just fast enough", ServerOptions{MinBodyRate: rate, BodyTimeout: 2 * time.Second}, rate + 5, false},
		{"just too slow", ServerOptions{MinBodyRate: rate, BodyTimeout: 2 * time.Second}, rate - 5, true},
		{"without a limit", ServerOptions{MinBodyRate: -1, BodyTimeout: 2 * time.Second}, 1, false},
		{"with pauses of any length", ServerOptions{BodyTimeout: -1}, 1, false},
	} {
		var told []error
		k := newRig(t, c.options, func(req *IncomingMessage, _ *ServerResponse) { req.OnData(func([]byte) {}) })
		k.s.OnClientError(func(e *ClientError) { told = append(told, e.Err) })
		p := k.dial()
		k.send(p, post("/", 1<<20))
		for range 3 {
			for range 9 {
				k.send(p, strings.Repeat("x", c.bytes))
				k.pass(time.Second)
			}
			k.send(p, strings.Repeat("x", c.bytes))
			k.pass(time.Second - slack)
			k.open(p, c.name+", before", "")
			k.pass(slack)
			if c.slow {
				k.pass(slack)
				break
			}
		}
		if c.slow {
			k.ended(p, c.name, "HTTP/1.1 408 ")
			if len(told) != 1 || !errors.Is(told[0], ErrTimeout) || !errors.Is(told[0], errSlowBody) {
				t.Errorf("%s: told %v", c.name, told)
			}
			continue
		}
		k.open(p, c.name, "")
		p.Reset()
		k.run()
	}
}

func TestAPauseThatIsAllowedDoesNotMakeABodySlow(t *testing.T) {
	const limit = 20 * time.Second
	k := newRig(t, ServerOptions{BodyTimeout: limit}, func(req *IncomingMessage, _ *ServerResponse) { req.OnData(func([]byte) {}) })
	p := k.dial()
	k.send(p, post("/", 1<<20))
	for range 5 {
		k.send(p, strings.Repeat("x", 2*defaultMinBodyRate*int(limit/time.Second)))
		k.pass(limit - slack)
	}
	k.open(p, "with pauses", "")
	k.send(p, "x")
	k.pass(limit - slack)
	k.send(p, "x")
	k.pass(limit - slack)
	k.send(p, "x")
	k.pass(limit - slack)
	k.ended(p, "with hardly anything else", "HTTP/1.1 408 ")
}

func TestARateStandsStillWhileTheHandlerDoesNotRead(t *testing.T) {
	var req *IncomingMessage
	k := newRig(t, ServerOptions{BodyTimeout: 2 * time.Second}, func(m *IncomingMessage, _ *ServerResponse) { req = m })
	p := k.dial()
	k.send(p, post("/", 1<<20)+strings.Repeat("x", 20<<10))
	k.pass(10 * rateWindow)
	k.open(p, "while nobody reads", "")
	req.OnData(func([]byte) {})
	for range 9 {
		k.pass(time.Second)
		k.send(p, "x")
	}
	k.open(p, "inside the first window, which has the bytes from before", "")
	for range 12 {
		k.pass(time.Second)
		p.Send([]byte("x"))
	}
	k.run()
	k.read(p)
	if !strings.HasPrefix(string(k.got), "HTTP/1.1 408 ") {
		t.Errorf("got %q", k.got)
	}
	p.Close()
	k.run()
}

func TestAClientThatWaitsForA100IsNotSlow(t *testing.T) {
	const limit = 2 * time.Second
	var kept *ServerResponse
	k := newRig(t, ServerOptions{BodyTimeout: limit}, nil)
	k.s.OnCheckContinue(func(req *IncomingMessage, res *ServerResponse) {
		req.OnData(func([]byte) {})
		kept = res
	})
	p := k.dial()
	k.send(p, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
	k.pass(3 * rateWindow)
	k.open(p, "while nobody asks for the body", "")
	kept.WriteContinue()
	k.run()
	k.open(p, "asked", "HTTP/1.1 100 ")
	k.pass(limit + limit + slack)
	k.ended(p, "when it does not come", "HTTP/1.1 408 ")
}

func TestARateIsNotMeasuredBehindItsBody(t *testing.T) {
	k := newRig(t, ServerOptions{BodyTimeout: 2 * time.Second}, func(_ *IncomingMessage, res *ServerResponse) {
		res.EndString("fine")
	})
	p := k.dial()
	k.send(p, post("/", 3)+"abc")
	k.open(p, "at once", "HTTP/1.1 200 ")
	k.pass(2 * rateWindow)
	k.send(p, get("/"))
	k.open(p, "later", "HTTP/1.1 200 ")
	k.pass(defaultIdleTimeout - slack)
	k.open(p, "while it may rest", "")
	k.pass(2 * slack)
	k.ended(p, "after that", "")
}
