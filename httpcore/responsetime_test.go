package httpcore

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/stream"
)

func TestAResponseThatIsNotGivenInItsTimeIsGivenForItsHandler(t *testing.T) {
	const limit = 2 * time.Second
	var told []string
	tell := func(what string) { told = append(told, what) }
	var ctx context.Context
	k := newRig(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
		switch req.Path() {
		case "/fine":
			res.SetTimeout(limit, nil)
			res.EndString("fine")
			return
		case "/begun":
			res.WriteString("begun")
		case "/head":
			res.SetHeader("Content-Length", "1000") // is the handler's, and not of what is said for it
		case "/corked":
			res.Cork()
			res.WriteString("never seen")
		}
		req.Resume()
		ctx = req.Context()
		res.SetTimeout(limit, nil)
		res.OnFinish(func() { tell("finish") })
		res.OnClose(func() {
			tell("close")
			res.WriteChunk([]byte("late"), func(err error) { tell("late " + stream.CodeOf(err)) })
		})
	})
	for _, c := range []struct{ name, sent, before, after string }{
		{"nothing so far", get("/"), "", "HTTP/1.1 503 Service Unavailable\r\n"},
		{"a head", get("/head"), "", "HTTP/1.1 503 Service Unavailable\r\n"},
		{"HEAD", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "", "HTTP/1.1 503 Service Unavailable\r\n"},
		{"what is corked", get("/corked"), "", "HTTP/1.1 503 Service Unavailable\r\n"},
		{"between others", get("/fine") + get("/") + get("/fine"), "HTTP/1.1 200 ", "HTTP/1.1 503 Service Unavailable\r\n"},
		{"a body that comes yet", post("/", 10) + "a", "", "HTTP/1.1 503 Service Unavailable\r\n"},
		{"a beginning", get("/begun") + get("/fine"), "HTTP/1.1 200 ", ""},
		{"a beginning and a body that comes yet", post("/begun", 10) + "a", "HTTP/1.1 200 ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			told = nil
			p := k.dial()
			k.send(p, c.sent)
			k.pass(limit - slack)
			k.open(p, "before", c.before)
			if err := ctx.Err(); err != nil {
				t.Errorf("the context before: %v", err)
			}
			k.pass(2 * slack)
			err := k.read(p)
			got := string(k.got)
			if !strings.HasPrefix(got, c.after) || c.after == "" && got != "" {
				t.Errorf("got %q, want %q", got, c.after)
			}
			closes := c.after == "" || strings.HasPrefix(c.sent, "POST")
			if closes != errors.Is(err, io.EOF) || !closes && err != nil || c.after != "" && closes != strings.Contains(got, "Connection: close\r\n") {
				t.Errorf("it ended with %v behind %q", err, got)
			}
			if c.name == "between others" && !strings.HasSuffix(got, "fine") {
				t.Errorf("the answer behind did not come: %q", got)
			}
			if got := strings.Join(told, "; "); got != "close; late ERR_STREAM_DESTROYED" {
				t.Errorf("told %s", got)
			}
			if cause := context.Cause(ctx); !errors.Is(cause, ErrResponseTimeout) {
				t.Errorf("the context's cause is %v", cause)
			}
			if n := len(k.s.on(k.l).clocks); n != 0 {
				t.Errorf("%d clocks are left", n)
			}
			if !closes {
				k.got = nil
				k.send(p, get("/fine"))
				k.open(p, "one more", "HTTP/1.1 200 ")
			}
			p.Close()
			k.run()
		})
	}
}

func TestATimeoutWithAFunctionCallsItOnceAndDoesNothingElse(t *testing.T) {
	const limit = 2 * time.Second
	over(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
		req.Resume()
		res.SetTimeout(time.Hour, func() { t.Error("the time that was set anew has passed") })
		res.SetTimeout(10*time.Millisecond, func() {
			res.StatusCode = 202
			res.EndString("not yet")
		})
	}, func(k *talk) {
		c := k.dial()
		k.send(c, get("/"))
		k.answers(c).want(202, "not yet")
		c.Close()
	})

	calls := 0
	var kept *ServerResponse
	k := newRig(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) {
		kept = res
		res.SetTimeout(limit, func() { calls++ })
	})
	p := k.dial()
	k.send(p, get("/"))
	k.pass(10 * limit)
	k.open(p, "when it has passed", "")
	if calls != 1 {
		t.Errorf("told %d times, want once", calls)
	}
	kept.SetTimeout(limit, nil)
	kept.SetTimeout(0, nil)
	k.pass(2 * limit)
	k.open(p, "when it was taken away", "")
	kept.EndString("fine")
	k.run()
	k.open(p, "when it is answered", "HTTP/1.1 200 ")
	kept.SetTimeout(limit, func() { t.Error("a time behind the end") })
	k.pass(2 * limit)
	p.Close()
	k.run()
}

func TestAResponseOutOfTimeIsToldOfAsWhatTheClientGot(t *testing.T) {
	const limit = time.Second
	k := newRig(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
		if req.Path() == "/begun" {
			res.WriteString("begun")
		}
		res.SetTimeout(limit, nil)
	})
	k.s.OnClientError(func(e *ClientError) { t.Errorf("the client is blamed for %v", e.Err) })
	x := watchLives(k.s)
	for path, want := range map[string]string{"/": "/ 503 in 0 out 0 ETIMEDOUT", "/begun": "/begun 200 in 0 out 5 ETIMEDOUT"} {
		p := k.dial()
		k.send(p, get(path))
		k.pass(limit + slack)
		k.read(p)
		p.Close()
		k.run()
		x.want(t, "open", want, "closed after 1")
	}
}

func TestWhatIsSaidForALateHandlerWaitsItsTurn(t *testing.T) {
	for _, last := range []bool{true, false} {
		var first *ServerResponse
		over(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
			req.Resume()
			switch req.Path() {
			case "/first":
				first = res
			case "/late":
				res.OnClose(func() { first.EndString("first") })
				res.SetTimeout(time.Millisecond, nil)
			default:
				res.EndString("last")
			}
		}, func(k *talk) {
			c := k.dial()
			a := k.answers(c)
			s := get("/first") + get("/late")
			if !last {
				s += get("/last")
			}
			k.send(c, s)
			a.want(200, "first")
			a.want(503, "")
			if !last {
				a.want(200, "last")
			}
			k.send(c, get("/last"))
			a.want(200, "last")
			c.Close()
		})
	}
}
