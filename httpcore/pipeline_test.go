package httpcore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
)

func endURL(_ *stage, q request, r response) { r.EndString(q.URL()) }

func TestKeepAliveAndPipelining(t *testing.T) {
	answer := func(body string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK|"+live+"Content-Length: %d||%s", len(body), body)
	}
	const (
		two   = "request; request; res finish; res close; res2 finish; req end; res2 close; req2 end; req close; req2 close"
		three = "res finish; res close; res2 finish; req end; res2 close; res3 finish; req2 end; res3 close; req close; " +
			"req3 end; req2 close; req3 close"
	)
	waiting := map[*stage][]func(){} // until all requests are there
	play(t, []scene{
		{
			name: "a connection takes one request after another", handler: endURL,
			client: func(c *client) {
				c.send(get("/1", ""))
				c.event("req close")
				c.send(get("/2", ""))
			},
			wire: answer("/1") + answer("/2"), events: unread + "; request; res2 finish; res2 close; req2 end; req2 close",
		},
		{
			name: "answers leave in the order of their requests, in one piece",
			handler: func(x *stage, q request, r response) {
				all := waiting[x]
				all = append(all, func() {
					x.mark("end " + q.URL())
					r.EndString(q.URL())
				})
				if waiting[x] = all; len(all) == 3 {
					x.immediately(func() {
						all[2]()
						x.immediately(func() {
							all[1]()
							x.immediately(all[0])
						})
					})
				}
			},
			client: sends(get("/1", "") + get("/2", "") + get("/3", "")), wire: answer("/1") + answer("/2") + answer("/3"),
			events: "request; request; request; * end /3; * end /2; * end /1; " + three, writes: 1,
		},
		{
			name: "the answers of one turn leave in one system call", handler: endURL,
			client: sends(get("/1", "") + get("/2", "") + get("/3", "")), wire: answer("/1") + answer("/2") + answer("/3"),
			events: "request; request; request; " + three, writes: 1, whole: true,
		},
		{
			name: "what is written to a response that waits is kept",
			handler: func(x *stage, q request, r response) {
				if q.URL() == "/1" {
					x.kept = r
					return
				}
				x.mark(fmt.Sprint(r.WriteChunk([]byte("two"), nil), r.WritableLength() > 0))
				r.End()
				x.immediately(func() { x.kept.EndString("/1") })
			},
			client: sends(get("/1", "") + get("/2", "")),
			wire:   answer("/1") + "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||3|two|0||",
			events: "request; request; * true true; " + strings.TrimPrefix(two, "request; request; "),
		},
		{
			name: "a response that waits says wait at its mark, and drains when its turn comes",
			handler: func(x *stage, q request, r response) {
				if q.URL() == "/1" {
					x.kept = r
					return
				}
				x.mark(fmt.Sprint(r.WriteChunk([]byte(strings.Repeat("z", 20000)), nil), r.WritableNeedDrain()))
				r.OnDrain(func() { r.End() })
				x.immediately(func() {
					x.mark("end /1")
					x.kept.EndString("/1")
				})
			},
			client: sends(get("/1", "") + get("/2", "")), whole: true,
			wire: answer("/1") + "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||4e20|" + strings.Repeat("z", 20000) + "|0||",
			events: "request; request; * false true; * end /1; res finish; res2 drain; res close; res2 finish; req end; " +
				"res2 close; req2 end; req close; req2 close",
		},
		{
			name:    "the last request of a socket is answered with close, and no more is looked at",
			options: httpcore.ServerOptions{MaxRequestsPerSocket: 2}, handler: endURL,
			client: sends(get("/1", "") + get("/2", "") + get("/3", "")), ends: true,
			wire: "HTTP/1.1 200 OK|Date: -|Connection: keep-alive|Keep-Alive: timeout=5, max=2|Content-Length: 2||/1" +
				"HTTP/1.1 200 OK|" + last + "Content-Length: 2||/2",
			events: two,
		},
		{
			name: "what comes behind a Connection: close is no request", handler: endURL,
			client: sends(get("/1", "Connection: close\r\n") + get("/2", "")), ends: true,
			wire: "HTTP/1.1 200 OK|" + last + "Content-Length: 2||/1", events: unread,
		},
		{
			name: "an idle connection is closed", options: httpcore.ServerOptions{IdleTimeout: time.Millisecond}, handler: endURL,
			ends: true, wire: "HTTP/1.1 200 OK|Date: -|Connection: keep-alive|Keep-Alive: timeout=0|Content-Length: 1||/",
			events: unread,
		},
		{
			name: "an empty line between requests is skipped", handler: endURL,
			client: sends(get("/1", "") + "\r\n" + get("/2", "")), wire: answer("/1") + answer("/2"), events: two, whole: true,
		},
		{
			name: "a client that ends its side is done with when the server is told so", options: httpcore.ServerOptions{CloseOnFIN: true},
			client: func(c *client) {
				c.send(get("/", ""))
				c.fin()
			},
			ends: true, events: "request; req aborted; res close; req close",
		},
		{
			name: "a client that ends its side gets its answer all the same, with close",
			handler: func(x *stage, q request, r response) {
				context := q.Context()
				var look func()
				look = func() {
					if context.Err() == nil {
						x.immediately(look)
						return
					}
					r.EndString("late")
				}
				look()
			},
			client: func(c *client) {
				c.send(get("/", ""))
				c.fin()
			},
			ends: true, wire: "HTTP/1.1 200 OK|" + last + "Content-Length: 4||late", events: unread,
		},
		{
			name: "a response behind a destroyed one is destroyed with it",
			handler: func(x *stage, q request, r response) {
				q.Resume()
				if q.URL() == "/1" {
					x.kept = r
					return
				}
				r.WriteChunk([]byte("two"), x.told("two"))
				x.after(5*time.Millisecond, func() { x.kept.Destroy(nil) })
				r.OnClose(func() {
					_, err := r.Write([]byte("x"))
					x.mark(fmt.Sprint(r.Destroyed(), " ", stream.CodeOf(err), " ", r.WriteChunk([]byte("x"), x.told("x"))))
				})
			},
			client: sends(get("/1", "") + get("/2", "")), ends: true,
			events: "request; request; req end; req2 end; req close; req2 close; res close; * two ERR_STREAM_DESTROYED; res2 close; " +
				"* true ERR_STREAM_DESTROYED false; * x ERR_STREAM_DESTROYED",
		},
	})
}

func TestPipeliningLooksAheadWithinBounds(t *testing.T) {
	for _, together := range []bool{true, false} {
		sc := scene{
			options: httpcore.ServerOptions{HighWaterMark: 16 << 10},
			handler: func(x *stage, q request, r response) {
				x.count++
				x.mark(fmt.Sprint(x.count))
				if q.URL() == "/0" {
					x.kept = r
					return
				}
				r.EndString(strings.Repeat("z", 10000))
			},
		}
		x := newStage(t, sc, false)
		c := x.dial()
		all := ""
		for i := range 50 {
			if one := get(fmt.Sprint("/", i), ""); together {
				all += one
			} else {
				c.send(one)
			}
		}
		c.send(all)
		c.event("* 1")
		x.barrier()
		before := make(chan int)
		x.l.Post(func() {
			x.after(20*time.Millisecond, func() {
				before <- x.count
				x.kept.EndString("first")
			})
		})
		if n := <-before; n < 1 || n > 4 {
			t.Errorf("%d requests were looked at while the first was not answered, want 4 at most", n)
		}
		c.times(50, "HTTP/1.1 200 OK")
		c.event("* 50")
	}
}
