package httpcore

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore/h1"
)

func TestAClientsErrorIsAnsweredAsItsHookSaysAndBehindWhatIsDue(t *testing.T) {
	var due *ServerResponse
	over(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
		due = res
		req.Resume()
	}, func(k *talk) {
		var told []*ClientError
		k.on(func() {
			k.s.OnClientError(func(e *ClientError) {
				told = append(told, e)
				e.Response.SetHeader("Content-Type", "text/plain")
				e.Response.EndString("what?")
			})
		})
		c := k.dial()
		k.send(c, get("/")+"BAD\r\n\r\n")
		k.wait("the error", func() bool { return len(told) == 1 })
		k.on(func() {
			var bad *h1.Error
			if e := told[0]; !errors.As(e.Err, &bad) || e.Request != nil || e.Response.StatusCode != 400 {
				t.Errorf("told %+v", e)
			}
			due.EndString("fine")
		})
		a := k.answers(c)
		a.want(200, "fine")
		if res := a.want(400, "what?"); !res.Close || res.Header.Get("Content-Type") != "text/plain" {
			t.Errorf("the answer has %v", res.Header)
		}
		a.wantEnd()
		c.Close()
	})
}

func TestAHookThatOnlyCountsChangesNothing(t *testing.T) {
	const limit = 2 * time.Second
	for _, c := range []struct{ name, sent, want string }{
		{"what is no request", "BAD\r\n\r\n", "HTTP/1.1 400 "},
		{"a head that does not come", "GET / HT", "HTTP/1.1 408 "},
		{"a body that does not come", post("/", 10), "HTTP/1.1 408 "},
		{"a body that is too large", post("/", 1000), "HTTP/1.1 413 "},
		{"a mistake in a body", strings.Replace(badChunk, "/own", "/", 1), "HTTP/1.1 400 "},
		{"a mistake behind the beginning of the answer", badChunk, "HTTP/1.1 200 "},
		{"another protocol", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 505 "},
	} {
		t.Run(c.name, func(t *testing.T) {
			var requests []*IncomingMessage
			var told []*ClientError
			o := ServerOptions{HeaderTimeout: limit, BodyTimeout: limit, MaxBody: 100}
			k := newRig(t, o, func(req *IncomingMessage, res *ServerResponse) {
				requests = append(requests, req)
				if req.Path() == "/own" {
					res.WriteString("begun")
				}
			})
			k.s.OnClientError(func(e *ClientError) { told = append(told, e) })
			p := k.dial()
			k.send(p, c.sent)
			k.pass(limit + slack)
			if len(told) != 1 {
				t.Fatalf("told %d times, want once", len(told))
			}
			e := told[0]
			if !e.RemoteAddr.IsValid() || e.Err == nil {
				t.Errorf("told %+v", e)
			}
			if can := c.want != "" && !strings.HasPrefix(c.want, "HTTP/1.1 2"); (e.Response != nil) != can {
				t.Errorf("it can be answered: got %t, want %t", e.Response != nil, can)
			}
			if len(requests) == 1 && e.Request != requests[0] {
				t.Error("the request is another one")
			}
			k.ended(p, "at the end", c.want)
		})
	}
}

func TestAHookIsToldOfALostClientOnce(t *testing.T) {
	for _, read := range []bool{true, false} {
		var told []*ClientError
		k := newRig(t, ServerOptions{}, func(req *IncomingMessage, _ *ServerResponse) {
			if read {
				req.Resume()
			}
		})
		k.s.OnClientError(func(e *ClientError) { told = append(told, e) })
		p := k.dial()
		k.send(p, post("/", 1<<20)+strings.Repeat("x", 20<<10))
		p.Reset()
		k.run()
		if len(told) != 1 || told[0].Response != nil || told[0].Request == nil || k.s.conns.Load() != 0 {
			t.Fatalf("read %t: told %d times", read, len(told))
		}
		if err := told[0].Err; read && !errors.Is(err, syscall.ECONNRESET) || !read && !errors.Is(err, ErrAborted) {
			t.Errorf("read %t: told %v", read, err)
		}

		told = nil
		p = k.dial()
		k.send(p, "") // and one that just goes is none
		p.CloseWrite()
		k.run()
		if err := k.read(p); !errors.Is(err, io.EOF) || len(told) != 0 {
			t.Errorf("a client that goes: %v, told %d times", err, len(told))
		}
		p.Close()
		k.run()
	}
}

func TestAHookMayAnswerLater(t *testing.T) {
	var res *ServerResponse
	k := newRig(t, ServerOptions{}, nil)
	k.s.OnClientError(func(e *ClientError) {
		res = e.Response
		res.WriteHead(418)
	})
	p := k.dial()
	k.send(p, "BAD\r\n\r\n")
	k.open(p, "before", "")
	res.EndString("later")
	k.run()
	k.ended(p, "after", "HTTP/1.1 418 ")
}

func TestAnAnswerToARefusedHEADHasNoBody(t *testing.T) {
	k := newRig(t, ServerOptions{MaxBody: 10}, func(*IncomingMessage, *ServerResponse) {})
	k.s.OnClientError(func(e *ClientError) { e.Response.EndString("too much") })
	p := k.dial()
	k.send(p, "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
	k.read(p)
	if got := string(k.got); !strings.HasPrefix(got, "HTTP/1.1 413 ") || !strings.HasSuffix(got, "\r\n\r\n") {
		t.Errorf("got %q", got)
	}
	p.Close()
	k.run()
}

func TestAClientThatResetsBehindItsLastAnswerIsNotToldOf(t *testing.T) {
	told := 0
	k := newRig(t, ServerOptions{}, nil)
	k.s.OnClientError(func(*ClientError) { told++ })
	p := k.dial()
	k.send(p, "BAD\r\n\r\nand more")
	if told != 1 || k.s.conns.Load() != 1 {
		t.Errorf("told %d times of the refusal, want once", told)
	}
	p.Reset()
	k.run()
	if told != 1 || k.s.conns.Load() != 0 {
		t.Errorf("told %d times with the reset, want once; %d connections are left", told, k.s.conns.Load())
	}
}

func TestAClientThatEndsInsideABodyIsToldOf(t *testing.T) {
	for _, onFIN := range []bool{false, true} {
		var told []error
		k := newRig(t, ServerOptions{CloseOnFIN: onFIN}, func(req *IncomingMessage, _ *ServerResponse) { req.Resume() })
		k.s.OnClientError(func(e *ClientError) { told = append(told, e.Err) })
		p := k.dial()
		k.send(p, post("/", 10)+"abc")
		p.CloseWrite()
		k.run()
		if len(told) != 1 || onFIN != errors.Is(told[0], ErrClientEnded) {
			t.Errorf("CloseOnFIN %t: told %v", onFIN, told)
		}
		k.read(p)
		p.Close()
		k.run()
	}
}
