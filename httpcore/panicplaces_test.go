package httpcore

import (
	"context"
	"strings"
	"testing"
)

// Whichever listener of an exchange panics, both its halves close, once, each callback is called once, and its context ends.
func TestAnExchangeClosesWhicheverOfItsListenersPanics(t *testing.T) {
	for _, place := range []string{
		"handler", "req data", "req end", "req close", "req aborted", "req error", "req pause", "req resume",
		"res finish", "res close", "res drain", "a", "b", "end", "end2", "read",
	} {
		t.Run(place, func(t *testing.T) {
			var ctx context.Context
			var reqClosed, resClosed int
			var res *ServerResponse
			given, told := 0, map[string]int{}
			panicked := false
			at := func(what string) {
				if what == place && !panicked {
					panicked = true
					panic("as asked")
				}
			}
			k, panics := expectPanics(t, func(*Server) {}, func(req *IncomingMessage, r *ServerResponse) {
				ctx, res = req.Context(), r
				callback := func(what string) func(error) {
					given++
					return func(error) {
						told[what]++
						at(what)
					}
				}
				req.OnClose(func() { reqClosed++; at("req close") })
				r.OnClose(func() { resClosed++; at("res close") })
				req.OnEnd(func() { at("req end") })
				req.OnAborted(func() { at("req aborted") })
				req.OnError(func(error) { at("req error") })
				req.OnPause(func() { at("req pause") })
				req.OnResume(func() { at("req resume") })
				r.OnFinish(func() { at("res finish") })
				r.OnDrain(func() { at("res drain") })
				r.OnError(func(error) {})
				if place == "read" {
					req.OnReadable(func() { at("read") })
				} else {
					req.OnData(func([]byte) {
						at("req data")
						req.Pause()
						req.Resume()
					})
				}
				r.WriteChunk([]byte("a"), callback("a"))
				r.WriteChunk(make([]byte, 200<<10), callback("b"))
				at("handler")
				req.OnEnd(func() {
					r.EndWith([]byte("end"), callback("end"))
					r.EndWith(nil, callback("end2"))
				})
			})
			p := k.dial()
			k.send(p, post("/", 10)+"abcde")
			k.read(p)
			if strings.HasPrefix(place, "req a") || place == "req error" {
				p.Reset()
				k.run()
			} else {
				p.Send([]byte("fghij"))
				k.run()
				k.read(p)
			}
			k.run()
			p.Close()
			k.run()
			if *panics != 1 {
				t.Fatalf("%d panics", *panics)
			}
			if n := k.s.conns.Load(); n != 0 || reqClosed != 1 || resClosed != 1 || ctx.Err() == nil || !res.Closed() {
				t.Errorf("%d connections are left, the request closed %d times, the response %d, the context: %v", n, reqClosed, resClosed, ctx.Err())
			}
			for what, n := range told {
				if n != 1 {
					t.Errorf("callback %s was called %d times", what, n)
				}
			}
			if len(told) != given {
				t.Errorf("callbacks that were called: %v, of %d", told, given)
			}
		})
	}
}

// What waits when a connection is lost is told, though each callback panics, and before 'close'.
func TestEveryCallbackOfALostExchangeIsCalledThoughAllPanic(t *testing.T) {
	var log []string
	panicking := func(what string) func(error) {
		return func(err error) {
			if err == nil {
				t.Errorf("%s: no error", what)
			}
			log = append(log, what)
			panic(what)
		}
	}
	k, panics := expectPanics(t, func(*Server) {}, func(_ *IncomingMessage, res *ServerResponse) {
		res.OnClose(func() { log = append(log, "close") })
		res.Cork()
		for _, what := range []string{"a", "b", "c"} {
			res.WriteChunk([]byte(what), panicking(what))
		}
	})
	p := k.dial()
	k.send(p, get("/"))
	p.Reset()
	k.run()
	if got := strings.Join(log, " "); got != "a b c close" || *panics != 3 || k.s.conns.Load() != 0 {
		t.Errorf("told: %s, %d panics, %d connections; want a b c close, 3, 0", got, *panics, k.s.conns.Load())
	}

	log = nil
	c := newCallRig(t, AgentOptions{}, 1)
	c.wild = true
	x := c.ask(0, "POST", simURL, RequestOptions{}, func(x *asked) {
		x.q.OnClose(func() { log = append(log, "close") })
		x.q.FlushHeaders()
	})
	c.on(0, func() {
		x.q.Cork()
		for _, what := range []string{"a", "b", "c"} {
			x.q.WriteChunk([]byte(what), panicking(what))
		}
	})
	c.server(1).p.Reset()
	c.run()
	if got := strings.Join(log, " "); got != "a b c close" {
		t.Errorf("a request told: %s; want a b c close", got)
	}
}
