package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// forwarded are the fields that the proxy adds to every request.
const forwarded = "X-Forwarded-For: 127.0.0.1\nX-Forwarded-Host: a\nX-Forwarded-Proto: http\nVia: 1.1 weir\nConnection: keep-alive\n"

func TestWhatSpeaksOfOneConnectionStaysOnIt(t *testing.T) {
	s := stage(t)
	const hops = "Connection: keep-alive, X-Hop\nConnection: x-other\nKeep-Alive: timeout=9\nProxy-Connection: keep-alive\n" +
		"Proxy-Authenticate: Basic\nProxy-Authorization: Basic eDp5\nTE: trailers\nX-Hop: 1\nX-Other: 1\n"
	c := s.dial("GET /a?b=c HTTP/1.1\nHost: a\nX-First: 1\n" + hops + "X-Last: 1\nUpgrade: nothing\n\n")
	up := s.accept()
	if got, want := up.head(), "GET /a?b=c HTTP/1.1\nHost: a\nX-First: 1\nX-Last: 1\n"+forwarded; got != want {
		t.Errorf("the server gets\n%s\nwant\n%s", got, want)
	}
	up.say("HTTP/1.1 299 Fine Enough\nDate: today\nX-First: 1\nX-Two: 1\nX-Two: 2\n" + hops + "Upgrade: h2c\nX-Last: 1\nContent-Length: 2\n\nok")
	if got, want := c.head(), "HTTP/1.1 299 Fine Enough\nDate: today\nX-First: 1\nX-Two: 1\nX-Two: 2\nX-Last: 1\nContent-Length: 2\n"+
		"Connection: keep-alive\nKeep-Alive: timeout=60\n"; got != want {
		t.Errorf("the client gets\n%s\nwant\n%s", got, want)
	}
	c.hears("ok")
}

func TestWhatOthersHaveForwardedIsAddedTo(t *testing.T) {
	s := stage(t)
	s.dial("GET / HTTP/1.1\nHost: a:81\nX-Forwarded-For: 10.0.0.1\nX-Forwarded-For: 10.0.0.2\nX-Forwarded-Host: evil\nX-Forwarded-Proto: https\nVia: 1.0 fred\n\n")
	want := "GET / HTTP/1.1\nHost: a:81\nVia: 1.0 fred\nX-Forwarded-For: 10.0.0.1, 10.0.0.2, 127.0.0.1\nX-Forwarded-Host: a:81\n" +
		"X-Forwarded-Proto: http\nVia: 1.1 weir\nConnection: keep-alive\n"
	if got := s.accept().head(); got != want {
		t.Errorf("the server gets\n%s\nwant\n%s", got, want)
	}
}

func TestAnAbsoluteTargetBecomesAPath(t *testing.T) {
	s := stage(t)
	for target, want := range map[string]string{
		"http://a/b?c": "GET /b?c HTTP/1.1\nHost: a\n", "http://a": "GET / HTTP/1.1\nHost: a\n",
		"http://a?b": "GET /?b HTTP/1.1\nHost: a\n",
	} {
		s.dial("GET " + target + " HTTP/1.1\nHost: other\n\n")
		if got := s.accept().head(); got != want+forwarded {
			t.Errorf("%s: the server gets\n%s\nwant\n%s", target, got, want+forwarded)
		}
	}
}

func TestOPTIONSOfTheWholeServerIsForwarded(t *testing.T) {
	s := stage(t)
	s.dial("OPTIONS * HTTP/1.1\nHost: a\n\n")
	if got, want := s.accept().head(), "OPTIONS * HTTP/1.1\nHost: a\n"+forwarded; got != want {
		t.Errorf("the server gets\n%s\nwant\n%s", got, want)
	}
}

func TestTrailersGoBothWays(t *testing.T) {
	s := stage(t)
	const message = "Trailer: X-Tail\nTransfer-Encoding: chunked\n\n4\nbody\n0\nX-Tail: 1\nX-Tail: 2\n\n"
	c := s.dial("POST / HTTP/1.1\nHost: a\n" + message)
	up := s.accept()
	if got, want := up.head("X-Forwarded"), "POST / HTTP/1.1\nHost: a\nTrailer: X-Tail\nVia: 1.1 weir\nConnection: keep-alive\nTransfer-Encoding: chunked\n"; got != want {
		t.Errorf("the server gets\n%s\nwant\n%s", got, want)
	}
	up.hears("4\nbody\n0\nX-Tail: 1\nX-Tail: 2\n\n")
	up.say("HTTP/1.1 200 OK\nDate: today\n" + message)
	if got, want := c.head(), "HTTP/1.1 200 OK\nDate: today\nTrailer: X-Tail\nConnection: keep-alive\nKeep-Alive: timeout=60\nTransfer-Encoding: chunked\n"; got != want {
		t.Errorf("the client gets\n%s\nwant\n%s", got, want)
	}
	c.hears("4\nbody\n0\nX-Tail: 1\nX-Tail: 2\n\n")
}

// A Trailer field announces what a message with a length has no place for. Such a message is odd, but whole.
func TestAnAnnouncedTrailerOfAMessageWithALengthDoesNoHarm(t *testing.T) {
	s := stage(t)
	c := s.dial("POST / HTTP/1.1\nHost: a\nTrailer: X-Tail\nContent-Length: 4\n\nbody")
	up := s.accept()
	if got, want := up.head("X-Forwarded", "Via"), "POST / HTTP/1.1\nHost: a\nContent-Length: 4\nConnection: keep-alive\n"; got != want {
		t.Errorf("the server gets\n%s\nwant\n%s", got, want)
	}
	up.hears("body")
	up.say("HTTP/1.1 200 OK\nTrailer: X-Tail\nContent-Length: 6\n\nanswer")
	c.gets(200, "answer")
}

func TestInterimResponsesAreRelayed(t *testing.T) {
	s := stage(t)
	c := s.dial("GET / HTTP/1.1\nHost: a\n\n")
	up := s.accept()
	up.head()
	up.say("HTTP/1.1 102 Processing\n\nHTTP/1.1 103 Early Hints\nLink: </a>; rel=preload\nConnection: X-Hop\nX-Hop: 1\nKeep-Alive: timeout=1\n\n")
	c.hears("HTTP/1.1 102 Processing\n\nHTTP/1.1 103 Early Hints\nLink: </a>; rel=preload\n\n")
	up.say("HTTP/1.1 199 unknown\nX-A: b\n\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok")
	c.hears("HTTP/1.1 199 unknown\nX-A: b\n\n")
	c.gets(200, "ok")
}

func TestInterimResponsesAreKeptFromAClientOfHTTP10(t *testing.T) {
	s := stage(t)
	c := s.dial("GET / HTTP/1.0\n\n")
	up := s.accept()
	if got, want := up.head("X-Forwarded"), "GET / HTTP/1.1\nHost: \nVia: 1.0 weir\nConnection: keep-alive\n"; got != want {
		t.Errorf("the server gets\n%s\nwant\n%s", got, want)
	}
	up.say("HTTP/1.1 103 Early Hints\n\nHTTP/1.1 200 OK\nDate: today\nTransfer-Encoding: chunked\n\n2\nok\n0\n\n")
	c.hears("HTTP/1.1 200 OK\nDate: today\nConnection: close\n\nok")
	c.ended()
}

func TestAnAnswerWithoutABodyIsBehindItsHead(t *testing.T) {
	s := stage(t)
	c := s.dial("")
	var up *peer
	for _, k := range []struct{ method, answer, want string }{
		{"HEAD", "HTTP/1.1 200 OK\nContent-Length: 5\n\n", "HTTP/1.1 200 OK\nContent-Length: 5\n"},
		{"HEAD", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n", "HTTP/1.1 200 OK\n"},
		{"HEAD", "HTTP/1.1 200 OK\nTrailer: X-Tail\nContent-Length: 5\n\n", "HTTP/1.1 200 OK\nContent-Length: 5\n"},
		{"GET", "HTTP/1.1 204 No Content\n\n", "HTTP/1.1 204 No Content\n"},
		{"GET", "HTTP/1.1 304 Not Modified\nContent-Length: 5\n\n", "HTTP/1.1 304 Not Modified\nContent-Length: 5\n"},
		{"POST", "HTTP/1.1 205 Reset Content\nContent-Length: 0\n\n", "HTTP/1.1 205 Reset Content\nContent-Length: 0\n"},
	} {
		c.say(k.method + " / HTTP/1.1\nHost: a\n\n")
		if up == nil {
			up = s.accept()
		}
		up.head() // of the same connection each time
		up.say(k.answer)
		if got := c.head("Date", "Connection", "Keep-Alive"); got != k.want {
			t.Errorf("%s: the client gets\n%s\nwant\n%s", k.method, got, k.want)
		}
	}
}

func TestTheMethodDecidesWhetherThereIsAFraming(t *testing.T) {
	s := stage(t)
	for method, framing := range map[string]string{"GET": "", "DELETE": "", "POST": "Content-Length: 0\n", "PUT": "Content-Length: 0\n"} {
		s.dial(method + " / HTTP/1.1\nHost: a\n\n")
		if got, want := s.accept().head(), method+" / HTTP/1.1\nHost: a\n"+forwarded+framing; got != want {
			t.Errorf("the server gets\n%s\nwant\n%s", got, want)
		}
	}
}

func TestABodyOfAnyMethodIsForwarded(t *testing.T) {
	s := stage(t)
	for _, method := range []string{"GET", "DELETE", "OPTIONS", "PATCH", "QUERY"} {
		s.dial(method + " / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n4\nbody\n0\n\n")
		up := s.accept()
		if head := up.head(); !strings.HasSuffix(head, "Transfer-Encoding: chunked\n") {
			t.Errorf("%s: the server gets\n%s", method, head)
		}
		up.hears("4\nbody\n0\n\n")
	}
}

func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	s := stage(t)
	c := s.dial("GET /0 HTTP/1.1\nHost: a\n\nGET /1 HTTP/1.1\nHost: a\n\nPOST /2 HTTP/1.1\nHost: a\nContent-Length: 4\n\nbodyGET /3 HTTP/1.1\nHost: a\n\n")
	ups := map[string]*peer{}
	for range 4 {
		up := s.accept()
		req, err := http.ReadRequest(up.r)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, req.Body)
		ups[req.URL.Path] = up
	}
	for _, path := range []string{"/3", "/1", "/2", "/0"} { // not the order that they were asked in
		ups[path].say("HTTP/1.1 200 OK\nContent-Length: 2\n\n" + path)
	}
	for _, path := range []string{"/0", "/1", "/2", "/3"} {
		c.gets(200, path)
	}
}
