package httpcore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore"
)

const (
	ok    = "HTTP/1.1 200 OK|" + live + "Content-Length: 2||ok"
	piped = "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||3|abc|3|def|0||"
)

func readThenOK(x *stage, q request, r response) {
	x.data(q)
	q.OnEnd(func() { r.EndString("ok") })
}

// halves sends a body of 6 bytes, 3 at a time.
func halves(fields string) func(*client) {
	return func(c *client) {
		c.send(post("Content-Length: 6\r\n"+fields, "abc"))
		c.event("req data abc")
		c.send("def")
	}
}

func TestTheBodyOfARequest(t *testing.T) {
	play(t, []scene{
		{
			name: "a body comes in the pieces that it is received in", handler: readThenOK, client: halves(""), whole: true,
			wire: ok, events: "request; req data abc; req data def; req end; res finish; res close; req close",
		},
		{
			name: "the ticks that a chunk causes run before the next chunk",
			handler: func(x *stage, q request, r response) {
				x.l.NextTick(func() { x.mark("request") })
				x.data(q)
				q.OnData(func(p []byte) {
					s := string(p)
					x.l.NextTick(func() { x.mark(s) })
				})
				q.OnEnd(func() { r.EndString("ok") })
			},
			client: sends(post("Transfer-Encoding: chunked\r\n", "1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n")), whole: true,
			wire: ok, events: "request; * request; req data a; * a; req data bc; * bc; req data def; * def; req end; " +
				"res finish; res close; req close",
		},
		{
			name: "trailers are there at the end, and chunk extensions nowhere",
			handler: func(x *stage, q request, r response) {
				x.data(q)
				q.OnEnd(func() {
					x.mark(q.Trailer("x-t") + " " + strings.Join(q.RawTrailers(), " "))
					r.EndString("ok")
				})
			},
			client: sends(post("Transfer-Encoding: chunked\r\nTrailer: X-T\r\n",
				"3;a=b;c=\"d e\"\r\nabc\r\n0\r\nX-T: one\r\nX-t: two\r\n\r\n")),
			wire: ok, events: "request; req data abc; req end; * one, two X-T one X-t two; res finish; res close; req close",
			whole: true,
		},
		{
			name: "a GET may have a body", handler: readThenOK, client: sends(get("/", "Content-Length: 3\r\n") + "abc"), whole: true,
			wire: ok, events: "request; req data abc; req end; res finish; res close; req close",
		},
		{
			name:    "a body that nobody reads is thrown away, and the connection goes on",
			handler: func(_ *stage, q request, r response) { r.EndString(q.URL()) },
			client:  sends("POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + get("/2", "")),
			wire:    "HTTP/1.1 200 OK|" + live + "Content-Length: 2||/1HTTP/1.1 200 OK|" + live + "Content-Length: 2||/2",
			events:  "request; request; res finish; res close; res2 finish; req end; res2 close; req2 end; req close; req2 close",
		},
		{
			name: "a paused request stops the socket that feeds it, at its mark",
			handler: func(x *stage, q request, r response) {
				n, most := 0, 0
				q.OnData(func(p []byte) { n, most = n+len(p), max(most, q.ReadableLength()) })
				q.Pause()
				var look func()
				look = func() {
					if q.ReadableLength() < 16<<10 {
						x.immediately(look)
						return
					}
					x.mark(fmt.Sprint(q.ReadableLength() < 16<<10+64<<10, n))
					q.Resume()
				}
				look()
				q.OnEnd(func() {
					x.mark(fmt.Sprint(n))
					r.EndString("ok")
				})
			},
			client: sends(post("Content-Length: 2000000\r\n", strings.Repeat("x", 2000000))),
			wire:   ok, events: "request; * true 0; req end; * 2000000; res finish; res close; req close", whole: true,
		},
		{
			name: "a request that is read on when it is answered ends before its response closes",
			handler: func(_ *stage, q request, r response) {
				q.Resume()
				r.EndString("ok")
			},
			wire: ok, events: "request; res finish; req end; res close; req close",
		},
		{
			name: "a request that nobody reads ends behind its response", handler: func(_ *stage, _ request, r response) { r.EndString("ok") },
			wire: ok, events: unread,
		},
		{
			name: "a request that was read before it is answered is over before that",
			handler: func(x *stage, q request, r response) {
				q.Resume()
				x.immediately(func() { r.EndString("ok") })
			},
			wire: ok, events: "request; req end; req close; res finish; res close",
		},
		{
			name: "a response may end before its request",
			handler: func(x *stage, q request, r response) {
				x.data(q)
				r.EndString("ok")
			},
			client: func(c *client) {
				c.send(post("Content-Length: 6\r\n", "abc"))
				c.until("ok")
				c.send("def")
			},
			wire: ok, events: "request; req data abc; res finish; res close; req data def; req end; req close", whole: true,
		},
		{
			name: "a request piped to its response is chunked, piece by piece",
			handler: func(x *stage, q request, r response) {
				q.Pipe(r)
				x.data(q)
			},
			client: halves(""), wire: piped, whole: true,
			events: "request; res pipe; req data abc; req data def; req end; res finish; res unpipe; res close; req close",
		},
		{
			name: "chunks that arrive together are piped as chunks",
			handler: func(x *stage, q request, r response) {
				q.Pipe(r)
				x.data(q)
			},
			client: sends(post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")), wire: piped, whole: true,
			events: "request; res pipe; req data abc; req data def; req end; res finish; res unpipe; res close; req close",
		},
		{
			name: "a request can be read with OnReadable and ReadChunk",
			handler: func(x *stage, q request, r response) {
				q.OnReadable(func() {
					for {
						p := q.ReadChunk(-1)
						if p == nil {
							x.mark("nothing")
							return
						}
						x.mark("read " + string(p))
					}
				})
				q.OnEnd(func() { r.EndString("ok") })
			},
			client: func(c *client) {
				c.send(post("Content-Length: 6\r\n", "abc"))
				c.event("* nothing")
				c.send("def")
			},
			wire: ok, whole: true,
			events: "request; * read abc; * nothing; * read def; * nothing; * nothing; req end; res finish; res close; req close",
		},
		{
			name: "a finished exchange says so", options: httpcore.ServerOptions{},
			handler: func(x *stage, q request, r response) {
				q.Resume()
				r.OnClose(func() {
					x.mark(fmt.Sprint(q.Complete(), q.Aborted(), q.Destroyed(), q.ReadableEnded()))
					x.mark(fmt.Sprint(r.WritableFinished(), r.WritableEnded(), r.Destroyed(), r.Closed()))
				})
				r.EndString("ok")
			},
			wire: ok, events: "request; res finish; req end; res close; * true false true true; * true true true true; req close",
		},
		{
			name: "a request knows what was in its head",
			handler: func(x *stage, q request, r response) {
				x.mark(strings.Join([]string{
					q.Method(), q.URL(), q.Path(), q.RawQuery(), strings.ReplaceAll(q.Header("cookie"), ";", "+"), q.Header("X-DUP"), q.Header("content-type"),
					q.Header("user-agent"), q.Header("age"), fmt.Sprint(q.HasHeader("empty"), q.Header("empty") == ""),
				}, " "))
				if q.LocalAddr().String() != x.addr || q.RemoteAddr().Addr() != q.LocalAddr().Addr() {
					x.mark(fmt.Sprint("addresses ", q.LocalAddr(), q.RemoteAddr()))
				}
				x.mark(strings.Join(q.RawHeaders(), ","))
				x.mark(strings.Join(q.HeaderValues("x-dup"), ","))
				r.EndString("ok")
			},
			client: sends("GET /a?b=c HTTP/1.1\r\nHost: x\r\nCookie: a=1\r\ncookie: b=2\r\nX-Dup: 1\r\nx-dup: 2\r\n" +
				"Content-Type: t1\r\nContent-Type: t2\r\nUser-Agent:  padded \r\nEmpty:\r\nAge: 1\r\nAge: 2\r\n\r\n"),
			wire: ok,
			events: "request; * GET /a?b=c /a b=c a=1+ b=2 1, 2 t1 padded 1 true true; " +
				"* Host,x,Cookie,a=1,cookie,b=2,X-Dup,1,x-dup,2,Content-Type,t1,Content-Type,t2,User-Agent,padded,Empty,,Age,1,Age,2; " +
				"* 1,2; res finish; res close; req end; req close",
		},
		{
			name: "a body that nobody reads stops the socket at the mark, and is thrown away behind the answer",
			handler: func(x *stage, q request, r response) {
				var look func()
				look = func() {
					if q.ReadableLength() < 16<<10 {
						x.immediately(look)
						return
					}
					x.mark("full")
					r.EndString("ok")
				}
				look()
			},
			client: sends(post("Content-Length: 40000\r\n", strings.Repeat("a", 40000))),
			wire:   ok, events: "request; * full; res finish; res close; req end; req close", whole: true, // single bytes take their time
		},
		{
			name: "a pause inside OnData holds for what has arrived already",
			handler: func(x *stage, q request, r response) {
				x.data(q)
				first := true
				q.OnData(func([]byte) {
					if !first {
						return
					}
					first = false
					q.Pause()
					x.immediately(func() {
						x.mark(fmt.Sprint(q.ReadableLength(), q.Complete()))
						q.Resume()
					})
				})
				q.OnEnd(func() { r.EndString("ok") })
			},
			client: sends(post("Transfer-Encoding: chunked\r\n", "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n")), whole: true,
			wire: ok, events: "request; req data a; * 2 true; req data b; req data c; req end; res finish; res close; req close",
		},
	})
}
