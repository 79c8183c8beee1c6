package faults

import (
	"strings"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

const socketAddress = "127.0.0.1:7000"

// socket is a stream over an accepted connection.
var socket = subject{
	name: "socket",
	about: "A stream.Socket over an accepted connection, which by default ends when its peer does. Told are: the socket (sock), the callbacks of a " +
		"write that was taken (a), of one that waits (b) and of End (e), and how the connection was for the peer in the end (wire).",
	at: map[moment]string{
		beforeHead:  "accepted, and no byte in either direction; a panic: in the callback of the listener",
		midBody:     "in the callback of three bytes, behind a write that was taken",
		lastByte:    "in the turn that has called End, in the callback of three bytes",
		afterEnd:    "'finish' was told and the peer goes on: AllowHalfOpen",
		whilePaused: "the socket is paused, and more than the mark has come",
		whileCorked: "Cork was called, then something was written",
	},
	rules: socketRules,
	play:  playSocket,
}

func playSocket(r *rig) {
	r.begin(0)
	var s *stream.Socket
	accepted, ended := 0, false
	got := 0
	accept := func(conn stream.Transport) {
		if accepted++; accepted == 1 {
			other := stream.NewSocket(r.l, conn, stream.SocketOptions{})
			other.OnError(func(err error) { r.t.Errorf("another socket: %v", err) })
			other.Pipe(other)
			return
		}
		s = stream.NewSocket(r.l, conn, stream.SocketOptions{AllowHalfOpen: r.m == afterEnd})
		s.OnEnd(r.says("sock end"))
		s.OnFinish(r.says("sock finish"))
		s.OnClose(r.says("sock close"))
		if r.listened {
			s.OnError(r.fails("sock"))
		}
		if r.f == cancelled {
			r.withContext(s)
		}
		if r.m == afterEnd && r.f == panics {
			s.OnFinish(func() { r.here(afterEnd, s) })
		}
		s.OnPause(func() { r.here(whilePaused, s) })
		s.OnData(func(p []byte) {
			got += len(p)
			switch {
			case r.m == whilePaused && got <= 20000:
				s.Pause()
			case got != 3:
			case r.m == lastByte:
				ended = true
				s.EndWith([]byte("last"), r.callback("e"))
				r.here(lastByte, s)
			case r.m == whileCorked:
				s.Cork()
				s.WriteChunk([]byte("held"), r.callback("b"))
				if r.f == panics {
					r.here(whileCorked, s)
				}
			default:
				r.here(r.m&midBody, s)
			}
		})
		if r.f == panics {
			r.here(beforeHead, s)
		}
	}
	if _, err := r.l.Listen("tcp", socketAddress, func(conn *loop.Conn) { accept(conn) }); err != nil {
		r.t.Fatal(err)
	}
	other := r.peer(r.w.Dial(socketAddress), -1)
	r.run()
	echo := func(when string) {
		r.t.Helper()
		before := len(other.got)
		other.send("echo")
		r.run()
		if string(other.got[before:]) != "echo" {
			r.t.Errorf("%s the fault another socket echoed %q", when, other.got[before:])
		}
	}
	echo("before")
	var c *peer
	if r.mem {
		ours, theirs := r.pair(0)
		c = r.peer(theirs, -1)
		r.on(func() { accept(ours) })
	} else {
		p := r.w.Dial(socketAddress)
		c = r.peer(p, -1)
		r.run()
		c.ours = r.fdOf(p)
	}
	switch r.m {
	case beforeHead:
	case midBody:
		r.on(func() { s.WriteChunk([]byte("part"), r.callback("a")) })
		c.send("abc")
	case lastByte:
		c.send("abc")
		if r.f != readFails {
			c.unread = 0
		}
		if r.f&byUs == 0 {
			c.strike()
		}
	case afterEnd:
		ended = true
		r.on(func() { s.EndWith([]byte("last"), r.callback("e")) })
	case whilePaused:
		c.send(strings.Repeat("x", 20000))
		r.run()
		c.send(strings.Repeat("x", 20000))
	case whileCorked:
		c.send("abc")
	}
	r.run()
	if !r.struck {
		if r.f&byUs == 0 {
			c.strike()
		} else {
			r.on(func() { r.here(r.m, s) })
		}
	}
	if r.f == writeFails && !ended {
		r.on(func() { s.WriteChunk([]byte("w"), r.callback("b")) })
	}
	r.run()
	r.await()
	if !s.Closed() {
		r.note("go")
		r.on(func() {
			s.Resume()
			if !ended {
				s.Uncork()
			}
		})
	}
	echo("after")
	other.fin()
	c.wire("")
	c.p.Close()
	r.run()
	if !s.Closed() {
		r.t.Error("the socket is not closed")
	}
	other.p.Close()
}
