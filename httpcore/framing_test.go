package httpcore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
)

type (
	request  = *httpcore.IncomingMessage
	response = *httpcore.ServerResponse
)

// unread is what is told of an exchange whose request nobody reads.
const unread = "request; res finish; res close; req end; req close"

func endB(_ *stage, _ request, r response) { r.EndString("b") }

func writeAEndB(_ *stage, _ request, r response) {
	r.WriteString("a")
	r.EndString("b")
}

func TestFramingOfAResponse(t *testing.T) {
	play(t, []scene{
		{
			name: "a body that End is given as a whole has a Content-Length", handler: endB,
			wire: "HTTP/1.1 200 OK|" + live + "Content-Length: 1||b", events: unread, writes: 1,
		},
		{
			name: "a body that is written in pieces is chunked", handler: writeAEndB,
			wire:   "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||1|a|1|b|0||",
			events: unread, writes: 1,
		},
		{
			name: "no body at all has a length of 0", handler: func(_ *stage, _ request, r response) { r.End() },
			wire: "HTTP/1.1 200 OK|" + live + "Content-Length: 0||", events: unread, writes: 1,
		},
		{
			name: "HTTP/1.0 knows the length of a body that is given to End", handler: endB, client: sends(get10("")),
			wire: "HTTP/1.1 200 OK|" + last + "Content-Length: 1||b", events: unread, ends: true,
		},
		{
			name: "a body in pieces ends with the connection in HTTP/1.0", handler: writeAEndB, client: sends(get10("")),
			wire: "HTTP/1.1 200 OK|" + last + "|ab", events: unread, ends: true,
		},
		{
			name: "HTTP/1.0 is kept alive when it asks and the length is known", client: sends(get10("Connection: keep-alive\r\n")),
			handler: func(_ *stage, _ request, r response) {
				r.SetHeader("Content-Length", "1")
				r.EndString("b")
			},
			wire: "HTTP/1.1 200 OK|Content-Length: 1|" + live + "|b", events: unread,
		},
		{
			name: "TE: chunked does not make HTTP/1.0 know chunks", handler: writeAEndB, client: sends(get10("TE: chunked\r\n")),
			wire: "HTTP/1.1 200 OK|" + last + "|ab", events: unread, ends: true,
		},
		{
			name: "a client that asks for the end gets it", handler: endB, client: sends(get("/", "Connection: close\r\n")),
			wire: "HTTP/1.1 200 OK|" + last + "Content-Length: 1||b", events: unread, ends: true,
		},
		{
			name: "a handler that sets Connection: close gets it",
			handler: func(_ *stage, _ request, r response) {
				r.SetHeader("Connection", "close")
				r.EndString("b")
			},
			wire: "HTTP/1.1 200 OK|Connection: close|Date: -|Content-Length: 1||b", events: unread, ends: true,
		},
		{
			name: "the answer to a HEAD has no body and no framing of its own",
			handler: func(x *stage, _ request, r response) {
				r.WriteString("abc")
				r.EndString("d")
			},
			client: sends("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"), wire: "HTTP/1.1 200 OK|" + live + "|", events: unread,
		},
		{
			name: "a body given to End is no answer to a HEAD", handler: endB,
			client: sends("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"), wire: "HTTP/1.1 200 OK|" + live + "|", events: unread,
		},
		{
			name: "the answer to a HEAD may say how long a body would be",
			handler: func(_ *stage, _ request, r response) {
				r.SetHeader("Content-Length", "42")
				r.End()
			},
			client: sends("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"),
			wire:   "HTTP/1.1 200 OK|Content-Length: 42|" + live + "|", events: unread,
		},
		{
			name: "a 204 has neither a body nor a framing",
			handler: func(_ *stage, _ request, r response) {
				r.StatusCode = 204
				r.WriteString("abc")
				r.EndString("d")
			},
			wire: "HTTP/1.1 204 No Content|" + live + "|", events: unread,
		},
		{
			name: "a 304 may have a length and has no body",
			handler: func(_ *stage, _ request, r response) {
				r.WriteHead(304, "Content-Length", "3")
				r.EndString("abc")
			},
			wire: "HTTP/1.1 304 Not Modified|Content-Length: 3|" + live + "|", events: unread,
		},
		{
			name: "a Transfer-Encoding is dropped from a 204",
			handler: func(_ *stage, _ request, r response) {
				r.WriteHead(204, "Transfer-Encoding", "chunked")
				r.End()
			},
			wire: "HTTP/1.1 204 No Content|" + live + "|", events: unread,
		},
		{
			name: "a head that is flushed first makes the body chunked",
			handler: func(x *stage, _ request, r response) {
				r.FlushHeaders()
				x.kept = r
			},
			client: func(c *client) {
				c.send(get("/", ""))
				c.until("\r\n\r\n")
				c.x.l.Post(func() { c.x.kept.EndString("x") })
			},
			wire: "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||1|x|0||", events: unread,
		},
		{
			name: "without a Connection field the connection goes on",
			handler: func(_ *stage, _ request, r response) {
				r.RemoveHeader("Connection")
				r.EndString("b")
			},
			wire: "HTTP/1.1 200 OK|Date: -|Content-Length: 1||b", events: unread,
		},
		{
			name: "a removed Content-Length makes a whole body chunked",
			handler: func(_ *stage, _ request, r response) {
				r.RemoveHeader("Content-Length")
				r.EndString("b")
			},
			wire: "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||1|b|0||", events: unread,
		},
		{
			name: "a removed Transfer-Encoding has the connection end the body, and says so",
			handler: func(x *stage, q request, r response) {
				r.RemoveHeader("Transfer-Encoding")
				writeAEndB(x, q, r)
			},
			wire: "HTTP/1.1 200 OK|" + last + "|ab", events: unread, ends: true,
		},
		{
			name: "a removed Date is not sent",
			handler: func(_ *stage, _ request, r response) {
				r.RemoveHeader("Date")
				r.EndString("b")
			},
			wire: "HTTP/1.1 200 OK|Connection: keep-alive|Keep-Alive: timeout=5|Content-Length: 1||b", events: unread,
		},
		{
			name: "a Date of the handler's own is sent",
			handler: func(_ *stage, _ request, r response) {
				r.SetHeader("Date", "never")
				r.EndString("b")
			},
			wire:   "HTTP/1.1 200 OK|Date: never|Connection: keep-alive|Keep-Alive: timeout=5|Content-Length: 1||b",
			events: unread,
		},
		{
			name: "a handler may ask for chunks",
			handler: func(_ *stage, _ request, r response) {
				r.SetHeader("Transfer-Encoding", "chunked")
				r.EndString("abc")
			},
			wire: "HTTP/1.1 200 OK|Transfer-Encoding: chunked|" + live + "|3|abc|0||", events: unread,
		},
		{
			name: "a trailer that was announced is sent",
			handler: func(_ *stage, _ request, r response) {
				r.WriteHead(200, "Trailer", "X-T")
				r.WriteString("a")
				r.AddTrailer("X-T", "v1")
				r.End()
			},
			wire: "HTTP/1.1 200 OK|Trailer: X-T|" + live + "Transfer-Encoding: chunked||1|a|0|X-T: v1||", events: unread,
		},
		{
			name: "trailers need not be announced",
			handler: func(_ *stage, _ request, r response) {
				r.WriteString("a")
				r.AddTrailer("X-T", "v1")
				r.AddTrailer("X-U", "v2")
				r.End()
			},
			wire: "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||1|a|0|X-T: v1|X-U: v2||", events: unread,
		},
		{
			name: "a message with a length has no trailers",
			handler: func(x *stage, _ request, r response) {
				r.SetHeader("Content-Length", "1")
				r.SetHeader("Trailer", "X-T")
				x.mark(stream.CodeOf(r.WriteHead(200)))
				r.RemoveHeader("Trailer")
				x.mark("add " + stream.CodeOf(r.AddTrailer("X-T", "v")))
				r.EndString("b")
			},
			wire:   "HTTP/1.1 200 OK|Content-Length: 1|" + live + "|b",
			events: "request; * ERR_HTTP_TRAILER_INVALID; * add ERR_HTTP_TRAILER_INVALID; res finish; res close; req end; req close",
		},
		{
			name: "an empty write sends no chunk, which would be the last",
			handler: func(_ *stage, _ request, r response) {
				r.WriteString("")
				r.WriteString("a")
				r.WriteString("")
				r.EndString("")
			},
			wire: "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||1|a|0||", events: unread,
		},
		{
			name: "the size of a chunk is in lower-case hex and counts bytes",
			handler: func(_ *stage, _ request, r response) {
				r.WriteString(strings.Repeat("a", 26))
				r.WriteString("\u00e9")
				r.EndString(strings.Repeat("b", 300))
			},
			wire: "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||1a|" + strings.Repeat("a", 26) + "|2|\u00e9|12c|" +
				strings.Repeat("b", 300) + "|0||",
			events: unread,
		},
		{
			name: "a chunk that is not copied is framed like any other",
			handler: func(_ *stage, _ request, r response) {
				r.WriteOwned([]byte(strings.Repeat("a", 3000)), nil)
				r.EndWith([]byte(strings.Repeat("b", 3001)), nil)
			},
			wire: "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||bb8|" + strings.Repeat("a", 3000) + "|bb9|" +
				strings.Repeat("b", 3001) + "|0||",
			events: unread, writes: 1,
		},
	})
}

func TestTheHeadOfAResponse(t *testing.T) {
	code := stream.CodeOf
	play(t, []scene{
		{
			name: "fields keep the place of the first and the case of the last that was set",
			handler: func(_ *stage, _ request, r response) {
				r.SetHeader("X-b", "1")
				r.SetHeader("x-A", "2")
				r.StatusMessage = "Fine"
				r.WriteHead(299, "X-B", "3", "x-c", "4", "x-c", "5")
				r.EndString("b")
			},
			wire: "HTTP/1.1 299 Fine|X-B: 3|x-A: 2|x-c: 4|x-c: 5|" + live + "Transfer-Encoding: chunked||1|b|0||", events: unread,
		},
		{
			name: "WriteHead keeps what it is given twice",
			handler: func(_ *stage, _ request, r response) {
				r.StatusMessage = "OK then"
				r.WriteHead(200, "X-a", "1", "x-A", "2", "Content-Length", "1")
				r.EndString("b")
			},
			wire: "HTTP/1.1 200 OK then|X-a: 1|x-A: 2|Content-Length: 1|" + live + "|b", events: unread,
		},
		{
			name: "a status without a text of its own is unknown",
			handler: func(_ *stage, _ request, r response) {
				r.StatusCode = 799
				r.End()
			},
			wire: "HTTP/1.1 799 unknown|" + live + "Content-Length: 0||", events: unread,
		},
		{
			name: "AppendHeader adds a line",
			handler: func(_ *stage, _ request, r response) {
				for _, v := range []string{"a=1", "b=2"} {
					r.AppendHeader("Set-Cookie", v)
				}
				r.SetHeader("X-m", "1")
				r.AppendHeader("X-m", "2")
				r.AppendHeader("X-n", "n")
				r.End()
			},
			wire:   "HTTP/1.1 200 OK|Set-Cookie: a=1|Set-Cookie: b=2|X-m: 1|X-m: 2|X-n: n|" + live + "Content-Length: 0||",
			events: unread,
		},
		{
			name: "what was set can be asked for, in any case",
			handler: func(x *stage, _ request, r response) {
				r.SetHeader("X-One", "1")
				r.AppendHeader("x-two", "a")
				r.AppendHeader("x-two", "b")
				if r.HeadersSent() || r.Header("x-one") != "1" || !r.HasHeader("X-TWO") || r.HasHeader("X-Three") ||
					strings.Join(r.HeaderNames(), " ") != "x-one x-two" {
					x.mark("before: " + strings.Join(r.HeaderNames(), " "))
				}
				r.EndString("b")
				if !r.HeadersSent() || r.StatusCode != 200 || !r.WritableEnded() || r.WritableHighWaterMark() != 16<<10 {
					x.mark("after")
				}
			},
			wire: "HTTP/1.1 200 OK|X-One: 1|x-two: a|x-two: b|" + live + "Content-Length: 1||b", events: unread,
		},
		{
			name: "what cannot be sent is refused, and changes nothing",
			handler: func(x *stage, _ request, r response) {
				x.mark(code(r.SetHeader("a b", "1")))
				x.mark(code(r.SetHeader("", "1")))
				x.mark(code(r.SetHeader("a", "x\r\ny")))
				x.mark(code(r.AppendHeader("a", "x\x00y")))
				x.mark(code(r.WriteHead(99)))
				x.mark(code(r.WriteHead(1000)))
				r.StatusMessage = "a\nb"
				x.mark(code(r.WriteHead(200)))
				r.StatusMessage = ""
				x.mark(code(r.WriteHead(200, "a")))
				x.mark(code(r.FlushHeaders()) + "flushed")
				x.mark(code(r.SetHeader("b", "1")))
				x.mark(code(r.AppendHeader("b", "1")))
				x.mark(code(r.RemoveHeader("b")))
				x.mark(code(r.WriteHead(200)))
				x.mark(code(r.AddTrailer("a b", "1")))
				x.mark(code(r.AddTrailer("a", "1\n")))
				r.End()
			},
			wire: "HTTP/1.1 200 OK|" + live + "Transfer-Encoding: chunked||0||",
			events: "request; * ERR_INVALID_HTTP_TOKEN; * ERR_INVALID_HTTP_TOKEN; * ERR_INVALID_CHAR; * ERR_INVALID_CHAR; " +
				"* ERR_HTTP_INVALID_STATUS_CODE; * ERR_HTTP_INVALID_STATUS_CODE; * ERR_INVALID_CHAR; * ERR_INVALID_ARG_VALUE; " +
				"* flushed; * ERR_HTTP_HEADERS_SENT; * ERR_HTTP_HEADERS_SENT; * ERR_HTTP_HEADERS_SENT; * ERR_HTTP_HEADERS_SENT; " +
				"* ERR_INVALID_HTTP_TOKEN; * ERR_INVALID_CHAR; res finish; res close; req end; req close",
		},
		{
			name: "Keep-Alive says the seconds of IdleTimeout, rounded down", options: httpcore.ServerOptions{IdleTimeout: 5999 * time.Millisecond},
			handler: endB, wire: "HTTP/1.1 200 OK|" + live + "Content-Length: 1||b", events: unread,
		},
		{
			name: "a Keep-Alive of the handler's own takes the place of ours",
			handler: func(_ *stage, _ request, r response) {
				r.SetHeader("Keep-Alive", "timeout=1")
				r.EndString("b")
			},
			wire: "HTTP/1.1 200 OK|Keep-Alive: timeout=1|Date: -|Connection: keep-alive|Content-Length: 1||b", events: unread,
		},
		{
			name: "a body that is too long does not leave, and one that is too short ends the connection",
			handler: func(x *stage, _ request, r response) {
				x.errors(nil, r)
				r.SetHeader("Content-Length", "3")
				r.WriteHead(200)
				_, err := r.WriteString("abcd")
				x.mark("abcd " + code(err))
				_, err = r.WriteString("ab")
				x.mark("ab " + code(err))
				r.EndWith(nil, x.told("end"))
			},
			wire: "", ends: true,
			events: "request; * abcd ERR_HTTP_CONTENT_LENGTH_MISMATCH; * ab ; res error ERR_HTTP_CONTENT_LENGTH_MISMATCH; " +
				"req aborted; * end ERR_HTTP_CONTENT_LENGTH_MISMATCH; res close; req close",
		},
	})
}
