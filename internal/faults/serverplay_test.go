package faults

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

const serverAddress = "127.0.0.1:8080"

// serverRig is a server, its client that is struck, and another.
type serverRig struct {
	*rig
	s      *httpcore.Server
	c      *peer
	other  *peer
	stats  *httpcore.ConnStats // of the one that is struck
	closed int
	opened int

	q    *httpcore.IncomingMessage
	res  *httpcore.ServerResponse
	done context.Context
}

// serverDeadlines are short, and each its own, so that it shows which one has passed.
var serverDeadlines = httpcore.ServerOptions{
	HeaderTimeout: 2 * time.Second, BodyTimeout: 3 * time.Second, IdleTimeout: 20 * time.Second, WriteTimeout: 5 * time.Second,
	MinBodyRate: -1, MinWriteRate: -1,
}

// serve makes a server with a handler, and connects two clients.
func (r *rig) serve(buffers int, handler func(k *serverRig)) *serverRig {
	r.begin(buffers)
	k := &serverRig{rig: r}
	o := serverDeadlines
	o.Logger = slog.New(r)
	k.s = httpcore.NewServer(o)
	mine := func(c *httpcore.ConnStats) bool { return k.stats != nil && c == k.stats }
	k.s.OnConnection(func(c *httpcore.ConnStats) {
		k.opened++
		if k.opened == 2 {
			k.stats = c
			if r.atConnection {
				r.here(beforeHead, nil)
			}
		}
	})
	k.s.OnConnectionClose(func(c *httpcore.ConnStats) {
		k.closed++
		if mine(c) {
			r.note("gone " + name(c.Err))
		}
	})
	k.s.OnRequestDone(func(x *httpcore.RequestStats) {
		if mine(x.Conn) {
			r.note("done " + name(x.Err))
		}
	})
	k.s.OnClientError(func(e *httpcore.ClientError) { r.note("blamed " + name(e.Err)) })
	k.s.OnRequest(func(q *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		if q.Path() == "/other" {
			res.EndString("fine")
			return
		}
		k.q, k.res, k.done = q, res, q.Context()
		q.OnEnd(r.says("Req end"))
		q.OnAborted(r.says("Req aborted"))
		q.OnClose(r.says("Req close"))
		res.OnFinish(r.says("res finish"))
		res.OnClose(r.says("res close"))
		if r.listened {
			q.OnError(r.fails("Req"))
			res.OnError(r.fails("res"))
		}
		r.finished("Req", q, "end")
		r.finished("res", res, "finish")
		handler(k)
	})
	if _, err := k.s.ListenLoop(r.l, "tcp", serverAddress); err != nil {
		r.t.Fatal(err)
	}
	k.other = r.peer(r.w.Dial(serverAddress), -1)
	r.run()
	k.askOther("before")
	if r.mem {
		ours, theirs := r.pair(buffers)
		k.c = r.peer(theirs, -1)
		k.s.ServeTransport(r.l, ours)
		return k
	}
	p := r.w.Dial(serverAddress)
	k.c = r.peer(p, -1)
	r.run()
	k.c.ours = r.fdOf(p)
	return k
}

// fdOf is the descriptor of our end of p's connection.
func (r *rig) fdOf(p *simkernel.Peer) int {
	fd := -1
	r.l.Walk(func(h loop.Handle) {
		if c, ok := h.(*loop.Conn); ok && c.RemoteAddr() == p.LocalAddr() {
			fd = c.FD()
		}
	})
	return fd
}

// askOther has the other client ask, which has to be answered.
func (k *serverRig) askOther(when string) {
	k.t.Helper()
	before := len(k.other.got)
	k.other.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
	k.run()
	k.other.read()
	if got := string(k.other.got[before:]); !strings.HasPrefix(got, "HTTP/1.1 200 ") || !strings.HasSuffix(got, "fine") {
		k.t.Errorf("%s the fault another client got %q", when, got)
	}
}

// pass lets d go by, while the other client goes on asking.
func (k *serverRig) pass(d time.Duration) {
	k.t.Helper()
	for ; d > 0; d -= 5 * time.Second {
		k.rig.pass(5 * time.Second)
		k.askOther("during")
	}
}

// over is the end of a cell.
func (k *serverRig) over(what func([]byte) string) {
	k.t.Helper()
	k.c.listen()
	k.askOther("after")
	if !k.c.gone && k.c.err == nil {
		k.c.fin() // an ordinary end
		k.run()
	}
	k.c.wire(what(k.c.got))
	k.c.p.Close()
	k.other.p.Close()
	k.run()
	if k.done != nil {
		if cause := context.Cause(k.done); cause == nil {
			k.note("ctx open")
		} else {
			k.note("ctx " + name(cause))
		}
	}
	if k.closed != k.opened {
		k.t.Errorf("%d connections were opened, and %d closed", k.opened, k.closed)
	}
}

func (r *rig) withContext(s stream.Stream) {
	r.watched = true
	stream.WithContext(r.ctx, s)
}

// serverRequest is a body of ten bytes, which a handler reads. It answers when the cell is over.
var serverRequest = subject{
	name: "server request",
	about: "A client sends a request with a body, the handler reads it and answers later. Told are: the request (Req), its response (res), a write " +
		"(w), `OnClientError` (blamed), `OnRequestDone` (done), `OnConnectionClose` (gone), the cause of the request's `Context` (ctx), what the " +
		"client has got in the end, and how that was (wire).",
	at: map[moment]string{
		beforeHead:  "connected, and nothing sent",
		inHead:      "inside the request line",
		midBody:     "in the callback of three bytes of ten",
		lastByte:    "in the callback of the last byte, or right behind it on the wire; a timeout: instead of it",
		afterEnd:    "'end' was told, and the response is open",
		whilePaused: "the handler has paused, and more than the mark has come",
	},
	rules: serverRequestRules,
	play:  playServerRequest,
}

func playServerRequest(r *rig) {
	r.atConnection = true
	const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: "
	short := head + "10\r\n\r\n"
	long := head + "60000\r\n\r\n"
	got := 0
	k := r.serve(0, func(k *serverRig) {
		q := k.q
		if r.f == cancelled {
			r.withContext(q)
		}
		write := func() {
			if r.f == writeFails {
				k.c.strike()
				k.res.WriteChunk([]byte("w"), r.callback("w"))
			}
		}
		q.OnPause(func() { r.here(whilePaused, q) })
		q.OnData(func(p []byte) {
			got += len(p)
			switch {
			case got == 3:
				r.here(midBody, q)
				if r.m == midBody {
					write()
				}
			case got == 10:
				r.here(lastByte, q)
				if r.m == lastByte {
					write()
				}
			}
			if r.m == whilePaused && got <= 20000 {
				q.Pause()
			}
		})
		q.OnEnd(func() {
			if r.f == panics {
				r.here(afterEnd, q)
			}
		})
	})
	c := k.c
	wireFault := r.f&(finArrives|rstArrives|readFails) != 0
	switch r.m {
	case beforeHead:
		c.strike()
	case inHead:
		c.send("POST / HT")
		r.run()
		c.strike()
	case midBody:
		c.send(short + "abc")
		r.run()
		if wireFault {
			c.strike()
		}
	case lastByte:
		c.send(short + "abc")
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
		c.send(short + "abcdefghij")
		r.run()
		if wireFault {
			c.strike()
		} else if r.f == writeFails {
			r.on(func() {
				c.strike()
				k.res.WriteChunk([]byte("w"), r.callback("w"))
			})
		} else if r.f != panics {
			r.on(func() { r.here(afterEnd, k.q) })
		}
	case whilePaused:
		c.send(long + strings.Repeat("x", 20000))
		r.run()
		c.send(strings.Repeat("x", 20000)) // this is not asked for any more
		r.run()
		switch {
		case r.f == writeFails:
			r.on(func() {
				c.strike()
				k.res.WriteChunk([]byte("w"), r.callback("w"))
			})
		case wireFault:
			c.strike()
		case r.f != panics:
			r.on(func() { r.here(whilePaused, k.q) })
		}
	}
	r.run()
	r.await()
	if r.f == timePasses {
		k.pass(10 * time.Second)
	}
	// Whoever is still there goes on.
	if k.q != nil && !k.res.Closed() {
		r.note("go")
		r.on(func() {
			r.spent = true
			k.q.Resume()
		})
		if r.m == whilePaused && r.f != finArrives {
			c.send(strings.Repeat("x", 20000))
			r.run()
		}
		r.on(func() {
			if !k.res.Destroyed() {
				k.res.EndString("answer")
			}
		})
	}
	k.over(answers)
}
