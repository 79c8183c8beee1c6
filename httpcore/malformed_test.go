package httpcore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
)

func refused(status string) string {
	return "HTTP/1.1 " + status + "|" + last + "Content-Length: 0||"
}

func TestWhatIsNoRequest(t *testing.T) {
	const (
		bad     = "400 Bad Request"
		chunked = "Transfer-Encoding: chunked\r\n"
		aborted = "; req aborted; res close; req error ECONNRESET; req close"
	)
	var scenes []scene
	for _, c := range []struct{ name, sent, status, events string }{
		{"HTTP/1.1 without a Host", "GET / HTTP/1.1\r\n\r\n", bad, ""},
		{"no request line", "BLAH\r\n\r\n", bad, ""},
		{"HTTP/0.9", "GET /\r\n\r\n", bad, ""},
		{"HTTP/2.0", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", "505 HTTP Version Not Supported", ""},
		{"a bare LF", "GET / HTTP/1.1\nHost: x\n\n", bad, ""},
		{"a space before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", bad, ""},
		{"a folded field", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", bad, ""},
		{"a NUL in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n", bad, ""},
		{"two framings", post("Content-Length: 1\r\n"+chunked, "0\r\n\r\n"), bad, ""},
		{"a coding that is not chunked", post("Transfer-Encoding: gzip\r\n", "a"), "501 Not Implemented", ""},
		{"a coding under chunked", post("Transfer-Encoding: gzip, chunked\r\n", ""), "501 Not Implemented", ""},
		{"a length with a sign", post("Content-Length: +1\r\n", "a"), bad, ""},
		{"an empty length", post("Content-Length:\r\n", ""), bad, ""},
		{"no size of a chunk", post(chunked, "zz\r\n"), bad, "request" + aborted},
		{"a chunk that is too long", post(chunked, "1\r\nabc\r\n0\r\n\r\n"), bad, "request; req data a" + aborted},
		{"a head that is too large", get("/", "A: "+strings.Repeat("a", 70000)+"\r\n"), "431 Request Header Fields Too Large", ""},
		{"a target that is too long", get("/"+strings.Repeat("u", 70000), ""), "414 URI Too Long", ""},
		{"a control in the target", "GET /a\tb HTTP/1.1\r\nHost: x\r\n\r\n", bad, ""},
		{"no token as a name", get("/", "A(b: c\r\n"), bad, ""},
	} {
		scenes = append(scenes, scene{
			name: c.name + " is refused", wire: refused(c.status), events: c.events, ends: true, whole: len(c.sent) > 1000,
			client: sends(c.sent),
			handler: func(x *stage, q request, r response) {
				x.errors(q, nil)
				x.data(q)
				q.OnEnd(func() { r.EndString("ok") })
			},
		})
	}
	scenes = append(scenes, []scene{
		{
			name: "HTTP/1.0 needs no Host", client: sends("GET / HTTP/1.0\r\n\r\n"), handler: endB, ends: true,
			wire: "HTTP/1.1 200 OK|" + last + "Content-Length: 1||b", events: unread,
		},
		{
			name: "any token is a method", client: sends("get / HTTP/1.1\r\nHost: x\r\n\r\n"), events: unread,
			handler: func(_ *stage, q request, r response) { r.EndString(q.Method()) },
			wire:    "HTTP/1.1 200 OK|" + live + "Content-Length: 3||get",
		},
		{
			name: "bytes above 127 may be in a value", client: sends(get("/", "A: \xe9\xff\r\n")), events: unread,
			handler: func(_ *stage, q request, r response) { r.EndString(q.Header("a")) },
			wire:    "HTTP/1.1 200 OK|" + live + "Content-Length: 2||\xe9\xff",
		},
		{
			name: "a mistake behind the beginning of the answer cuts that off",
			handler: func(x *stage, q request, r response) {
				r.WriteString("started")
				q.Resume()
			},
			client: func(c *client) {
				c.send(post(chunked, "1\r\na\r\n"))
				c.until("started\r\n")
				c.send("zz\r\n")
			},
			ends: true, wire: "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||7|started|",
			events: "request; req aborted; res close; req close",
		},
		{
			name: "a mistake behind a request is answered behind its answer",
			handler: func(x *stage, q request, r response) {
				x.after(5*time.Millisecond, func() { r.EndString(q.URL()) })
			},
			client: sends(get("/1", "") + "BAD\r\n\r\n"), ends: true,
			wire: "HTTP/1.1 200 OK|" + live + "Content-Length: 2||/1" + refused(bad), events: unread,
		},
	}...)
	play(t, scenes)
}

func TestTimesOfARequest(t *testing.T) {
	const soon = 100 * time.Millisecond // and yet more than a client takes to begin
	play(t, []scene{
		{
			name: "a head that takes too long is answered with 408", options: httpcore.ServerOptions{HeaderTimeout: soon},
			client: sends("GET / HTTP/1.1\r\nHost: x\r\n"), ends: true, wire: refused("408 Request Timeout"),
		},
		{
			name: "a client that sends nothing at all is closed", options: httpcore.ServerOptions{HeaderTimeout: soon},
			client: sends(""), ends: true,
		},
		{
			name: "a body that takes too long is answered with 408", options: httpcore.ServerOptions{RequestTimeout: soon},
			handler: func(x *stage, q request, _ response) {
				x.data(q)
				x.errors(q, nil)
			},
			client: sends(post("Content-Length: 10\r\n", "abc")), ends: true, wire: refused("408 Request Timeout"), whole: true,
			events: "request; req data abc; req aborted; res close; req error ECONNRESET; req close",
		},
		{
			name: "a body that takes too long cuts off an answer that has begun", options: httpcore.ServerOptions{RequestTimeout: soon},
			handler: func(x *stage, q request, r response) {
				r.WriteString("part")
				x.data(q)
			},
			client: sends(post("Content-Length: 10\r\n", "abc")), ends: true, whole: true,
			wire:   "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||4|part|",
			events: "request; req data abc; req aborted; res close; req close",
		},
		{
			name:    "an answer takes as long as it likes",
			options: httpcore.ServerOptions{HeaderTimeout: soon, RequestTimeout: soon, BodyTimeout: soon},
			handler: func(x *stage, q request, r response) {
				q.Resume()
				x.after(2*soon, func() { r.EndString("ok") })
			},
			wire: ok, events: "request; req end; req close; res finish; res close",
		},
	})
}

func TestShuttingDown(t *testing.T) {
	play(t, []scene{
		{
			name: "Shutdown closes idle connections", handler: func(_ *stage, _ request, r response) { r.EndString("ok") },
			client: func(c *client) {
				c.send(get("/", ""))
				c.event("req close")
				c.x.shutdown(context.Background())
			},
			ends: true, wire: ok, events: unread + "; * shut <nil>",
		},
		{
			name:    "Shutdown waits for the answer that is due, which says close",
			handler: func(x *stage, _ request, r response) { x.kept = r },
			client: func(c *client) {
				c.send(get("/", ""))
				c.event("request")
				c.x.shutdown(context.Background())
				c.x.closes()
				c.x.l.Post(func() { c.x.kept.EndString("ok") })
			},
			ends: true, wire: "HTTP/1.1 200 OK|" + last + "Content-Length: 2||ok", events: unread + "; * shut <nil>",
		},
		{
			name: "Shutdown forces what is left when its context is done", handler: func(_ *stage, q request, _ response) { q.Resume() },
			client: func(c *client) {
				c.send(get("/", ""))
				c.event("req close")
				ctx, cancel := context.WithCancel(context.Background())
				cancel()
				if err := c.x.s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
					c.x.t.Errorf("got %v, want that the context is done", err)
				}
			},
			ends: true, events: "request; req end; req close; res close",
		},
		{
			name: "CloseIdleConnections leaves busy ones and those that have not asked yet",
			handler: func(x *stage, q request, r response) {
				if q.URL() == "/busy" {
					x.kept = r
					return
				}
				r.EndString("ok")
			},
			client: func(c *client) {
				idle, fresh := c.x.dial(), c.x.dial()
				idle.send(get("/", ""))
				c.event("req close")
				c.send(get("/busy", ""))
				c.x.try("the second request", func() bool { return c.x.requests == 2 })
				c.x.l.Post(func() { c.x.s.CloseIdleConnections(c.x.l) })
				c.x.try("the end of the idle connection", func() bool { return idle.over })
				fresh.send(get("/", ""))
				fresh.until("ok")
				c.x.l.Post(func() { c.x.kept.EndString("ok") })
			},
			wire:   ok,
			events: unread + "; request; request; res3 finish; res3 close; req3 end; req3 close; res2 finish; res2 close; req2 end; req2 close",
		},
	})
}

// closes waits until the loop knows that the server shuts down.
func (x *stage) closes() {
	x.t.Helper()
	for begin := time.Now(); time.Since(begin) < 10*time.Second; time.Sleep(time.Millisecond) {
		known := make(chan bool)
		if x.l.Post(func() { known <- x.s.Closes(x.l) }) != nil || <-known {
			return
		}
	}
	x.t.Error("Shutdown does not begin")
}

// shutdown shuts the server down, and marks when that is done.
func (x *stage) shutdown(ctx context.Context) {
	go func() {
		if err := x.s.Shutdown(ctx); err != nil {
			x.mark("shut " + err.Error())
			return
		}
		x.mark("shut <nil>")
	}()
}
