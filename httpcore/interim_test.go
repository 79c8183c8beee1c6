package httpcore_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
)

func TestContinueUpgradeAndConnect(t *testing.T) {
	const (
		go100   = "HTTP/1.1 100 Continue||"
		expects = "Expect: 100-continue\r\nContent-Length: 3\r\n"
		upgrade = "Connection: Upgrade\r\nUpgrade: foo\r\n"
	)
	whenAsked := func(c *client) {
		c.send(post(expects, ""))
		c.until("100 Continue\r\n\r\n")
		c.send("abc")
	}
	take := func(x *stage, how string) func(request, *stream.Socket, []byte) {
		return func(q request, s *stream.Socket, head []byte) {
			x.begin(how, q, nil)
			x.mark(fmt.Sprintf("%s %s %q", q.Method(), q.URL(), head))
			s.OnData(func(p []byte) {
				x.event("socket data " + string(p))
				s.EndWith([]byte("bye"), nil)
			})
			s.OnFinish(func() { x.event("socket finish") })
			s.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\nhello"))
		}
	}
	play(t, []scene{
		{
			name: "a client that waits for a 100 gets it, and then the handler is called", handler: readThenOK, client: whenAsked,
			wire: go100 + ok, events: "request; req data abc; req end; res finish; res close; req close", whole: true,
		},
		{
			name: "a handler may send the 100 itself, when it likes",
			setup: func(x *stage) {
				x.s.OnCheckContinue(func(q request, r response) {
					x.begin("expect", q, r)
					x.immediately(func() {
						r.WriteContinue()
						readThenOK(x, q, r)
					})
				})
			},
			client: whenAsked, wire: go100 + ok, events: "expect; req data abc; req end; res finish; res close; req close", whole: true,
		},
		{
			name: "a final answer in the place of the 100 ends the connection",
			setup: func(x *stage) {
				x.s.OnCheckContinue(func(q request, r response) {
					x.begin("expect", q, r)
					r.WriteHead(401)
					r.End()
				})
			},
			client: sends(post(expects, "")), ends: true,
			wire:   "HTTP/1.1 401 Unauthorized|" + last + "Transfer-Encoding: chunked||0||",
			events: "expect; res finish; res close; req aborted; req close",
		},
		{
			name: "any other expectation fails", client: sends(post("Expect: something\r\nContent-Length: 0\r\n", "")), ends: true,
			wire: "HTTP/1.1 417 Expectation Failed|" + last + "Content-Length: 0||",
		},
		{
			name: "HTTP/1.0 cannot expect anything", handler: func(_ *stage, _ request, r response) { r.EndString("ok") },
			client: sends("POST / HTTP/1.0\r\nHost: x\r\n" + expects + "\r\nabc"), ends: true,
			wire: "HTTP/1.1 200 OK|" + last + "Content-Length: 2||ok", events: unread, whole: true,
		},
		{
			name: "interim responses come before the head, in order",
			handler: func(x *stage, _ request, r response) {
				r.WriteProcessing()
				x.mark(stream.CodeOf(r.WriteEarlyHints("Link", "</a.css>; rel=preload, </b.js>; rel=preload", "x-hint", "h")))
				x.mark(stream.CodeOf(r.WriteEarlyHints("Link", "a\r\nb")))
				x.mark(stream.CodeOf(r.WriteEarlyHints("Link")))
				r.EndString("ok")
			},
			wire:   "HTTP/1.1 102 Processing||HTTP/1.1 103 Early Hints|Link: </a.css>; rel=preload, </b.js>; rel=preload|x-hint: h||" + ok,
			events: "request; * ; * ERR_INVALID_CHAR; * ERR_INVALID_ARG_VALUE; res finish; res close; req end; req close",
			writes: 1,
		},
		{
			name: "the interim responses of a request wait for the answers before it",
			handler: func(x *stage, q request, r response) {
				if q.URL() == "/1" {
					x.kept = r
					return
				}
				r.WriteProcessing()
				r.EndString("ok")
				x.kept.EndString("ok")
			},
			client: sends(get("/1", "") + get("/2", "")), wire: ok + "HTTP/1.1 102 Processing||" + ok,
			events: "request; request; res finish; res close; res2 finish; req end; res2 close; req2 end; req close; req2 close",
		},
		{
			name:  "an upgrade hands over the connection, with what came behind the request",
			setup: func(x *stage) { x.s.OnUpgrade(take(x, "upgrade")) },
			client: func(c *client) {
				c.send(get("/u", upgrade) + "HEAD")
				c.until("hello")
				c.send("more")
			},
			wire: "HTTP/1.1 101 Switching Protocols|Upgrade: foo|Connection: Upgrade||hellobye", ends: true, whole: true,
			events: "upgrade; * GET /u \"HEAD\"; socket data more; socket finish",
		},
		{
			name:    "an upgrade that nobody takes is a request like any other",
			handler: func(_ *stage, _ request, r response) { r.EndString("ok") }, client: sends(get("/u", upgrade)), wire: ok, events: unread,
		},
		{
			name:    "a request behind an upgrade that nobody takes is answered",
			handler: func(_ *stage, _ request, r response) { r.EndString("ok") },
			client:  sends(get("/u", upgrade) + get("/2", "")), wire: ok + ok,
			events: "request; request; res finish; res close; res2 finish; req end; res2 close; req2 end; req close; req2 close",
		},
		{
			name:  "a CONNECT hands over the connection",
			setup: func(x *stage) { x.s.OnConnect(take(x, "connect")) },
			client: func(c *client) {
				c.send("CONNECT a.b:443 HTTP/1.1\r\nHost: a.b:443\r\n\r\nXYZ")
				c.until("hello")
				c.send("more")
			},
			wire: "HTTP/1.1 101 Switching Protocols|Upgrade: foo|Connection: Upgrade||hellobye", ends: true, whole: true,
			events: "connect; * CONNECT a.b:443 \"XYZ\"; socket data more; socket finish",
		},
		{
			name: "a CONNECT that nobody takes is refused", ends: true,
			client: sends("CONNECT a.b:443 HTTP/1.1\r\nHost: a.b:443\r\n\r\n"),
			wire:   "HTTP/1.1 501 Not Implemented|" + last + "Content-Length: 0||",
		},
		{
			name:    "an upgrade with a body is a request like any other: its body comes first",
			setup:   func(x *stage) { x.s.OnUpgrade(take(x, "upgrade")) },
			handler: readThenOK, client: sends(post(upgrade+"Content-Length: 3\r\n", "abc")), whole: true,
			wire: ok, events: "request; req data abc; req end; res finish; res close; req close",
		},
	})
}

func TestAnyInterimResponseCanBeSentButASwitchOfProtocols(t *testing.T) {
	play(t, []scene{{
		name: "104 with fields",
		handler: func(_ *stage, _ *httpcore.IncomingMessage, r *httpcore.ServerResponse) {
			if err := r.WriteInformation(104, "Upload-Offset", " 50 "); err != nil {
				panic(err)
			}
			for _, status := range []int{99, 101, 200} {
				if err := r.WriteInformation(status); !errors.Is(err, httpcore.ErrInvalidStatus) {
					panic(err)
				}
			}
			if err := r.WriteInformation(103, "a b", "c"); !errors.Is(err, httpcore.ErrInvalidName) {
				panic(err)
			}
			r.EndString("x")
		},
		wire:   "HTTP/1.1 104 unknown|Upload-Offset: 50||HTTP/1.1 200 OK|" + live + "Content-Length: 1||x",
		events: "request; res finish; res close; req end; req close",
	}})
}
