package httpcore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
)

func TestAnAnswer(t *testing.T) {
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
	upgrade := fields("Connection", "Upgrade", "Upgrade", "foo")
	const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n"
	sending := make(chan struct{})
	run(t, []errand{
		{name: "Q01: a connection that is kept", wire: plainGET, events: answered},
		{
			name: "Q02: a connection that is not", peer: finishes("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
			wire: plainGET, ends: true, events: "req socket; req finish; req response 200; res data ok; res end; res close; req close",
		},
		{
			name: "Q03: a body that lasts until the end of the connection",
			peer: func(p *peer) {
				p.until(head)
				p.send("HTTP/1.1 200 OK\r\n\r\nabc")
				p.event("res data abc")
				p.send("def")
				p.fin()
			},
			wire: plainGET, ends: true, whole: true,
			events: "req socket; req finish; req response 200; res data abc; res data def; res end; res close; req close",
		},
		{
			name: "a body that lasts until the end of the connection, at once", peer: finishes("HTTP/1.1 200 OK\r\n\r\nabc"),
			wire: plainGET, ends: true, events: "req socket; req finish; req response 200; res data abc; res end; res close; req close",
		},
		{
			name: "Q04: trailers are there at the end", peer: replies(chunked + "Trailer: X-T\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: v\r\n\r\n"),
			answer: func(x *trip, r answer) {
				r.OnEnd(func() { x.mark(r.Trailer("x-t") + fmt.Sprint(r.RawTrailers())) })
			},
			wire: plainGET, events: "req socket; req finish; req response 200; res data abc; res data de; res end; * v[X-T v]; " +
				"req close; res close",
		},
		{
			name: "Q05: no tick runs between chunks", peer: replies(chunked + "\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), whole: true,
			answer: func(x *trip, r answer) {
				x.l.NextTick(func() { x.mark("response") })
				r.OnData(func(p []byte) {
					s := string(p)
					x.l.NextTick(func() { x.mark(s) })
				})
			},
			wire: plainGET, events: "req socket; req finish; req response 200; res data a; res data bc; * response; * a; res end; * bc; " +
				"req close; res close",
		},
		{
			name: "Q06: an answer to HEAD has no body, whatever its length", method: "HEAD",
			peer: replies("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"),
			answer: func(x *trip, r answer) {
				if r.ContentLength() != 10 {
					x.t.Errorf("got a length of %d", r.ContentLength())
				}
			},
			wire: "HEAD / HTTP/1.1|" + kept + "|", events: "req socket; req finish; req response 200; res end; req close; res close",
		},
		{
			name: "Q07: neither 204 nor 304 has a body",
			run: func(x *trip) {
				q := x.call("GET", "/", httpcore.RequestOptions{}, nil)
				q.OnClose(func() {
					x.after(0, func() { x.call("GET", "/", httpcore.RequestOptions{}, nil).End() })
				})
				q.End()
			},
			peer: func(p *peer) {
				p.until(head)
				p.send("HTTP/1.1 204 No Content\r\n\r\n")
				p.times(2, head)
				p.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")
			},
			wire: plainGET + plainGET,
			events: "req socket; req finish; req response 204; res end; req close; res close; req2 socket; req2 finish; " +
				"req2 response 304; res2 end; req2 close; res2 close",
		},
		{
			name: "Q08: interim answers come first", peer: replies("HTTP/1.1 102 Processing\r\n\r\n" +
				"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + plain),
			body: func(x *trip, q call) {
				q.OnInformation(func(i *httpcore.Information) {
					if i.StatusCode == 103 && (i.StatusMessage != "Early Hints" || i.Header("link") != "x" || len(i.RawHeaders()) != 2) {
						x.t.Errorf("got %+v", i)
					}
				})
				q.End()
			},
			wire: plainGET, events: "req socket; req finish; req information 102; req information 103; req response 200; res data ok; " +
				"res end; req close; res close",
		},
		{
			name: "Q09: a 100 that nobody has asked for is told all the same", peer: replies("HTTP/1.1 100 Continue\r\n\r\n" + plain),
			wire: plainGET, events: "req socket; req finish; req continue; req information 100; req response 200; res data ok; res end; " +
				"req close; res close",
		},
		{
			name: "Q10: an upgrade gives the socket away", whole: true, options: upgrade,
			body: func(x *trip, q call) {
				q.OnUpgrade(func(r answer, s *stream.Socket, first []byte) {
					x.event("req upgrade")
					x.mark(fmt.Sprintf("%d %s %v", r.StatusCode(), first, s.ReadableFlowing()))
					s.OnData(func(p []byte) { x.mark("data " + string(p)) })
					s.OnEnd(func() { s.End() })
					s.WriteString("ping")
				})
				q.End()
			},
			peer: func(p *peer) {
				p.until(head)
				p.send(switching + "HEAD")
				p.until("ping")
				p.send("pong")
				p.fin()
			},
			wire: "GET / HTTP/1.1|Host: -|Connection: Upgrade|Upgrade: foo||ping", ends: true,
			events: "req socket; req finish; req upgrade; * 101 HEAD null; req close; * data pong",
		},
		{
			name: "Q11: an upgrade that nobody takes is an error", options: upgrade, peer: replies(switching),
			wire: "GET / HTTP/1.1|Host: -|Connection: Upgrade|Upgrade: foo||", ends: true,
			events: "req socket; req finish; req error ECONNRESET; req close",
		},
		{
			name: "an upgrade that nobody has asked for is an error", peer: replies(switching),
			body: func(_ *trip, q call) {
				q.OnUpgrade(func(answer, *stream.Socket, []byte) { q.Destroy(nil) })
				q.End()
			},
			wire: plainGET, ends: true, events: "req socket; req finish; req error ECONNRESET; req close",
		},
		{
			name: "Q12: a tunnel", method: "CONNECT", options: httpcore.RequestOptions{Target: "a:1"}, whole: true,
			body: func(x *trip, q call) {
				q.OnConnect(func(r answer, s *stream.Socket, first []byte) {
					x.event("req connect")
					x.mark(fmt.Sprintf("%d %s", r.StatusCode(), first))
					s.Resume()
					s.End()
				})
				q.End()
			},
			peer: finishes("HTTP/1.1 200 OK\r\n\r\nTUN"),
			wire: "CONNECT a:1 HTTP/1.1|Host: a:1|Connection: keep-alive||", ends: true,
			events: "req socket; req finish; req connect; * 200 TUN; req close",
		},
		{
			name: "a tunnel that is refused is an answer", method: "CONNECT", options: httpcore.RequestOptions{Target: "a:1"},
			peer:   replies("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"),
			wire:   "CONNECT a:1 HTTP/1.1|Host: a:1|Connection: keep-alive||",
			events: "req socket; req finish; req response 403; res data no; res end; req close; res close",
		},
		{
			name: "Q13: an answer that nobody listens for is thrown away",
			run:  func(x *trip) { x.ask("GET", "/", httpcore.RequestOptions{}).End() },
			wire: plainGET, events: "req socket; req finish; req close",
		},
		{
			name: "Q14: an answer that nobody reads ends nothing and keeps its connection", held: true,
			run: func(x *trip) {
				q := x.ask("GET", "/", httpcore.RequestOptions{})
				q.OnResponse(func(r answer) {
					x.event("req response 200")
					x.answered(r, "")
					x.l.NextTick(func() { x.mark(fmt.Sprint(r.ReadableLength(), r.ReadableFlowing(), r.Complete(), r.ReadableEnded())) })
				})
				q.End()
			},
			wire: plainGET, whole: true, events: "req socket; req finish; req response 200; * 2 null true false",
		},
		{
			name: "Q15: an answer that is paused stops the socket",
			run: func(x *trip) {
				const size = 4_000_000
				n := 0
				q := x.ask("GET", "/", httpcore.RequestOptions{})
				q.OnResponse(func(r answer) {
					x.event("req response 200")
					x.answered(r, "")
					r.OnData(func(p []byte) { n += len(p) })
					r.Pause()
					r.OnEnd(func() { x.mark(fmt.Sprint(n == size)) })
					go func() {
						<-sending
						x.barrier()
						x.on(func() {
							x.mark(fmt.Sprint(r.ReadableLength() < 1e6, x.l.Metrics().BytesRead < 1e6))
							r.Resume()
						})
					}()
				})
				q.End()
			},
			peer: func(p *peer) {
				p.until(head)
				p.send("HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n" + strings.Repeat("a", 100_000))
				close(sending)
				p.send(strings.Repeat("a", 3_900_000))
			},
			wire: plainGET, whole: true,
			events: "req socket; req finish; req response 200; * true true; res end; * true; req close; res close",
		},
		{
			name: "Q16: bytes behind an answer spoil the connection and nothing else", peer: replies(plain + "extra"),
			wire: plainGET, ends: true, events: answered,
		},
		{
			name: "Q17: two answers to one request", peer: replies(plain + plain),
			wire: plainGET, ends: true, events: answered,
		},
		{
			name: "Q18: what a head says", peer: replies("HTTP/1.0 299 Fine  thing\r\nA: 1\r\na: 2\r\nSet-Cookie: x\r\nset-cookie: y\r\n" +
				"Content-Length: 0\r\n\r\n"),
			answer: func(x *trip, r answer) {
				_, minor := r.HTTPVersion()
				x.mark(fmt.Sprint(minor, r.StatusCode(), r.StatusMessage()+"/"+r.Header("A"), r.HeaderValues("set-cookie"), r.RawHeaders(),
					r.URL() == "", r.Method() == ""))
			},
			wire: plainGET, ends: true,
			events: "req socket; req finish; req response 299; * 0 299Fine  thing/1, 2[x y] " +
				"[A 1 a 2 Set-Cookie x set-cookie y Content-Length 0] true true; res end; res close; req close",
		},
		{
			name: "Q19: HTTP/1.0 keeps no connection by itself", peer: replies("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
			wire: plainGET, ends: true, events: "req socket; req finish; req response 200; res data ok; res end; res close; req close",
		},
		{
			name: "HTTP/1.0 keeps a connection that it says it keeps",
			peer: replies("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"), wire: plainGET, events: answered,
		},
		{
			name: "Q20: a coding that nobody knows is an error", peer: finishes("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc"),
			wire: plainGET, ends: true, events: "req socket; req finish; req error HPE_INVALID_TRANSFER_ENCODING; req close",
		},
		{
			name: "Q21: a length and a coding are an error",
			peer: replies("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
			wire: plainGET, ends: true, events: "req socket; req finish; req error HPE_INVALID_TRANSFER_ENCODING; req close",
		},
		{
			name: "Q22: a line that ends with LF alone is an error", peer: replies("HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
			wire: plainGET, ends: true, events: "req socket; req finish; req error HPE_CR_EXPECTED; req close",
		},
		{
			name: "Q23: an answer in many pieces",
			peer: func(p *peer) {
				p.until(head)
				for _, c := range "HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" {
					p.send(string(c))
					p.x.barrier()
				}
			},
			answer: func(x *trip, r answer) { x.mark(fmt.Sprint(r.RawHeaders())) },
			wire:   plainGET, whole: true,
			events: "req socket; req finish; req response 200; * [A b Transfer-Encoding chunked]; res data o; res data k; res end; " +
				"req close; res close",
		},
	})
}
