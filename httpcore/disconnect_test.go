package httpcore_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
)

func TestALostClient(t *testing.T) {
	const ten = "Content-Length: 10\r\n"
	read := func(x *stage, q request, _ response) { x.data(q) }
	readWithErrors := func(x *stage, q request, _ response) {
		x.data(q)
		x.errors(q, nil)
	}
	// sends part of a body, and then does something.
	then := func(what func(*client)) func(*client) {
		return func(c *client) {
			c.send(post(ten, "abc"))
			c.event("req data abc")
			what(c)
		}
	}
	later := func(x *stage, fn func()) { x.after(5*time.Millisecond, fn) }
	part := "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||4|part|"
	onFIN := httpcore.ServerOptions{CloseOnFIN: true}
	play(t, []scene{
		{
			name: "a reset inside a body is an error for who listens", handler: readWithErrors, client: then((*client).abort),
			ends: true, events: "request; req data abc; req aborted; res close; req error ECONNRESET; req close", whole: true,
		},
		{
			name: "a reset inside a body is no uncaught error", handler: read, client: then((*client).abort),
			ends: true, events: "request; req data abc; req aborted; res close; req close", whole: true,
		},
		{
			name: "a FIN inside a body is a bad request", handler: read, client: then((*client).fin), ends: true, whole: true,
			wire:   "HTTP/1.1 400 Bad Request|" + last + "Content-Length: 0||",
			events: "request; req data abc; req aborted; res close; req close",
		},
		{
			name: "a client that disconnects has its response closed", options: onFIN,
			handler: func(x *stage, q request, r response) {
				q.Resume()
				r.OnClose(func() {
					x.mark(fmt.Sprint(r.WritableFinished(), r.WriteChunk([]byte("x"), x.told("x"))))
				})
			},
			client: func(c *client) {
				c.send(get("/", ""))
				c.event("req close")
				c.close()
			},
			ends: true, events: "request; req end; req close; res close; * false false; * x ERR_STREAM_DESTROYED",
		},
		{
			name: "a client that resets inside a response has that closed",
			handler: func(x *stage, q request, r response) {
				q.Resume()
				var more func()
				more = func() {
					if !r.Closed() {
						r.WriteChunk([]byte("x"), nil)
						x.immediately(more)
					}
				}
				r.OnClose(func() { x.mark("closed") })
				more()
			},
			client: func(c *client) {
				c.send(get("/", ""))
				c.until("x")
				c.abort()
				c.event("* closed")
				c.x.mu.Lock()
				c.text = ""
				c.x.mu.Unlock()
			},
			ends: true, events: "request; req end; req close; res close; * closed", whole: true,
		},
		{
			name: "a response that is destroyed in its midst does not look whole",
			handler: func(x *stage, q request, r response) {
				q.Resume()
				r.WriteString("part")
				later(x, func() {
					r.Destroy(nil)
					x.mark(fmt.Sprint(r.Destroyed(), r.Closed()))
				})
			},
			ends: true, wire: part, events: "request; req end; req close; * true false; res close", whole: true,
		},
		{
			name: "a response that is destroyed with an error tells who listens",
			handler: func(x *stage, q request, r response) {
				q.Resume()
				x.errors(nil, r)
				r.WriteString("part")
				later(x, func() { r.Destroy(errors.New("boom")) })
			},
			ends: true, wire: part, events: "request; req end; req close; res error boom; res close", whole: true,
		},
		{
			name: "an error that a response is destroyed with is uncaught if nobody listens",
			handler: func(x *stage, q request, r response) {
				q.Resume()
				r.WriteString("part")
				later(x, func() { r.Destroy(errors.New("boom")) })
			},
			ends: true, wire: part, events: "request; req end; req close; ! boom; res close", whole: true,
		},
		{
			name: "a request that is destroyed when it is over leaves its response alone",
			handler: func(x *stage, q request, r response) {
				q.Resume()
				r.WriteString("part")
				later(x, func() {
					q.Destroy(nil)
					x.immediately(func() { r.End() })
				})
			},
			wire: part + "0||", events: "request; req end; req close; res finish; res close",
		},
		{
			name: "a request that is destroyed inside its body takes the connection with it",
			handler: func(x *stage, q request, _ response) {
				x.data(q)
				q.OnData(func([]byte) { x.immediately(func() { q.Destroy(nil) }) })
			},
			client: sends(post(ten, "abc")), ends: true, whole: true,
			events: "request; req data abc; req aborted; req close; res close",
		},
		{
			name: "a request that is destroyed with an error inside its body tells who listens",
			handler: func(x *stage, q request, _ response) {
				x.data(q)
				x.errors(q, nil)
				q.OnData(func([]byte) { x.immediately(func() { q.Destroy(errors.New("boom")) }) })
			},
			client: sends(post(ten, "abc")), ends: true, whole: true,
			events: "request; req data abc; req aborted; req error boom; req close; res close",
		},
		{
			name: "all responses of a client that disconnects are closed", options: onFIN,
			handler: func(_ *stage, q request, _ response) { q.Resume() },
			client: func(c *client) {
				c.send(get("/1", "") + get("/2", ""))
				c.event("req2 close")
				c.close()
			},
			ends: true, events: "request; request; req end; req2 end; req close; req2 close; res close; res2 close",
		},
		{
			name: "Finished tells of a response that was sent, and of one that was not", options: onFIN,
			handler: func(x *stage, q request, r response) {
				q.Resume()
				stream.Finished(r, stream.FinishedOptions{}, x.told("finished "+q.URL()))
				if q.URL() == "/1" {
					r.EndString("ok")
				}
			},
			client: func(c *client) {
				c.send(get("/1", ""))
				c.event("req close")
				c.until("ok")
				c.send(get("/2", ""))
				c.event("req2 close")
				c.close()
			},
			ends: true, wire: ok,
			events: "request; res finish; req end; res close; * finished /1; req close; request; req2 end; req2 close; res2 close; " +
				"* finished /2 ERR_STREAM_PREMATURE_CLOSE",
		},
		{
			name: "Finished tells of a request that was received, and of one that was not",
			handler: func(x *stage, q request, r response) {
				x.data(q)
				stream.Finished(q, stream.FinishedOptions{}, x.told("finished "+q.URL()))
				if q.URL() == "/1" {
					q.OnEnd(func() { r.EndString("ok") })
				}
			},
			client: func(c *client) {
				c.send("POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na")
				c.event("* finished /1")
				c.until("ok")
				c.send("POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\na")
				c.event("req2 data a")
				c.abort()
			},
			ends: true, wire: ok, whole: true,
			events: "request; req data a; req end; res finish; res close; req close; * finished /1; request; req2 data a; " +
				"req2 aborted; res2 close; * finished /2 ECONNRESET; req2 close",
		},
		{
			name:    "Pipeline tells that the client was lost inside the body",
			handler: func(x *stage, q request, r response) { stream.Pipeline(x.told("pipeline"), q, r) },
			client: func(c *client) {
				c.send(post(ten, "abc"))
				c.until("abc")
				c.x.mu.Lock()
				c.text = ""
				c.x.mu.Unlock()
				c.abort()
			},
			ends: true, whole: true,
			events: "request; res pipe; req aborted; res close; res unpipe; * pipeline ERR_STREAM_PREMATURE_CLOSE; req close",
		},
		{
			name: "what waits when the client resets is told so, and there is no 'finish'",
			handler: func(x *stage, q request, r response) {
				q.Resume()
				x.mark(fmt.Sprint(r.WriteChunk(make([]byte, 16<<20), x.told("write"))))
				r.EndWith([]byte("tail"), x.told("end"))
				r.OnClose(func() { x.mark(fmt.Sprint(r.WritableEnded(), r.WritableFinished())) })
			},
			client: func(c *client) {
				c.pause(true)
				c.send(get("/", ""))
				c.event("req close")
				c.abort()
				c.pause(false)
			},
			ends: true, whole: true,
			events: "request; * false; req end; req close; * write ECONNRESET; * end ECONNRESET; res close; * true false",
		},
	})
}
