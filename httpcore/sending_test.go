package httpcore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
)

const lastChunk = "0\r\n\r\n"

func fields(f ...string) httpcore.RequestOptions { return httpcore.RequestOptions{Header: f} }

func TestARequestOnTheWire(t *testing.T) {
	run(t, []errand{
		{
			name: "P01: a GET", wire: plainGET, events: answered,
		},
		{
			name: "P02: without keep-alive a request says so", agent: httpcore.AgentOptions{NoKeepAlive: true},
			wire: "GET / HTTP/1.1|Host: -|Connection: close||", ends: true,
			events: "req socket; req finish; req response 200; res data ok; res end; res close; req close",
		},
		{
			name: "P03: a body given to End has a length", method: "POST", body: func(_ *trip, q call) { q.EndString("abc") },
			wire: "POST / HTTP/1.1|" + kept + "Content-Length: 3||abc", events: answered,
		},
		{
			name: "P04: a body in pieces is chunked", method: "POST",
			body: func(_ *trip, q call) {
				q.WriteString("a")
				q.EndString("b")
			},
			peer: repliesTo(lastChunk, plain),
			wire: "POST / HTTP/1.1|" + kept + "Transfer-Encoding: chunked||1|a|1|b|0||", events: answered,
		},
		{
			name: "P05: a POST without a body has a length of 0", method: "POST",
			wire: "POST / HTTP/1.1|" + kept + "Content-Length: 0||", events: answered,
		},
		{
			name: "P06: a GET with a body has a length", body: func(_ *trip, q call) { q.EndString("abc") },
			peer: repliesTo("abc", plain), wire: "GET / HTTP/1.1|" + kept + "Content-Length: 3||abc", events: answered,
		},
		{
			name: "P07: a GET with a body in pieces is chunked",
			body: func(_ *trip, q call) {
				q.WriteString("a")
				q.EndString("b")
			},
			peer: repliesTo(lastChunk, plain),
			wire: "GET / HTTP/1.1|" + kept + "Transfer-Encoding: chunked||1|a|1|b|0||", events: answered,
		},
		{
			name: "P08: a length set by hand is kept", method: "DELETE", options: fields("Content-Length", "3"),
			body: func(_ *trip, q call) { q.EndString("abc") }, peer: repliesTo("abc", plain),
			wire: "DELETE / HTTP/1.1|Host: -|Content-Length: 3|Connection: keep-alive||abc", events: answered,
		},
		{
			name: "P09: a coding set by hand is kept", options: fields("Transfer-Encoding", "chunked"),
			body: func(_ *trip, q call) {
				q.WriteString("a")
				q.End()
			},
			peer: repliesTo(lastChunk, plain),
			wire: "GET / HTTP/1.1|Host: -|Transfer-Encoding: chunked|Connection: keep-alive||1|a|0||", events: answered,
		},
		{
			name: "P10: a body in pieces with a length is sent as it is", method: "PUT", options: fields("Content-Length", "4"),
			body: func(_ *trip, q call) {
				q.WriteString("ab")
				q.WriteString("c")
				q.EndString("d")
			},
			peer: repliesTo("abcd", plain),
			wire: "PUT / HTTP/1.1|Host: -|Content-Length: 4|Connection: keep-alive||abcd", events: answered,
		},
		{
			name: "P11: FlushHeaders sends the head before the body", method: "POST",
			body: func(x *trip, q call) {
				q.FlushHeaders()
				q.OnSocket(func() { go waitFor(x, "Transfer-Encoding: chunked\r\n\r\n", func() { q.EndString("x") }) })
			},
			peer: repliesTo(lastChunk, plain),
			wire: "POST / HTTP/1.1|" + kept + "Transfer-Encoding: chunked||1|x|0||", events: answered,
		},
		{
			name: "P12: nothing is sent before End", method: "POST",
			body: func(x *trip, q call) {
				q.SetHeader("X-A", "1")
				q.OnSocket(func() {
					x.after(30*time.Millisecond, func() {
						x.mu.Lock()
						if got := x.wire(); got != "" {
							x.t.Errorf("before End: got %q on the wire", got)
						}
						x.mu.Unlock()
						q.SetHeader("X-A", "2")
						q.End()
					})
				})
			},
			wire: "POST / HTTP/1.1|Host: -|X-A: 2|Connection: keep-alive|Content-Length: 0||", events: answered,
		},
		{
			name: "P13: methods that have no body as a rule do not say so",
			run: func(x *trip) {
				methods := []string{"HEAD", "OPTIONS", "TRACE", "PATCH"}
				var next func()
				next = func() {
					if len(methods) == 0 {
						x.mark("done")
						return
					}
					q, err := httpcore.NewRequest(x.l, methods[0], "http://"+x.addr+"/", httpcore.RequestOptions{Agent: x.a})
					if err != nil {
						x.t.Error(err)
						return
					}
					methods = methods[1:]
					q.OnClose(next)
					q.End()
				}
				next()
			},
			peer: func(p *peer) {
				for n := 1; n <= 4; n++ {
					p.times(n, head)
					p.send("HTTP/1.1 204 No Content\r\n\r\n")
				}
			},
			wire: "HEAD / HTTP/1.1|" + kept + "|OPTIONS / HTTP/1.1|" + kept + "|TRACE / HTTP/1.1|" + kept + "|PATCH / HTTP/1.1|" + kept +
				"Content-Length: 0||",
			events: "* done",
		},
		{
			name: "P14: fields keep their order and case, and a user in the URL is sent",
			run: func(x *trip) {
				o := fields("X-A", "1", "X-A", "2", "Cookie", "a=1; b=2", "x-b", "3")
				o.Agent = x.a
				q, err := httpcore.NewRequest(x.l, "GET", "http://u:p@"+x.addr+"/p?q=1#f", o)
				if err != nil {
					x.t.Error(err)
					return
				}
				q.OnClose(func() { x.mark("done") })
				q.End()
			},
			events: "* done",
			wire:   "GET /p?q=1 HTTP/1.1|Host: -|X-A: 1|X-A: 2|Cookie: a=1; b=2|x-b: 3|Authorization: Basic dTpw|Connection: keep-alive||",
		},
		{
			name: "P15: a Host set by hand stays where it is", options: fields("X-A", "1", "Host", "h", "X-A", "2"),
			wire: "GET / HTTP/1.1|X-A: 1|Host: h|X-A: 2|Connection: keep-alive||", events: answered,
		},
		{
			name: "P16: a Host that was removed is sent all the same",
			body: func(_ *trip, q call) {
				q.RemoveHeader("Host")
				q.End()
			},
			wire: plainGET, events: answered,
		},
		{
			name: "P17: a request that expects a 100 sends its head at once, and says when it comes", method: "POST",
			options: fields("Expect", "100-continue"),
			body:    func(_ *trip, q call) { q.OnContinue(func() { q.EndString("body") }) },
			peer: func(p *peer) {
				p.until(head)
				p.send("HTTP/1.1 100 Continue\r\n\r\n")
				p.until(lastChunk)
				p.send(plain)
			},
			wire:   "POST / HTTP/1.1|Host: -|Expect: 100-continue|Connection: keep-alive|Transfer-Encoding: chunked||4|body|0||",
			events: "req socket; req continue; req information 100; " + usual,
		},
		{
			name: "a body that is there waits for the 100", method: "POST", options: fields("Expect", "100-continue"),
			body: func(x *trip, q call) {
				q.WriteChunk([]byte("bo"), x.told("bo"))
				q.EndWith([]byte("dy"), x.told("dy"))
			},
			peer: func(p *peer) {
				p.until(head)
				p.x.barrier()
				p.x.mark("asked")
				p.x.mu.Lock()
				if !strings.HasSuffix(p.text, head) {
					p.x.t.Errorf("before the 100: got %q", p.text)
				}
				p.x.mu.Unlock()
				p.send("HTTP/1.1 100 Continue\r\n\r\n")
				p.until(lastChunk)
				p.send(plain)
			},
			wire: "POST / HTTP/1.1|Host: -|Expect: 100-continue|Connection: keep-alive|Transfer-Encoding: chunked||2|bo|2|dy|0||",
			events: "req socket; * asked; req continue; req information 100; * bo; req finish; * dy; req response 200; res data ok; " +
				"res end; req close; res close",
		},
		{
			name: "a body that is not asked for is not sent", method: "POST", options: fields("Expect", "100-continue", "Content-Length", "4"),
			body: func(x *trip, q call) { q.EndWith([]byte("body"), x.told("end")) },
			peer: replies("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno"),
			wire: "POST / HTTP/1.1|Host: -|Expect: 100-continue|Content-Length: 4|Connection: keep-alive||", ends: true,
			events: "req socket; req response 417; res data no; res end; res close; * end ERR_STREAM_DESTROYED; req close",
		},
		{
			name: "P18: trailers", method: "POST", options: fields("Trailer", "X-T"),
			body: func(x *trip, q call) {
				q.WriteString("a")
				q.AddTrailer("X-T", "v")
				q.End()
			},
			peer:   repliesTo("X-T: v\r\n\r\n", plain),
			wire:   "POST / HTTP/1.1|Host: -|Trailer: X-T|Connection: keep-alive|Transfer-Encoding: chunked||1|a|0|X-T: v||",
			events: answered,
		},
		{
			name: "P21: the order of what a body is told, P20: in one piece", method: "POST",
			body: func(x *trip, q call) {
				x.mark(fmt.Sprint(q.WriteChunk([]byte("a"), x.told("a"))))
				x.mark(fmt.Sprint(q.WriteChunk([]byte("b"), x.told("b")), q.WritableLength() > 0))
				q.EndWith([]byte("c"), x.told("end"))
				x.mark("returned")
				q.OnResponse(func(answer) {
					if n := x.l.Metrics().Writes; n > 1 { // none over the pair
						x.t.Errorf("it took %d writes", n)
					}
				})
			},
			peer: repliesTo(lastChunk, plain), whole: true,
			wire: "POST / HTTP/1.1|" + kept + "Transfer-Encoding: chunked||1|a|1|b|1|c|0||",
			events: "* true; * true true; * returned; req socket; * a; * b; req finish; * end; req response 200; res data ok; res end; " +
				"req close; res close",
		},
	})
}

// waitFor calls fn on the loop when the peer has got a text.
func waitFor(x *trip, text string, fn func()) {
	x.try("the text "+text, func() bool { return len(x.peers) > 0 && strings.Contains(x.last().text, text) })
	x.l.Post(fn)
}
