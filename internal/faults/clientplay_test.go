package faults

import (
	"bytes"
	"strings"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/internal/simkernel"
)

const (
	originAddress = "127.0.0.1:8081"
	otherAddress  = "127.0.0.1:8082"
	plainAnswer   = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
)

// clientRig is an Agent with two servers: the one that is struck, and another.
type clientRig struct {
	*rig
	a       *httpcore.Agent
	servers []*peer // one a connection to the first
	others  []*peer
	deaf    bool

	q   *httpcore.ClientRequest
	res *httpcore.IncomingMessage
}

// agent makes the Agent, and servers that say nothing by themselves.
func (r *rig) agent(buffers int) *clientRig {
	r.begin(buffers)
	k := &clientRig{rig: r, a: httpcore.NewAgent(httpcore.AgentOptions{IdleTimeout: 30 * time.Second})}
	r.w.ListenPeer(originAddress, func(p *simkernel.Peer) {
		x := r.peer(p, -1)
		x.deaf = k.deaf
		k.servers = append(k.servers, x)
	})
	r.w.ListenPeer(otherAddress, func(p *simkernel.Peer) {
		x := r.peer(p, -1)
		k.others = append(k.others, x)
		asked := 0
		p.Notify(func(*simkernel.Peer) {
			for x.read(); bytes.Count(x.got, []byte("\r\n\r\n")) > asked; asked++ {
				x.send(plainAnswer)
			}
		})
	})
	k.askOther("before")
	return k
}

// askOther asks the other server, which has to be heard.
func (k *clientRig) askOther(when string) {
	k.t.Helper()
	got, closed := "", false
	k.on(func() {
		q, err := httpcore.NewRequest(k.l, "GET", "http://"+otherAddress+"/", httpcore.RequestOptions{Agent: k.a})
		if err != nil {
			k.t.Error(err)
			return
		}
		q.OnResponse(func(res *httpcore.IncomingMessage) { res.OnData(func(p []byte) { got += string(p) }) })
		q.OnError(func(err error) { k.t.Errorf("%s the fault another server: %v", when, err) })
		q.OnClose(func() { closed = true })
		q.End()
	})
	if got != "ok" || !closed {
		k.t.Errorf("%s the fault another server gave %q, closed %t", when, got, closed)
	}
}

// request makes the one that is struck.
func (k *clientRig) request(method string, o httpcore.RequestOptions, with func(q *httpcore.ClientRequest)) {
	k.t.Helper()
	o.Agent = k.a
	if k.f == cancelled {
		o.Context = k.ctx
	}
	k.on(func() {
		q, err := httpcore.NewRequest(k.l, method, "http://"+originAddress+"/", o)
		if err != nil {
			k.t.Error(err)
			return
		}
		k.q = q
		q.OnFinish(k.says("req finish"))
		q.OnClose(k.says("req close"))
		q.OnResponse(func(res *httpcore.IncomingMessage) {
			k.res = res
			k.note("req response")
			res.OnEnd(k.says("Res end"))
			res.OnAborted(k.says("Res aborted"))
			res.OnClose(k.says("Res close"))
			if k.listened {
				res.OnError(k.fails("Res"))
			}
			k.finished("Res", res, "end")
		})
		if k.listened {
			q.OnError(k.fails("req"))
		}
		k.finished("req", q, "finish")
		with(q)
	})
	if len(k.servers) > 0 {
		k.servers[0].ours = k.fdOf(k.servers[0].p.(*simkernel.Peer))
	}
}

// pass lets d go by, while the other server goes on answering.
func (k *clientRig) pass(d time.Duration) {
	k.t.Helper()
	for ; d > 0; d -= 5 * time.Second {
		k.rig.pass(min(d, 5*time.Second))
		k.askOther("during")
	}
}

// last is the newest connection.
func (k *clientRig) last() *peer { return k.servers[len(k.servers)-1] }

// over is the end of a cell.
func (k *clientRig) over() {
	k.t.Helper()
	k.askOther("after")
	if m := k.a.Metrics(); m.Sockets != 0 || m.Queued != 0 {
		k.t.Errorf("the agent has %d connections in use, and %d requests wait", m.Sockets, m.Queued)
	}
	free := k.a.Metrics().FreeSockets - 1 // but for the other's
	switch {
	case free > 0:
		k.note("agent kept")
	case k.a.Metrics().Connections > 2:
		k.note("agent again")
	default:
		k.note("agent closed")
	}
	k.on(k.a.Destroy)
	for _, x := range append(k.servers, k.others...) {
		x.deaf = false
		x.read()
		x.p.Close()
	}
	k.run()
	if k.q != nil && !k.q.Closed() {
		k.note("req open")
	}
}

// clientRequest has a body that is written in pieces, and ended when the cell is over. The server does not answer before.
var clientRequest = subject{
	name: "client request",
	about: "A request with a body that is written in pieces, and no answer yet. Told are: the request (req), the response (Res), the callbacks of a " +
		"write that was taken (a), of one that waits (b) and of End (e), and what became of the connection (agent: kept, closed, or closed and made again).",
	at: map[moment]string{
		beforeHead:  "the request has its connection, and nothing was sent",
		inHead:      "the kernel has taken a part of the head, and the server reads nothing",
		midBody:     "a first chunk was taken, in its callback or behind it",
		lastByte:    "in the turn that has called End; a timeout: while the last bytes wait for the server",
		afterEnd:    "'finish' was told, and nothing of an answer has come",
		whilePaused: "the server reads nothing, and the request waits for 'drain'",
		whileCorked: "Cork was called first, then something was written",
	},
	rules: clientRequestRules,
	play:  playClientRequest,
}

func playClientRequest(r *rig) {
	buffers := 0
	if r.m == inHead && r.f != panics {
		buffers = 48
	}
	k := r.agent(buffers)
	large := make([]byte, 300_000)
	ended := false
	k.deaf = r.m == inHead || r.m == whilePaused || r.m == lastByte && r.f == timePasses
	o := httpcore.RequestOptions{WriteTimeout: 3 * time.Second, HeaderTimeout: 4 * time.Second}
	if r.f == timePasses && r.m&(beforeHead|midBody|whileCorked) != 0 {
		o.TotalTimeout = 2 * time.Second
	}
	k.request("POST", o, func(q *httpcore.ClientRequest) {
		first := func(then func()) {
			q.WriteChunk([]byte("first"), func(err error) {
				r.callback("a")(err)
				then()
			})
		}
		if r.m == afterEnd && r.f == panics {
			q.OnFinish(func() { r.here(afterEnd, q) })
		}
		sockets := 0
		q.OnSocket(func() {
			if sockets++; sockets > 1 {
				return // another try
			}
			switch r.m {
			case beforeHead:
				r.here(beforeHead, q)
			case inHead:
				q.WriteChunk([]byte("first"), r.callback("b"))
				if r.f == panics {
					r.here(inHead, q)
				}
			case midBody:
				first(func() { r.here(midBody, q) })
			case lastByte:
				ended = true
				first(func() {
					if r.f == timePasses {
						q.EndWith(large, r.callback("e"))
						return
					}
					q.EndWith([]byte("last"), r.callback("e"))
					if r.f&byUs == 0 {
						k.servers[0].ours = r.fdOf(k.servers[0].p.(*simkernel.Peer))
						k.servers[0].strike()
					}
					r.here(lastByte, q)
				})
			case afterEnd:
				ended = true
				q.EndWith([]byte("last"), r.callback("e"))
			case whilePaused:
				first(func() {
					if r.f == panics {
						q.WriteChunk(large, r.callback("b"))
						r.here(whilePaused, q)
					}
				})
			case whileCorked:
				q.Cork()
				q.WriteChunk([]byte("first"), r.callback("b"))
				if r.f == panics {
					r.here(whileCorked, q)
				}
			}
		})
	})
	c := k.servers[0]
	if r.m == whilePaused && r.f != panics {
		r.on(func() { k.q.WriteChunk(large, r.callback("b")) })
	}
	if !r.struck {
		if r.f&byUs == 0 {
			c.strike()
		} else {
			r.on(func() { r.here(r.m, k.q) })
		}
	}
	if r.f == writeFails && !ended && !k.q.Destroyed() {
		if r.m == midBody {
			r.on(func() { k.q.WriteChunk([]byte("w"), r.callback("b")) })
		} else {
			c.take()
		}
	}
	r.run()
	r.await()
	if r.f&(timePasses|writeFails) != 0 {
		k.pass(10 * time.Second)
	}
	if !k.q.Closed() {
		r.note("go")
		r.spent = true
		r.on(func() {
			if !ended {
				k.q.EndWith([]byte("last"), r.callback("e"))
			}
		})
		last := k.last()
		last.listen()
		if !strings.HasSuffix(string(last.got), "0\r\n\r\n") && !strings.HasSuffix(string(last.got), "last") {
			r.t.Errorf("the server got %q", last.got)
		}
		if k.res == nil {
			last.send(plainAnswer)
		}
		r.run()
		r.on(func() {
			if k.res != nil {
				k.res.Resume()
			}
		})
	}
	k.over()
}

// clientResponse is a body of ten bytes, which is read as it comes.
var clientResponse = subject{
	name:  "client response",
	about: "A request without a body was sent, and its answer comes. Told are the same as for the client request.",
	at: map[moment]string{
		beforeHead:  "the request was sent",
		inHead:      "inside the first field",
		midBody:     "in the callback of three bytes of ten",
		lastByte:    "in the callback of the last byte, or right behind it on the wire; a timeout: instead of it",
		afterEnd:    "'end' and 'close' were told; a panic: in OnEnd",
		whilePaused: "the response is paused, and more than the mark has come",
	},
	rules: clientResponseRules,
	play:  playClientResponse,
}

func playClientResponse(r *rig) {
	k := r.agent(0)
	got := 0
	o := httpcore.RequestOptions{HeaderTimeout: 4 * time.Second, BodyTimeout: 3 * time.Second}
	k.request("POST", o, func(q *httpcore.ClientRequest) {
		q.OnResponse(func(res *httpcore.IncomingMessage) {
			res.OnPause(func() { r.here(whilePaused, res) })
			res.OnData(func(p []byte) {
				switch got += len(p); {
				case r.m == whilePaused && got <= 20000:
					res.Pause()
				case got == 3:
					r.here(midBody, res)
				case got == 10:
					r.here(lastByte, res)
				}
			})
			res.OnEnd(func() {
				if r.f == panics {
					r.here(afterEnd, res)
				}
			})
		})
		q.End()
	})
	c := k.servers[0]
	const head = "HTTP/1.1 200 OK\r\nContent-Length: "
	wireFault := r.f&(finArrives|rstArrives|readFails) != 0
	switch r.m {
	case beforeHead:
	case inHead:
		c.send(head[:20])
	case midBody:
		c.send(head + "10\r\n\r\nabc")
	case lastByte:
		c.send(head + "10\r\n\r\nabc")
		r.run()
		if r.f == timePasses {
			c.send("defghi")
			break
		}
		c.send("defghij")
		if wireFault {
			c.strike()
		}
	case afterEnd:
		c.send(head + "10\r\n\r\nabcdefghij")
	case whilePaused:
		c.send(head + "60000\r\n\r\n" + strings.Repeat("x", 20000))
		r.run()
		c.send(strings.Repeat("x", 20000)) // this is not asked for any more
	}
	r.run()
	if !r.struck {
		switch {
		case wireFault:
			c.strike()
		case r.f == cancelled && r.m&(beforeHead|inHead) != 0:
			r.on(func() { r.here(r.m, k.q) })
		case r.f&byCall != 0:
			r.on(func() { r.here(r.m, k.res) })
		}
	}
	r.run()
	r.await()
	if r.f == timePasses {
		k.pass(40 * time.Second)
	}
	if !k.q.Closed() {
		r.note("go")
		r.spent = true
		r.on(func() { k.res.Resume() })
		if r.m == whilePaused && r.f&(finArrives|rstArrives) == 0 {
			c.send(strings.Repeat("x", 20000))
			r.run()
		}
	}
	k.over()
}
