package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/internal/exampletest"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

const get = "GET / HTTP/1.1\nHost: a\n\n"

func TestAServerThatIsNotThereIsABadGateway(t *testing.T) {
	watchDescriptors(t)
	s := front(t, &proxy{upstream: exampletest.Refusing(t)})
	c := s.dial("")
	for range 3 { // the connection goes on
		c.say(get)
		if res, body, err := c.answer("GET"); err != nil || res.StatusCode != 502 || !strings.Contains(body, "refused") {
			t.Errorf("got %d %q, %v", res.StatusCode, body, err)
		}
	}
	c.say("POST / HTTP/1.1\nHost: a\nContent-Length: 4\n\nbody" + get)
	for range 2 {
		if res, body, err := c.answer("GET"); err != nil || res.StatusCode != 502 {
			t.Errorf("got %d %q, %v", res.StatusCode, body, err)
		}
	}
}

// impatient is a proxy that waits so long for a server that the test plays.
func impatient(t *testing.T, d time.Duration) *scene {
	t.Helper()
	watchDescriptors(t)
	ln := listen(t)
	s := front(t, &proxy{upstream: ln.Addr().String(), patience: d})
	s.ln = ln
	return s
}

func TestAServerThatIsSilentIsAGatewayTimeout(t *testing.T) {
	s := impatient(t, 50*time.Millisecond)
	c := s.dial("")
	for range 2 { // the client's connection goes on
		c.say(get)
		up := s.accept()
		up.head()
		if res, body, err := c.answer("GET"); err != nil || res.StatusCode != 504 {
			t.Errorf("got %d %q, %v", res.StatusCode, body, err)
		}
		up.gone()
	}
}

func TestAServerThatIsSilentInsideItsAnswerCutsItOff(t *testing.T) {
	s := impatient(t, time.Second) // enough for the head, on any machine
	c := s.dial(get)
	up := s.accept()
	up.head()
	up.say("HTTP/1.1 200 OK\nContent-Length: 4\n\nok")
	if res, body, err := c.answer("GET"); err == nil || res.StatusCode != 200 || body != "ok" {
		t.Errorf("got %d %q, %v; want no whole answer", res.StatusCode, body, err)
	}
	up.gone()
}

func TestAConnectionThatIsNotMadeInTimeIsAGatewayTimeout(t *testing.T) {
	agent := httpcore.NewAgent(httpcore.AgentOptions{
		Connect: func(l *loop.Loop, _, _ string, done func(stream.Transport, error)) (func(), error) {
			return nil, l.Post(func() { done(nil, fmt.Errorf("dial: %w", syscall.ETIMEDOUT)) })
		},
	})
	s := front(t, &proxy{upstream: "127.0.0.1:1", agent: agent})
	c := s.dial(get)
	if res, body, err := c.answer("GET"); err != nil || res.StatusCode != 504 {
		t.Errorf("got %d %q, %v", res.StatusCode, body, err)
	}
}

func TestAClientThatGoesDoesNotWaitForAConnectionAnyMore(t *testing.T) {
	watchDescriptors(t)
	ln := listen(t)
	s := front(t, &proxy{upstream: ln.Addr().String(), agent: httpcore.NewAgent(httpcore.AgentOptions{MaxSockets: 1})})
	s.ln = ln
	first := s.dial(get)
	up := s.accept()
	up.head()
	second := s.dial("PUT /second HTTP/1.1\nHost: a\nContent-Length: 9\n\nhello")
	third := s.dial("GET /third HTTP/1.1\nHost: a\n\n")
	await(t, "two to wait", func() bool { return s.p.agent.Metrics().Queued == 2 })
	second.reset()
	await(t, "one to wait", func() bool { return s.p.agent.Metrics().Queued == 1 })
	up.say("HTTP/1.1 200 OK\nConnection: close\nContent-Length: 2\n\nok")
	first.gets(200, "ok")
	up.Close()
	up = s.accept()
	if head := up.head(); !strings.HasPrefix(head, "GET /third ") {
		t.Errorf("the server gets\n%s", head)
	}
	up.say("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")
	third.gets(200, "ok")
}

func TestAServerThatGivesNoAnswerIsABadGateway(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing":                   "",
		"part of a head":            "HTTP/1.1 200 OK\nContent-Le",
		"no HTTP":                   "SSH-2.0-OpenSSH\n",
		"only an interim response":  "HTTP/1.1 103 Early Hints\n\n",
		"a length and a coding":     "HTTP/1.1 200 OK\nContent-Length: 2\nTransfer-Encoding: chunked\n\n2\nok\n0\n\n",
		"two lengths":               "HTTP/1.1 200 OK\nContent-Length: 2\nContent-Length: 3\n\nok",
		"another coding":            "HTTP/1.1 200 OK\nTransfer-Encoding: gzip\n\nok",
		"a folded field":            "HTTP/1.1 200 OK\nX-A: b\n c\nContent-Length: 2\n\nok",
		"a space before the colon":  "HTTP/1.1 200 OK\nContent-Length : 2\n\nok",
		"an endless head":           "HTTP/1.1 200 OK\n" + strings.Repeat("X-A: "+strings.Repeat("a", 1000)+"\n", 200),
		"interim responses for all": strings.Repeat("HTTP/1.1 103 Early Hints\n\n", 1000),
	} {
		t.Run(name, func(t *testing.T) {
			s := stage(t)
			c := s.dial("POST / HTTP/1.1\nHost: a\n\n")
			up := s.accept()
			up.head()
			up.Write([]byte(strings.ReplaceAll(answer, "\n", "\r\n")))
			up.CloseWrite()
			for {
				res, body, err := c.answer("POST")
				if res.StatusCode == 103 {
					continue
				}
				if err != nil || res.StatusCode != 502 {
					t.Errorf("got %d %q, %v", res.StatusCode, body, err)
				}
				break
			}
			up.gone()
		})
	}
}

// A message that is cut off must not look whole on the other side, however its end is told.
func TestAnAnswerThatIsCutOffIsNeverTakenForWhole(t *testing.T) {
	const head = "HTTP/1.1 200 OK\n"
	for name, k := range map[string]struct{ before, behind string }{
		"between two chunks":     {"Transfer-Encoding: chunked\n\n5\nhello\n", ""},
		"inside a chunk":         {"Transfer-Encoding: chunked\n\n9\nhello", ""},
		"inside the last chunk":  {"Transfer-Encoding: chunked\n\n5\nhello\n", "0\n"},
		"inside the trailers":    {"Transfer-Encoding: chunked\n\n5\nhello\n", "0\nX-Tail: 1\n"},
		"a chunk that is none":   {"Transfer-Encoding: chunked\n\n5\nhello\n", "x\n"},
		"a chunk that is longer": {"Transfer-Encoding: chunked\n\n5\nhello", "!\n0\n\n"},
		"a trailer that is none": {"Transfer-Encoding: chunked\n\n5\nhello\n", "0\nX-Tail\n\n"},
		"with a length":          {"Content-Length: 9\n\nhello", "wor"},
		"without an end":         {"\nhello", "wor"},
	} {
		for _, version := range []string{"1.1", "1.0"} {
			t.Run(name+" to "+version, func(t *testing.T) {
				s := stage(t)
				c := s.dial("GET / HTTP/" + version + "\nHost: a\n\n")
				up := s.accept()
				up.head()
				up.say(head + k.before)
				res, err := http.ReadResponse(c.r, nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(res.Body, make([]byte, 5)); err != nil {
					t.Fatal(err)
				}
				up.say(k.behind)
				if name == "without an end" {
					up.reset() // an end would be one
				} else {
					up.Close()
				}
				if rest, err := io.ReadAll(res.Body); err == nil {
					t.Errorf("got %q and the end, want an error", rest)
				}
			})
		}
	}
}

func TestAServerThatDiesInsideAnUploadIsABadGateway(t *testing.T) {
	for _, how := range []string{"end", "reset"} {
		t.Run(how, func(t *testing.T) {
			s := stage(t)
			c := s.dial("PUT / HTTP/1.1\nHost: a\nContent-Length: 10\n\nhello")
			up := s.accept()
			up.head()
			up.hears("hello")
			if how == "end" {
				up.Close()
			} else {
				up.reset()
			}
			if res, body, err := c.answer("PUT"); err != nil || res.StatusCode != 502 {
				t.Errorf("got %d %q, %v", res.StatusCode, body, err)
			}
			c.say("world" + get) // the rest is thrown away, and the connection goes on
			up = s.accept()
			up.head()
			up.say("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")
			c.gets(200, "ok")
		})
	}
}

// A server that has had enough answers before it has the whole body, and leaves with the rest unread: its answer counts. The
// client is told that nobody reads on, if the server has said so.
func TestAnEarlyAnswerReachesAClientThatStillSends(t *testing.T) {
	for _, ends := range []bool{true, false} {
		for _, size := range []int{100_000, 10_000_000} {
			t.Run(fmt.Sprint(size, ends), func(t *testing.T) {
				s := stage(t)
				c := s.dial(fmt.Sprintf("POST / HTTP/1.1\nHost: a\nContent-Length: %d\n\n", size+1))
				sent := make(chan error, 1)
				go func() {
					_, err := c.Write(make([]byte, size))
					sent <- err
				}()
				up := s.accept()
				up.head()
				io.ReadFull(up.r, make([]byte, 1000))
				connection := ""
				if ends {
					connection = "Connection: close\n"
				}
				up.say("HTTP/1.1 413 Payload Too Large\n" + connection + "Content-Length: 8\n\ntoo much")
				if res := c.gets(413, "too much"); res.Close != ends {
					t.Errorf("the client is told that the connection ends: %t, want %t", res.Close, ends)
				}
				up.Close()
				if err := <-sent; err != nil {
					t.Error(err)
				}
				if ends {
					c.ended()
					return
				}
				c.say("x" + get)
				up = s.accept()
				up.head()
				up.say("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")
				c.gets(200, "ok")
			})
		}
	}
}

func TestAClientThatGoesTakesItsRequestWithIt(t *testing.T) {
	for name, play := range map[string]func(c, up *peer){
		"while the server thinks": func(_, up *peer) { up.head() },
		"inside its body": func(c, up *peer) {
			c.say("hello")
			up.head()
			up.hears("hello")
		},
		"inside the answer": func(c, up *peer) {
			up.head()
			up.say("HTTP/1.1 200 OK\nContent-Length: 10\n\nhello")
			c.head()
			c.hears("hello")
		},
		"inside its body, answered already": func(c, up *peer) {
			c.say("hello")
			up.head()
			up.hears("hello")
			up.say("HTTP/1.1 413 Payload Too Large\nContent-Length: 5\n\nhello")
			c.gets(413, "hello")
		},
		"and does not read": func(_, up *peer) {
			up.head()
			up.say(fmt.Sprintf("HTTP/1.1 200 OK\nContent-Length: %d\n\n", much))
			flood(up)
		},
		"and is not read from": func(c, _ *peer) { flood(c) },
	} {
		// Who ends its side when it has said everything may still wait for the answer.
		half := name == "while the server thinks" || name == "inside the answer"
		for _, how := range []string{"end", "reset"} {
			t.Run(name+"/"+how, func(t *testing.T) {
				s := stage(t)
				head := "GET / HTTP/1.1\nHost: a\n\n"
				if strings.Contains(name, "body") || name == "and is not read from" {
					head = fmt.Sprintf("PUT / HTTP/1.1\nHost: a\nContent-Length: %d\n\n", much)
				}
				c := s.dial(head)
				up := s.accept()
				play(c, up)
				if how == "end" && !half {
					c.Close()
				} else {
					c.reset()
				}
				up.gone()
			})
		}
	}
}

func TestAClientThatEndsItsSideStillGetsItsAnswer(t *testing.T) {
	s := stage(t)
	c := s.dial("POST / HTTP/1.1\nHost: a\nContent-Length: 4\n\nbody")
	c.CloseWrite()
	up := s.accept()
	up.head()
	up.hears("body")
	up.say("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")
	c.gets(200, "ok")
	c.ended()
}
