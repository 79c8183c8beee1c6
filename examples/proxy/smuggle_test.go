package main

import (
	"io"
	"strings"
	"testing"
)

// What two servers might read in two ways never leaves the proxy: what the server gets next is the request of an honest client.
func TestNothingIsSmuggledThrough(t *testing.T) {
	s := stage(t)
	const post = "POST /evil HTTP/1.1\r\nHost: a\r\n"
	const inner = "GET /inner HTTP/1.1\r\nHost: a\r\n\r\n"
	for name, attack := range map[string]string{
		"a length and a coding":        post + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
		"a coding and a length":        post + "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n" + inner,
		"two lengths":                  post + "Content-Length: 0\r\nContent-Length: 35\r\n\r\n" + inner,
		"a list of lengths":            post + "Content-Length: 0, 35\r\n\r\n" + inner,
		"a length with a sign":         post + "Content-Length: +0\r\n\r\n" + inner,
		"a length that overflows":      post + "Content-Length: 18446744073709551616\r\n\r\n" + inner,
		"a coding that is hidden":      post + "Transfer-Encoding: xchunked\r\n\r\n" + inner,
		"a coding behind chunked":      post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + inner,
		"chunked twice":                post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
		"a coding in HTTP/1.0":         "POST /evil HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
		"a folded coding":              post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + inner,
		"a fold":                       post + "X-A: b\r\n Content-Length: 35\r\n\r\n" + inner,
		"a space before the colon":     post + "Content-Length : 35\r\n\r\n" + inner,
		"a space before the field":     post[:len(post)-9] + " Host: a\r\n\r\n" + inner,
		"a bare LF":                    post + "X-A: b\nContent-Length: 35\r\n\r\n" + inner,
		"a bare LF for the empty line": post + "X-A: b\n\n" + inner,
		"a bare CR":                    post + "X-A: b\rContent-Length: 35\r\n\r\n" + inner,
		"a NUL":                        post + "X-A: b\x00\r\n\r\n" + inner,
		"two hosts":                    post + "Host: b\r\n\r\n" + inner,
		"no host":                      "GET /evil HTTP/1.1\r\n\r\n" + inner,
		"a host with a path":           "GET /evil HTTP/1.1\r\nHost: a/b\r\n\r\n" + inner,
		"a target with a space":        "GET /evil HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n" + inner,
		"another version":              "GET /evil HTTP/1.01\r\nHost: a\r\n\r\n" + inner,
		"a tunnel":                     "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n" + inner,
	} {
		c := s.dial("")
		c.raw(attack)
		c.CloseWrite()
		all, _ := io.ReadAll(c.r)
		answer := string(all)
		if len(answer) < 13 || answer[9] != '4' && answer[9] != '5' || strings.Count(answer, "HTTP/1.1 ") != 1 {
			t.Errorf("%s: the answer is %q", name, answer)
		}
		c.Close()
		honest := s.dial("GET /honest HTTP/1.1\nHost: a\nConnection: close\n\n")
		up := s.accept()
		if head := up.head(); !strings.HasPrefix(head, "GET /honest ") {
			t.Fatalf("%s: the server gets\n%s", name, head)
		}
		up.say("HTTP/1.1 200 OK\nConnection: close\nContent-Length: 2\n\nok")
		honest.gets(200, "ok")
		up.ended()
		up.Close()
	}
}

// The head of such a request is forwarded before its body is known; the server must not take what has come for all there is.
func TestABrokenBodyIsNotEnded(t *testing.T) {
	for name, body := range map[string]string{
		"a size that is none":      "4\r\nbody\r\nx\r\n\r\n",
		"a size with a sign":       "4\r\nbody\r\n-1\r\n\r\n",
		"a size that overflows":    "4\r\nbody\r\n10000000000000000\r\n\r\n",
		"a chunk that is longer":   "4\r\nbody!\r\n0\r\n\r\n",
		"a bare LF behind a size":  "4\r\nbody\r\n0\n\r\n",
		"a bare LF behind a chunk": "4\r\nbody\n0\r\n\r\n",
		"a trailer that is none":   "4\r\nbody\r\n0\r\nGET /inner HTTP/1.1\r\n\r\n",
		"the end":                  "4\r\nbody\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := stage(t)
			c := s.dial("POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n")
			up := s.accept()
			c.raw(body)
			c.CloseWrite()
			if res, text, err := c.answer("POST"); err != nil || res.StatusCode != 400 && res.StatusCode != 413 {
				t.Errorf("the client got %d %q, %v", res.StatusCode, text, err)
			}
			got, _ := io.ReadAll(up.r)
			if strings.HasSuffix(string(got), "0\r\n\r\n") || strings.Contains(string(got), "inner") {
				t.Errorf("the server got %q", got)
			}
		})
	}
}

// What comes behind an answer answers nobody: neither the same client nor the next one over that connection.
func TestWhatAServerSendsUnaskedReachesNobody(t *testing.T) {
	const poison = "HTTP/1.1 200 OK\nContent-Length: 6\n\npoison"
	for name, when := range map[string]int{"with the answer": 0, "behind it": 1, "before the request": 2} {
		t.Run(name, func(t *testing.T) {
			s := stage(t)
			c := s.dial(get)
			up := s.accept()
			up.head()
			const answer = "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"
			switch when {
			case 0:
				up.say(answer + poison)
			case 1:
				up.say(answer)
				up.say(poison)
			case 2:
				up.say(answer)
				c.gets(200, "ok")
				up.say(poison)
			}
			if when < 2 {
				c.gets(200, "ok")
			}
			up.gone()
			up.Close()
			c.say(get)
			up = s.accept()
			up.head()
			up.say("HTTP/1.1 200 OK\nContent-Length: 3\n\nnew")
			c.gets(200, "new")
		})
	}
}
