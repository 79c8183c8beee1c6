package faults

import (
	"strings"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/internal/simkernel"
)

// proxyLeg is the way from a proxy to the server behind it. The proxy is examples/proxy's, in short.
var proxyLeg = subject{
	name: "proxy leg",
	about: "A proxy pipes a client's request (Req) up into one of its own (req), and its answer (Res) down into the client's (res), as " +
		"examples/proxy does. What is struck is the way up: its request, its answer, or its connection. Told are all four, and what the client has got " +
		"in the end (wire).",
	at: map[moment]string{
		beforeHead:  "three bytes of ten have gone up, and nothing has come down",
		inHead:      "the same, inside the first field of the answer",
		midBody:     "three bytes of ten of the answer have gone down; the request has gone up whole",
		lastByte:    "in the callback of the answer's last byte, or right behind it on the wire; a timeout: instead of it",
		afterEnd:    "the answer has gone down, and the way up rests; a panic: in the answer's OnEnd",
		whilePaused: "the client reads nothing, and the answer is stopped",
		whileCorked: "the request that goes up is corked: nothing has gone up",
	},
	heard: true,
	rules: proxyLegRules,
	play:  playProxyLeg,
}

func playProxyLeg(r *rig) {
	var up *httpcore.ClientRequest
	var req *httpcore.IncomingMessage
	var res *httpcore.ServerResponse
	var answer *httpcore.IncomingMessage
	agent := httpcore.NewAgent(httpcore.AgentOptions{IdleTimeout: 30 * time.Second})
	got, length := 0, 0

	fail := func(err error) {
		if res.HeadersSent() {
			res.Destroy(err)
			return
		}
		res.StatusCode = 502
		res.EndString("no answer")
	}
	relay := func(k *serverRig) {
		req, res = k.q, k.res
		o := httpcore.RequestOptions{Agent: agent, HeaderTimeout: 3 * time.Second, BodyTimeout: 4 * time.Second}
		if r.f == cancelled {
			o.Context = r.ctx
		}
		if r.f == timePasses && r.m&(beforeHead|inHead|whileCorked) != 0 {
			o.TotalTimeout = 2 * time.Second // its HeaderTimeout would begin behind the request
		}
		o.Header = []string{"Content-Length", req.Header("Content-Length")}
		var err error
		if up, err = httpcore.NewRequest(r.l, "POST", "http://"+originAddress+"/", o); err != nil {
			r.t.Error(err)
			return
		}
		up.OnClose(r.says("req close"))
		if r.m == whileCorked {
			up.Cork()
		}
		up.OnError(func(err error) {
			r.note("req error " + name(err))
			fail(err)
			up.Destroy(nil)
		})
		up.OnSocket(func() {
			if r.f == panics {
				r.here(whileCorked, up)
			}
		})
		up.OnResponse(func(m *httpcore.IncomingMessage) {
			answer = m
			m.OnAborted(r.says("Res aborted"))
			m.OnError(func(err error) {
				r.note("Res error " + name(err))
				fail(err)
			})
			m.OnEnd(r.says("Res end"))
			m.OnClose(r.says("Res close"))
			if err := res.WriteHead(m.StatusCode(), m.EndToEndHeaders()...); err != nil {
				r.t.Error(err)
			}
			m.Pipe(res)
			if r.f == panics {
				m.OnEnd(func() { r.here(afterEnd, up) })
			}
			m.OnData(func(p []byte) {
				switch got += len(p); {
				case length != 10:
				case got == 3:
					r.here(midBody, up)
				case got == 10:
					r.here(lastByte, up)
				}
			})
			m.OnPause(func() {
				if r.f == panics {
					r.here(whilePaused, up)
				}
			})
		})
		req.Pipe(up)
		up.OnClose(func() { req.Resume() })
		req.OnAborted(func() { up.Destroy(nil) })
		res.OnClose(func() {
			if !res.WritableFinished() {
				up.Destroy(nil)
			}
		})
	}

	var origins []*peer
	k := r.serve(0, relay)
	r.w.ListenPeer(originAddress, func(p *simkernel.Peer) { origins = append(origins, r.peer(p, -1)) })
	const head = "HTTP/1.1 200 OK\r\nContent-Length: "
	const whole = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabcdefghij"
	const part = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"
	rest := "defghij"
	begun := r.m&(beforeHead|inHead|whileCorked) != 0
	if k.c.deaf = r.m == whilePaused; begun {
		k.c.send(part)
	} else {
		k.c.send(whole)
	}
	r.run()
	if len(origins) == 0 {
		r.t.Fatal("nobody has called the origin")
	}
	c := origins[0]
	c.ours = r.fdOf(c.p.(*simkernel.Peer))
	wireFault := r.f&(finArrives|rstArrives|readFails|writeFails) != 0
	c.unread = 0
	switch r.m {
	case beforeHead, whileCorked:
	case inHead:
		c.send(head[:20])
	case midBody:
		length = 10
		c.send(head + "10\r\n\r\nabc")
	case lastByte:
		length = 10
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
		c.send(head + "1000000\r\n\r\n")
		for range 10 {
			c.send(strings.Repeat("x", 60_000))
			r.run()
		}
	}
	r.run()
	if !r.struck {
		switch {
		case wireFault:
			c.strike()
			if r.f == writeFails {
				k.c.send(rest[:1]) // which is to go up
				rest = rest[1:]
			}
		case r.f&byCall != 0:
			r.on(func() { r.here(r.m, up) })
		}
	}
	r.run()
	r.await()
	if r.f == timePasses || r.f == writeFails {
		r.pass(2500 * time.Millisecond)
		if begun { // the client has a BodyTimeout too
			k.c.send(rest)
			rest = ""
		}
		k.pass(10 * time.Second)
	}
	if up != nil && !res.Closed() {
		r.note("go")
	}
	r.spent = true
	if begun {
		k.c.send(rest)
	}
	if r.m == whileCorked && !up.Destroyed() {
		r.on(up.Uncork)
	}
	r.run()
	k.c.deaf = false
	k.c.listen()
	last := origins[len(origins)-1]
	if up != nil && !up.Closed() && answer == nil {
		last.send(plainAnswer)
		r.run()
	}
	k.c.listen()
	k.over(answers)
	r.on(agent.Destroy)
	for _, x := range origins {
		x.read()
		x.p.Close()
	}
	r.run()
	if up != nil && !up.Closed() {
		r.note("req open")
	}
	if m := agent.Metrics(); m.Sockets != 0 || m.FreeSockets != 0 || m.Queued != 0 {
		r.t.Errorf("the agent has %+v", m)
	}
}
