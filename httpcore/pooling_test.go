package httpcore_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/weir-go/weir/httpcore"
)

func TestAnAgent(t *testing.T) {
	keep := httpcore.AgentOptions{}
	none := httpcore.RequestOptions{}
	// one makes a GET and then marks what the agent has.
	one := func(x *trip, path string, then func()) {
		x.get(path, none, func(q call, err error) {
			x.mark(fmt.Sprint(path, " reused ", q.ReusedSocket(), ", ", x.pool()))
			if err != nil {
				x.mark(codeOf(err))
			}
			if then != nil {
				then()
			}
		})
	}
	gets := func(paths ...string) (wire string) {
		for _, p := range paths {
			wire += "GET " + p + " HTTP/1.1|" + kept + "|"
		}
		return wire
	}
	closes := "GET / HTTP/1.1|Host: -|Connection: close||"
	run(t, []errand{
		{
			name: "S01: a connection serves again", agent: keep, peer: serves,
			run:  func(x *trip) { one(x, "/1", func() { one(x, "/2", nil) }) },
			wire: gets("/1", "/2"), events: "* /1 reused false, 0 used, 1 free, 0 queued; * /2 reused true, 0 used, 1 free, 0 queued",
		},
		{
			name: "S02: without keep-alive each request has its own", agent: httpcore.AgentOptions{NoKeepAlive: true}, peer: serves,
			run:  func(x *trip) { one(x, "/", func() { one(x, "/", nil) }) },
			wire: closes + "\n" + closes, ends: true,
			events: "* / reused false, 0 used, 0 free, 0 queued; * / reused false, 0 used, 0 free, 0 queued",
		},
		{
			name: "S03: requests wait for a connection, first come first served", agent: httpcore.AgentOptions{MaxSockets: 1}, peer: serves,
			run: func(x *trip) {
				for _, path := range []string{"/1", "/2", "/3"} {
					x.get(path, none, func(call, error) { x.mark(path) })
				}
				x.mark(x.pool())
				x.get("/4", none, func(call, error) { x.mark(x.pool()) })
			},
			wire:   gets("/1", "/2", "/3", "/4"),
			events: "* 1 used, 0 free, 2 queued; * /1; * /2; * /3; * 0 used, 1 free, 0 queued",
		},
		{
			name: "S04: without keep-alive they wait for the end of one", agent: httpcore.AgentOptions{MaxSockets: 1, NoKeepAlive: true}, peer: serves,
			run: func(x *trip) {
				x.get("/", none, nil)
				x.get("/", none, func(call, error) { x.mark(x.pool()) })
			},
			wire: closes + "\n" + closes, ends: true, events: "* 0 used, 0 free, 0 queued",
		},
		{
			name: "S05: so many are kept", agent: httpcore.AgentOptions{MaxFreeSockets: 1}, whole: true, peer: serves,
			run: func(x *trip) {
				n := 0
				for range 3 {
					x.get("/", none, func(call, error) {
						if n++; n == 3 {
							x.mark(x.pool())
							if m := x.a.Metrics(); m.Connections != 3 {
								x.t.Errorf("got %+v", m)
							}
							x.a.CloseIdleConnections() // which of them it is no test knows
							x.after(0, func() { x.mark(x.pool()) })
						}
					})
				}
			},
			wire: gets("/") + "\n" + gets("/") + "\n" + gets("/"), ends: true,
			events: "* 0 used, 1 free, 0 queued; * 0 used, 0 free, 0 queued",
		},
		{
			name: "S08: an idle connection that its server ends is gone", agent: keep,
			peer: func(p *peer) {
				if p.number > 0 {
					serves(p)
					return
				}
				p.until(head)
				p.send(plain)
				p.event("* /1 reused false, 0 used, 1 free, 0 queued")
				p.fin()
				p.closed()
				p.x.barrier()
				p.x.mark(p.x.pool())
				p.x.on(func() { one(p.x, "/2", nil) })
			},
			run:  func(x *trip) { one(x, "/1", nil) },
			wire: gets("/1") + "\n" + gets("/2"),
			events: "* /1 reused false, 0 used, 1 free, 0 queued; * 0 used, 0 free, 0 queued; " +
				"* /2 reused false, 0 used, 1 free, 0 queued",
		},
		{
			name: "an idle connection whose server says something is gone", agent: keep, whole: true,
			peer: func(p *peer) {
				if p.number > 0 {
					serves(p)
					return
				}
				p.until(head)
				p.send(plain)
				p.event("* /1 reused false, 0 used, 1 free, 0 queued")
				p.send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
				p.closed()
				p.x.barrier()
				p.x.on(func() { one(p.x, "/2", nil) })
			},
			run:  func(x *trip) { one(x, "/1", nil) },
			wire: gets("/1") + "\n" + gets("/2"),
			events: "* /1 reused false, 0 used, 1 free, 0 queued; " +
				"* /2 reused false, 0 used, 1 free, 0 queued",
		},
		{
			name: "S09: a GET over a connection that turns out to be closed is made once more", agent: keep,
			peer: func(p *peer) {
				if p.number > 0 {
					serves(p)
					return
				}
				p.until(head)
				p.send(plain)
				p.times(2, head)
				p.reset()
			},
			run: func(x *trip) {
				one(x, "/1", func() {
					q := x.call("GET", "/2", none, nil)
					q.OnClose(func() { x.mark(fmt.Sprint(x.a.Metrics().Retried)) })
					q.End()
				})
			},
			wire: gets("/1", "/2") + "\n" + gets("/2"), whole: true,
			events: "* /1 reused false, 0 used, 1 free, 0 queued; req socket; req finish; req socket; req response 200; res data ok; " +
				"res end; req close; * 1; res close",
		},
		{
			name: "a POST is not", agent: keep,
			peer: func(p *peer) {
				p.until(head)
				p.send(plain)
				p.times(2, head)
				p.fin()
			},
			run: func(x *trip) {
				one(x, "/1", func() { x.call("POST", "/2", none, nil).End() })
			},
			wire: gets("/1") + "POST /2 HTTP/1.1|" + kept + "Content-Length: 0||", ends: true,
			events: "* /1 reused false, 0 used, 1 free, 0 queued; req socket; req finish; req error ECONNRESET; req close",
		},
		{
			name: "nor is anything on its first connection", agent: keep, peer: finishes(""),
			wire: plainGET, ends: true, events: "req socket; req finish; req error ECONNRESET; req close",
		},
		{
			name: "nor is a GET whose answer has begun", agent: keep,
			peer: func(p *peer) {
				p.until(head)
				p.send(plain)
				p.times(2, head)
				p.send("H")
				p.fin()
			},
			run:  func(x *trip) { one(x, "/1", func() { x.call("GET", "/2", none, nil).End() }) },
			wire: gets("/1", "/2"), ends: true,
			events: "* /1 reused false, 0 used, 1 free, 0 queued; req socket; req finish; req error ECONNRESET; req close",
		},
		{
			name: "nor is one that says NoRetry", agent: keep,
			peer: func(p *peer) {
				p.until(head)
				p.send(plain)
				p.times(2, head)
				p.fin()
			},
			run: func(x *trip) {
				one(x, "/1", func() { x.call("GET", "/2", httpcore.RequestOptions{NoRetry: true}, nil).End() })
			},
			wire: gets("/1", "/2"), ends: true,
			events: "* /1 reused false, 0 used, 1 free, 0 queued; req socket; req finish; req error ECONNRESET; req close",
		},
		{
			name: "a PUT is made once more with its body", agent: keep,
			peer: func(p *peer) {
				if p.number > 0 {
					serves(p)
					return
				}
				p.until(head)
				p.send(plain)
				p.until("body")
				p.fin()
			},
			run: func(x *trip) {
				one(x, "/1", func() { x.call("PUT", "/2", none, nil).EndWith([]byte("body"), x.told("end")) })
			},
			wire: gets("/1") + "PUT /2 HTTP/1.1|" + kept + "Content-Length: 4||body\nPUT /2 HTTP/1.1|" + kept + "Content-Length: 4||body",
			events: "* /1 reused false, 0 used, 1 free, 0 queued; req socket; req finish; * end; req socket; req response 200; res data ok; " +
				"res end; req close; res close",
		},
		{
			name: "S14: an answer that nobody reads keeps its connection", agent: httpcore.AgentOptions{MaxSockets: 1}, whole: true,
			peer: serves,
			run: func(x *trip) {
				q := x.ask("GET", "/1", none)
				q.OnResponse(func(answer) {
					one(x, "/2", nil)
					x.mark(x.pool())
					x.after(0, func() { q.Destroy(nil) })
				})
				q.End()
			},
			wire: gets("/1") + "\n" + gets("/2"),
			events: "req socket; req finish; * 1 used, 0 free, 1 queued; req close; " +
				"* /2 reused false, 0 used, 1 free, 0 queued",
		},
		{
			name: "S16: a request that is destroyed while it waits is told at once", agent: httpcore.AgentOptions{MaxSockets: 1}, peer: serves,
			run: func(x *trip) {
				x.get("/1", none, nil)
				q := x.call("GET", "/2", none, nil)
				q.EndWith(nil, x.told("end"))
				x.get("/3", none, func(call, error) { x.mark(x.pool()) })
				q.Destroy(nil)
				x.mark("returned " + x.pool())
			},
			wire: gets("/1", "/3"),
			events: "* returned 1 used, 0 free, 1 queued; * end ERR_STREAM_DESTROYED; req error ECONNRESET; req close; " +
				"* 0 used, 1 free, 0 queued",
		},
		{
			name: "a request beyond those that may wait fails", agent: httpcore.AgentOptions{MaxSockets: 1, MaxQueued: 1}, peer: serves,
			run: func(x *trip) {
				x.get("/1", none, nil)
				x.get("/2", none, func(call, error) { x.mark("/2") })
				q := x.call("GET", "/3", none, nil)
				q.OnError(func(err error) { x.mark(fmt.Sprint(errors.Is(err, httpcore.ErrQueueFull))) })
				q.End()
			},
			wire: gets("/1", "/2"), events: "req error ERR_HTTP_QUEUE_FULL; * true; req close; * /2",
		},
		{
			name: "S13: a destroyed agent has nothing, and takes nothing", agent: httpcore.AgentOptions{MaxSockets: 1}, peer: silent, whole: true,
			run: func(x *trip) {
				q := x.call("GET", "/1", none, nil)
				q.OnFinish(func() { x.after(0, x.a.Destroy) })
				q.End()
				x.call("GET", "/2", none, nil).EndWith(nil, x.told("end"))
				q.OnClose(func() {
					_, err := httpcore.NewRequest(x.l, "GET", "http://"+x.addr+"/", httpcore.RequestOptions{Agent: x.a})
					x.mark(fmt.Sprint(errors.Is(err, httpcore.ErrAgentClosed)))
				})
			},
			wire: gets("/1"), ends: true,
			events: "req socket; req finish; req error ERR_AGENT_CLOSED; * end ERR_AGENT_CLOSED; req2 error ERR_AGENT_CLOSED; req2 close; " +
				"req close; * true",
		},
	})
	for _, fifo := range []bool{false, true} {
		name, wire := "S06: the last that was used serves", gets("/")+"\n"+gets("/", "/")
		if fifo {
			name, wire = "S07: the first that was used serves", gets("/", "/")+"\n"+gets("/")
		}
		run(t, []errand{{
			name: name, agent: httpcore.AgentOptions{FIFO: fifo}, held: true,
			peer: func(p *peer) {
				for n := 1; p.times(n, head); n++ {
					if p.number == 1 && n == 1 {
						p.event("* first")
					}
					p.send(plain)
				}
			},
			run: func(x *trip) {
				marks := []string{"first", "second"}
				for range 2 {
					x.get("/", none, func(call, error) {
						x.mark(marks[0])
						if marks = marks[1:]; len(marks) == 0 {
							x.get("/", none, func(call, error) { x.mark("third") })
						}
					})
				}
			},
			wire: wire, events: "* first; * second; * third",
		}})
	}
}
