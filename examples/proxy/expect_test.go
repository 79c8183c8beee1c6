package main

import "testing"

const expects = "POST / HTTP/1.1\nHost: a\nExpect: 100-continue\nContent-Length: 4\n\n"

func TestTheServerDecidesWhetherItWantsTheBody(t *testing.T) {
	s := stage(t)
	c := s.dial(expects)
	up := s.accept()
	if got, want := up.head("X-Forwarded", "Via"), "POST / HTTP/1.1\nHost: a\nExpect: 100-continue\nContent-Length: 4\nConnection: keep-alive\n"; got != want {
		t.Errorf("the server gets\n%s\nwant\n%s", got, want)
	}
	up.say("HTTP/1.1 103 Early Hints\n\nHTTP/1.1 100 Continue\n\n")
	c.hears("HTTP/1.1 103 Early Hints\n\nHTTP/1.1 100 Continue\n\n") // and not one of the proxy's own
	c.say("body")
	up.hears("body")
	up.say("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")
	c.gets(200, "ok")
}

// A client that is refused before it sends its body may send it or not, so nobody goes on with either connection.
func TestAServerThatDoesNotWantTheBodyIsNotSentIt(t *testing.T) {
	for _, status := range []string{"417 Expectation Failed", "401 Unauthorized", "200 OK"} {
		t.Run(status, func(t *testing.T) {
			s := stage(t)
			c := s.dial(expects)
			up := s.accept()
			up.head()
			up.say("HTTP/1.1 " + status + "\nContent-Length: 2\n\nno")
			res, body, err := c.answer("POST")
			if err != nil || res.Status != status || body != "no" || !res.Close {
				t.Errorf("got %q %q, %v; it ends the connection: %t", res.Status, body, err, res.Close)
			}
			c.ended()
			up.ended()
		})
	}
}

// A server that has never heard of expectations waits for the body, and the client sends it when it has waited for long
// enough: RFC 9110 section 10.1.1.
func TestABodyIsSentToAServerThatDoesNotAnswerAnExpectation(t *testing.T) {
	s := stage(t)
	c := s.dial(expects + "body")
	up := s.accept()
	up.head()
	up.hears("body")
	up.say("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")
	c.gets(200, "ok")
}

func TestAnExpectationOfHTTP10IsNone(t *testing.T) {
	s := stage(t)
	c := s.dial("POST / HTTP/1.0\nHost: a\nExpect: 100-continue\nContent-Length: 4\n\nbody")
	up := s.accept()
	if got, want := up.head("X-Forwarded", "Via"), "POST / HTTP/1.1\nHost: a\nContent-Length: 4\nConnection: keep-alive\n"; got != want {
		t.Errorf("the server gets\n%s\nwant\n%s", got, want)
	}
	up.hears("body")
	up.say("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")
	c.gets(200, "ok")
}
