package httpcore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
)

// silent waits for a head and answers nothing.
func silent(p *peer) {
	p.until(head)
	p.closed()
}

func TestARequestThatFails(t *testing.T) {
	const (
		part     = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"
		begun    = "req socket; req finish; req response 200; res data abc; "
		early    = "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n"
		chunkedP = "POST / HTTP/1.1|" + kept + "Transfer-Encoding: chunked||1|a|"
	)
	boom := errors.New("boom")
	// partly waits until 3 bytes of the body were read, and then calls fn.
	partly := func(fn func(x *trip, q call)) func(x *trip, q call) {
		return func(x *trip, q call) {
			q.OnResponse(func(r answer) {
				r.OnData(func([]byte) {
					if r.Aborted() {
						return
					}
					x.after(0, func() { fn(x, q) })
				})
			})
			q.End()
		}
	}
	// sent waits until the peer has the head, and then calls fn.
	sent := func(fn func(q call)) func(x *trip, q call) {
		return func(x *trip, q call) {
			q.OnFinish(func() { x.after(20*time.Millisecond, func() { fn(q) }) })
			q.End()
		}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	run(t, []errand{
		{
			name: "R02: a server that ends its side without an answer", peer: finishes(""),
			wire: plainGET, ends: true, events: "req socket; req finish; req error ECONNRESET; req close",
		},
		{
			name: "R04: a server that ends its side inside a head", peer: finishes("HTTP/1.1 200 OK\r\nContent-Le"),
			wire: plainGET, ends: true, events: "req socket; req finish; req error ECONNRESET; req close",
		},
		{
			name: "R05: a server that ends its side inside a body, and nobody listens for errors", peer: finishes(part),
			wire: plainGET, ends: true, events: begun + "res aborted; req close; res close",
		},
		{
			name: "R06: the same, and somebody does, R30: what the answer is then", peer: finishes(part),
			answer: func(x *trip, r answer) {
				r.OnError(func(err error) {
					x.mark(fmt.Sprint(err, errors.Is(err, httpcore.ErrAborted), r.Complete(), r.Aborted()))
				})
				x.errors(r)
				r.OnClose(func() { x.mark(fmt.Sprint(r.Destroyed(), r.ReadableEnded(), codeOf(r.Errored()))) })
			},
			wire: plainGET, ends: true,
			events: begun + "res aborted; req close; * httpcore: aborted true false true; res error ECONNRESET; res close; " +
				"* true falseECONNRESET",
		},
		{
			name:   "R07: a server that ends its side inside a chunked body",
			peer:   finishes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
			answer: func(x *trip, r answer) { x.errors(r) },
			wire:   plainGET, ends: true, events: begun + "res aborted; req close; res error ECONNRESET; res close",
		},
		{
			name: "R03: a server that resets without an answer",
			peer: func(p *peer) {
				p.until(head)
				p.event("req finish")
				p.reset()
			},
			wire: plainGET, ends: true, events: "req socket; req finish; req error ECONNRESET; req close", whole: true,
		},
		{
			name: "R08: a server that resets inside a body",
			peer: func(p *peer) {
				p.until(head)
				p.send(part)
				p.event("res data abc")
				p.reset()
			},
			answer: func(x *trip, r answer) { x.errors(r) },
			wire:   plainGET, ends: true, whole: true,
			events: begun + "req error ECONNRESET; res aborted; req close; res error ECONNRESET; res close",
		},
		{
			name: "R09: an answer that is none", peer: replies("HTTP/1.1 2x0 OK\r\n\r\n"),
			wire: plainGET, ends: true, events: "req socket; req finish; req error HPE_INVALID_STATUS; req close",
		},
		{
			name: "R10: a chunk that is none, behind one that is one", answer: func(x *trip, r answer) { x.errors(r) },
			peer: replies("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"),
			wire: plainGET, ends: true,
			events: begun + "req error HPE_INVALID_CHUNK_SIZE; res aborted; req close; res error ECONNRESET; res close",
		},
		{
			name: "R11: a head beyond the limit", peer: replies("HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 17000) + "\r\n\r\n"),
			wire: plainGET, ends: true, whole: true, // 17,000 turns
			events: "req socket; req finish; req error HPE_HEADER_OVERFLOW; req close",
		},
		{
			name: "a body of nobody's that is long ends the connection", whole: true,
			run:  func(x *trip) { x.ask("GET", "/", httpcore.RequestOptions{}).End() },
			peer: replies("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n" + strings.Repeat("a", 400_000)),
			wire: plainGET, ends: true, events: "req socket; req finish; req error ERR_HTTP_BODY_TOO_LARGE; req close",
		},
		{
			name: "R14: a request that is destroyed while it waits", peer: silent, body: sent(func(q call) { q.Destroy(nil) }),
			wire: plainGET, ends: true, events: "req socket; req finish; req error ECONNRESET; req close",
		},
		{
			name: "R15: a request that is destroyed with an error while it waits", peer: silent,
			body: sent(func(q call) { q.Destroy(boom) }),
			wire: plainGET, ends: true, events: "req socket; req finish; req error boom; req close",
		},
		{
			name: "R16: a request that is destroyed inside its answer", peer: replies(part), whole: true,
			answer: func(x *trip, r answer) { x.errors(r) },
			body:   partly(func(_ *trip, q call) { q.Destroy(nil) }),
			wire:   plainGET, ends: true, events: begun + "res aborted; req close; res error ECONNRESET; res close",
		},
		{
			name: "a request that is destroyed with an error inside its answer", peer: replies(part), whole: true,
			answer: func(x *trip, r answer) { x.errors(r) },
			body:   partly(func(_ *trip, q call) { q.Destroy(boom) }),
			wire:   plainGET, ends: true,
			events: begun + "req error boom; res aborted; req close; res error ECONNRESET; res close",
		},
		{
			name: "a request that is destroyed with its answer received and not read", peer: replies(plain), whole: true,
			answer: func(x *trip, r answer) {
				x.errors(r)
				r.Pause()
			},
			body: func(x *trip, q call) {
				q.OnResponse(func(answer) { x.after(0, func() { q.Destroy(boom) }) })
				q.End()
			},
			wire: plainGET, ends: true,
			events: "req socket; req finish; req response 200; req error boom; res aborted; req close; res error ECONNRESET; res close",
		},
		{
			name: "R17: an answer that is destroyed", peer: replies(part), whole: true,
			answer: func(x *trip, r answer) { x.errors(r) },
			body:   partly(func(_ *trip, q call) { q.Response().Destroy(nil) }),
			wire:   plainGET, ends: true, events: begun + "res aborted; res close; req close",
		},
		{
			name: "R18: an answer that is destroyed with an error", peer: replies(part), whole: true,
			answer: func(x *trip, r answer) { x.errors(r) },
			body:   partly(func(_ *trip, q call) { q.Response().Destroy(boom) }),
			wire:   plainGET, ends: true, events: begun + "res aborted; req error boom; res error boom; res close; req close",
		},
		{
			name: "R20: a context that ends", options: httpcore.RequestOptions{Context: ctx},
			peer: func(p *peer) {
				p.until(head)
				p.event("req finish")
				cancel(boom)
			},
			body: func(x *trip, q call) {
				q.OnError(func(err error) { x.mark(fmt.Sprint(errors.Is(err, httpcore.ErrCanceled), errors.Is(err, boom))) })
				q.End()
			},
			wire: plainGET, ends: true, whole: true, events: "req socket; req finish; req error ABORT_ERR; * true true; req close",
		},
		{
			name: "R21: an answer that comes early", method: "POST",
			body: func(x *trip, q call) {
				q.WriteString("a")
				q.OnResponse(func(r answer) {
					r.OnClose(func() { q.EndString("b") })
				})
			},
			peer: func(p *peer) {
				p.until("a\r\n")
				p.send(early)
				p.until(lastChunk)
			},
			wire: chunkedP + "1|b|0||", events: "req socket; req response 413; res end; res close; req finish; req close",
		},
		{
			name: "R22: an answer that comes early, and the end", method: "POST",
			body: func(x *trip, q call) {
				q.WriteString("a")
				q.OnClose(func() {
					x.mark(fmt.Sprint(q.WriteChunk([]byte("b"), x.told("b")), q.Destroyed()))
					q.EndWith(nil, x.told("end"))
				})
			},
			peer: func(p *peer) {
				p.until("a\r\n")
				p.send(strings.Replace(early, head, "\r\nConnection: close"+head, 1))
				p.fin()
			},
			wire: chunkedP, ends: true,
			events: "req socket; req response 413; res end; res close; req close; * false true; * b ERR_STREAM_DESTROYED; " +
				"* end ERR_STREAM_DESTROYED",
		},
		{
			name: "an answer that comes early, and the end of all", method: "POST", whole: true,
			body: func(x *trip, q call) {
				q.EndWith(make([]byte, 16<<20), func(err error) { x.mark(fmt.Sprint(err != nil)) })
			},
			peer: func(p *peer) {
				p.until(head)
				p.pause(true)
				p.send(strings.Replace(early, head, "\r\nConnection: close"+head, 1))
				p.c.Close() // with much unread: a reset
				p.pause(false)
				p.closed()
				p.forget()
			},
			ends: true, events: "req socket; req response 413; res end; res close; * true; req close",
		},
		{
			name: "an error that nobody listens for is the loop's", peer: finishes(""),
			run:  func(x *trip) { x.bare("GET").End() },
			wire: plainGET, ends: true, events: "! ECONNRESET",
		},
		{
			name: "R23: a server that resets during an upload", method: "POST",
			body: func(x *trip, q call) {
				var more func()
				more = func() {
					if !q.Destroyed() {
						q.WriteChunk(make([]byte, 1000), nil)
						x.after(5*time.Millisecond, more)
					}
				}
				more()
			},
			peer: func(p *peer) {
				p.until(head)
				p.reset()
				p.forget()
			},
			ends: true, whole: true, events: "req socket; req error ECONNRESET; req close",
		},
		{
			name: "R24: a write behind the end", method: "POST",
			body: func(x *trip, q call) {
				q.EndString("a")
				x.mark(fmt.Sprint(q.WriteChunk([]byte("b"), x.told("b"))))
			},
			peer: repliesTo("a", plain), wire: "POST / HTTP/1.1|" + kept + "Content-Length: 1||a", whole: true,
			events: "* false; * b ERR_STREAM_WRITE_AFTER_END; req error ERR_STREAM_WRITE_AFTER_END; " + answered,
		},
		{
			name: "R25: a time-out tells, and nothing else", options: httpcore.RequestOptions{Timeout: 50 * time.Millisecond},
			body: func(_ *trip, q call) {
				q.OnTimeout(func() { q.SetTimeout(0, nil) }) // once: the peer's answer may take as long again
				q.End()
			},
			peer: func(p *peer) {
				p.until(head)
				p.event("req timeout")
				p.send(plain)
			},
			wire: plainGET, events: "req socket; req finish; req timeout; req response 200; res data ok; res end; req close; res close",
		},
		{
			name: "R26: a time-out that destroys", peer: silent,
			body: func(_ *trip, q call) {
				q.SetTimeout(50*time.Millisecond, func() { q.Destroy(nil) })
				q.End()
			},
			wire: plainGET, ends: true, events: "req socket; req finish; req timeout; req error ECONNRESET; req close",
		},
		{
			name: "R27: a large upload drains", method: "POST",
			body: func(x *trip, q call) {
				x.mark(fmt.Sprint(q.WriteChunk(make([]byte, 3<<20), x.told("written")), q.WritableNeedDrain()))
				q.OnDrain(func() { q.End() })
			},
			peer: func(p *peer) {
				p.until("\r\n0\r\n\r\n")
				p.forget()
				p.send(plain)
			},
			whole: true, events: "* false true; req socket; req drain; * written; " + usual,
		},
		{
			name: "R28: Finished tells of a request and its answer",
			body: func(x *trip, q call) {
				stream.Finished(q, stream.FinishedOptions{}, x.told("request"))
				q.End()
			},
			answer: func(x *trip, r answer) { stream.Finished(r, stream.FinishedOptions{}, x.told("answer")) },
			wire:   plainGET, events: "req socket; req finish; req response 200; res data ok; res end; req close; * request; res close; * answer",
		},
		{
			name: "R29: Finished tells of an answer that was cut off", peer: finishes(part),
			answer: func(x *trip, r answer) { stream.Finished(r, stream.FinishedOptions{}, x.told("answer")) },
			wire:   plainGET, ends: true, events: begun + "res aborted; req close; * answer ECONNRESET; res close", whole: true,
		},
		{
			name: "Pipeline takes a request as its last stream", method: "POST",
			body: func(x *trip, q call) {
				src := stream.NewPassThrough(x.l, stream.PassThroughOptions{})
				stream.Pipeline(x.told("pipeline"), src, q)
				src.EndWith([]byte("abc"), nil)
			},
			peer: repliesTo(lastChunk, plain), wire: "POST / HTTP/1.1|" + kept + "Transfer-Encoding: chunked||3|abc|0||", whole: true,
			events: "req socket; req finish; req response 200; res data ok; res end; req close; * pipeline; res close",
		},
	})
}

func TestARequestThatNeverGetsAConnection(t *testing.T) {
	x := newTrip(t, httpcore.AgentOptions{}, "", silent)
	refused := func() call {
		x.ln.Close()
		return x.call("GET", "/", httpcore.RequestOptions{}, nil)
	}
	for _, c := range []struct {
		name, events string
		do           func()
	}{
		{
			"R12: destroyed before it has one", "* returned; req error ECONNRESET; req close",
			func() {
				q := x.call("GET", "/", httpcore.RequestOptions{}, nil)
				q.End()
				q.Destroy(nil)
				x.mark("returned")
			},
		},
		{
			"R13: destroyed with an error before it has one", "req2 error mine; req2 close",
			func() {
				q := x.call("GET", "/", httpcore.RequestOptions{}, nil)
				q.End()
				q.Destroy(errors.New("mine"))
			},
		},
		{
			"R01: refused", "req3 error ECONNREFUSED; req3 close",
			func() { refused().End() },
		},
		{
			"refused, with a body under way", "* a ECONNREFUSED; * end ECONNREFUSED; req4 error ECONNREFUSED; req4 close",
			func() {
				q := refused()
				q.WriteChunk([]byte("a"), x.told("a"))
				q.EndWith(nil, x.told("end"))
			},
		},
	} {
		x.mu.Lock()
		x.events = nil
		x.mu.Unlock()
		x.on(c.do)
		x.try("the end", func() bool { return len(x.events) >= strings.Count(c.events, ";")+1 })
		x.barrier()
		x.mu.Lock()
		if got := strings.Join(x.events, "; "); got != c.events {
			t.Errorf("%s\n got %s\nwant %s", c.name, got, c.events)
		}
		x.mu.Unlock()
		if got := x.pool(); got != "0 used, 0 free, 0 queued" {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}
