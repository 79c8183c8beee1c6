package h1_test

import (
	"testing"

	"github.com/weir-go/weir/httpcore/h1"
)

func TestAPortThatIsNoneIsRefused(t *testing.T) {
	for _, c := range []struct {
		method, target string
		ok             bool
	}{
		{"CONNECT", "a:1", true},
		{"CONNECT", "a:65535", true},
		{"CONNECT", "a:00443", true},
		{"CONNECT", "[::1]:443", true},
		{"CONNECT", "a:0", false},
		{"CONNECT", "a:", false},
		{"CONNECT", "a", false},
		{"CONNECT", "[::1]", false},
		{"CONNECT", "a:65536", false},
		{"CONNECT", "a:18446744073709551617", false},
		{"GET", "http://a:65535/", true},
		{"GET", "http://a:/", true},
		{"GET", "http://a:65536/", false},
	} {
		request := c.method + " " + c.target + " HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
		for cut := range request {
			var p h1.Parser
			m := &messages{p: &p}
			p.Reset(h1.Request, m, nil)
			_, err := p.Execute([]byte(request[:cut]))
			if err == nil {
				_, err = p.Execute([]byte(request[cut:]))
			}
			if ok := h1.StatusOf(err) == 0; ok != c.ok {
				t.Fatalf("%s %s, cut at %d: got %v", c.method, c.target, cut, err)
			}
			if body := c.ok && c.method == "GET"; body && string(m.done[0].body) != "abc" {
				t.Fatalf("%s %s: the body is %q", c.method, c.target, m.done[0].body)
			}
		}
		if h1.ValidTarget(c.method, c.target) != c.ok {
			t.Errorf("ValidTarget(%s, %s) is %v", c.method, c.target, !c.ok)
		}
	}
}

func TestAnHTTP2PrefaceStopsTheParserOnlyAtTheBeginning(t *testing.T) {
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	var p h1.Parser
	p.Reset(h1.Request, h1.Nop{}, nil)
	if n, err := p.Execute([]byte(preface + "more")); n != len(preface) || err != h1.ErrH2Preface {
		t.Errorf("got %d, %v", n, err)
	}
	p.Reset(h1.Request, h1.Nop{}, nil)
	if _, err := p.Execute([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n" + preface)); h1.StatusOf(err) != 400 {
		t.Errorf("behind a request: got %v, want a 400", err)
	}
}
