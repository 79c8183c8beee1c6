package httpcore

import (
	"strings"
	"testing"
)

// A write that is refused fixes the head, and sends nothing. What is written in another turn must find that head, and not what
// others have written since.
func TestAHeadThatWasFixedByARefusedWriteIsStillThatOne(t *testing.T) {
	var first *ServerResponse
	k := newRig(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
		if req.Path() != "/first" {
			res.SetHeader("X-Secret", "another client's")
			res.EndString("another")
			return
		}
		first = res
		res.OnError(func(error) {})
		res.SetHeader("Content-Length", "3")
		if _, err := res.Write([]byte("too long")); err == nil {
			t.Error("it was not refused")
		}
	})
	p, q := k.dial(), k.dial()
	k.send(p, get("/first"))
	k.send(q, get("/second"))
	if err := k.l.Post(func() {
		first.Write([]byte("abc"))
		first.End()
	}); err != nil {
		t.Fatal(err)
	}
	k.run()
	k.read(p)
	if got := string(k.got); !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n") || !strings.HasSuffix(got, "\r\n\r\nabc") || strings.Contains(got, "Secret") {
		t.Errorf("the first client got %q", got)
	}
	p.Close()
	q.Close()
	k.run()
}

func TestAHeadOfARequestThatWasFixedByARefusedWriteIsStillThatOne(t *testing.T) {
	k := newCallRig(t, AgentOptions{}, 1)
	x := k.ask(0, "POST", simURL, RequestOptions{Header: []string{"Content-Length", "3"}}, func(x *asked) {
		if _, err := x.q.Write([]byte("too long")); err == nil {
			t.Error("it was not refused")
		}
	})
	y := k.ask(0, "GET", simElse, RequestOptions{Header: []string{"Authorization", "secret"}}, nil)
	k.on(0, func() {
		x.q.Write([]byte("abc"))
		x.q.End()
	})
	for _, s := range k.peers {
		if strings.HasPrefix(s.got, "POST") && (!strings.HasSuffix(s.got, "\r\n\r\nabc") || strings.Contains(s.got, "secret")) {
			t.Errorf("the server got %q", s.got)
		}
	}
	if len(k.peers) != 2 {
		t.Errorf("%d connections", len(k.peers))
	}
	k.on(0, func() {
		x.q.Destroy(nil)
		y.q.Destroy(nil)
	})
}
