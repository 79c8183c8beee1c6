package httpcore

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/weir-go/weir/stream"
)

const upgradeHead = "GET /u HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n"

func TestAHandlerMaySwitchProtocolsAtOnceOrLater(t *testing.T) {
	for _, later := range []bool{false, true} {
		over(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
			switches := func() {
				err := res.SwitchProtocols(func(s *stream.Socket, head []byte) {
					s.Write(head)
					s.Pipe(s)
				}, "X-A", "b")
				if err != nil {
					t.Error(err)
				}
				if err := res.SwitchProtocols(func(*stream.Socket, []byte) {}); !errors.Is(err, ErrHeadersSent) {
					t.Errorf("a second time: got %v", err)
				}
			}
			if later {
				req.Loop().NextTick(func() { req.Loop().Post(switches) })
			} else {
				switches()
			}
		}, func(k *talk) {
			c := k.dial()
			if _, err := io.WriteString(c, upgradeHead+"first"); err != nil {
				t.Fatal(err)
			}
			want := "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nX-A: b\r\nUpgrade: foo\r\n\r\nfirst"
			got := make([]byte, len(want))
			if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
				t.Fatalf("got %q, %v", got, err)
			}
			if _, err := io.WriteString(c, "second"); err != nil {
				t.Fatal(err)
			}
			c.CloseWrite()
			if rest, err := io.ReadAll(c); err != nil || string(rest) != "second" {
				t.Errorf("got %q, %v behind the 101", rest, err)
			}
			c.Close()
		})
	}
}

func TestARequestForAnUpgradeMayBeAnsweredOtherwise(t *testing.T) {
	over(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
		err := res.SwitchProtocols(func(*stream.Socket, []byte) { t.Error("switched") }, "X", "a\nb")
		want := ErrNoSwitch
		if req.HasHeader("Upgrade") && !strings.HasPrefix(req.URL(), "/second") {
			want = ErrInvalidValue
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", req.URL(), err, want)
		}
		req.Loop().Post(func() { res.EndString(req.URL()) })
	}, func(k *talk) {
		c := k.dial()
		get := "GET /after HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
		if _, err := io.WriteString(c, strings.Repeat(upgradeHead, 3)+get); err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(c)
		if err != nil || strings.Count(string(all), "HTTP/1.1 200 OK") != 4 || !strings.HasSuffix(string(all), "\r\n\r\n/after") {
			t.Errorf("got %q, %v; want four answers", all, err)
		}
		c.Close()
	})
}

func TestNothingIsWrittenBehindASwitchOfProtocols(t *testing.T) {
	for name, then := range map[string]func(t *testing.T, res *ServerResponse){
		"End": func(_ *testing.T, res *ServerResponse) { res.End() },
		"Write": func(t *testing.T, res *ServerResponse) {
			if _, err := res.WriteString("bytes"); !errors.Is(err, stream.ErrWriteAfterEnd) {
				t.Errorf("got %v, want ErrWriteAfterEnd", err)
			}
		},
		"WriteInformation": func(t *testing.T, res *ServerResponse) {
			if err := res.WriteInformation(103); !errors.Is(err, ErrHeadersSent) {
				t.Errorf("got %v, want ErrHeadersSent", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			taken, told := 0, 0
			k := newRig(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
				if !req.Upgrade() {
					t.Errorf("%s was taken for a request", req.URL())
					return
				}
				res.OnError(func(error) {})
				res.Cork()
				if err := res.WriteInformationWith(103, nil, func(err error) {
					if err != nil {
						t.Error(err)
					}
					told++
				}); err != nil {
					t.Error(err)
				}
				err := res.SwitchProtocols(func(s *stream.Socket, head []byte) {
					taken++
					s.Write(head)
					s.Pipe(s)
				})
				if err != nil {
					t.Error(err)
				}
				then(t, res)
			})
			p := k.dial()
			k.send(p, upgradeHead)
			k.send(p, get("/other"))
			k.read(p)
			want := "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n" + get("/other")
			if got := string(k.got); taken != 1 || told != 1 || got != want {
				t.Errorf("taken %d times, told %d times, got %q", taken, told, got)
			}
			p.Close()
			k.run()
		})
	}
}

func TestASwitchTellsOfTheRequestThatItAnswers(t *testing.T) {
	k := newCallRig(t, AgentOptions{}, 1)
	k.deaf = true
	told, wrote := 0, 0
	var socket *stream.Socket
	x := k.ask(0, "POST", simURL, RequestOptions{Header: []string{"Connection", "Upgrade", "Upgrade", "x"}}, func(x *asked) {
		x.q.OnUpgrade(func(_ *IncomingMessage, s *stream.Socket, _ []byte) { socket = s })
		x.q.WriteChunk(make([]byte, 10<<20), func(error) { wrote++ })
		x.q.EndWith(nil, func(error) { told++ })
	})
	s := k.server(1)
	s.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
	s.deaf = false
	for i := 0; i < 500 && x.closed == 0; i++ {
		s.read()
		k.run()
	}
	if socket == nil || told != 1 || wrote != 1 || x.closed != 1 || x.err != nil {
		t.Errorf("switched %t, told %d, wrote %d, closed %d, %v", socket != nil, told, wrote, x.closed, x.err)
	}
	k.on(0, func() { socket.Destroy(nil) })
}

func TestA101DoesNotAnswerACONNECT(t *testing.T) {
	k := newCallRig(t, AgentOptions{}, 1)
	o := RequestOptions{Target: "a:80", Header: []string{"Connection", "Upgrade", "Upgrade", "x"}}
	x := k.ask(0, "CONNECT", simURL, o, func(x *asked) {
		x.q.OnUpgrade(func(*IncomingMessage, *stream.Socket, []byte) { t.Error("it was taken") })
		x.q.End()
	})
	k.server(1).send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
	x.failed("behind the 101", ErrUnexpectedSwitch)
}

// A request may be the last of its connection, by its own word or by ours, and still be what makes a tunnel of it.
func TestTheLastRequestOfAConnectionMayLeaveHTTP(t *testing.T) {
	for _, k := range []struct {
		name, request string
		o             ServerOptions
		hook          bool
	}{
		{name: "CONNECT that says close", request: "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nConnection: close\r\n\r\n", hook: true},
		{name: "CONNECT", request: "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", o: ServerOptions{MaxRequestsPerSocket: 1}, hook: true},
		{name: "OnUpgrade", request: upgradeHead, o: ServerOptions{MaxRequestsPerSocket: 1}, hook: true},
		{name: "SwitchProtocols", request: upgradeHead, o: ServerOptions{MaxRequestsPerSocket: 1}},
	} {
		t.Run(k.name, func(t *testing.T) {
			echo := func(s *stream.Socket, head []byte) {
				s.Write(head)
				s.Pipe(s)
			}
			over(t, k.o, func(req *IncomingMessage, res *ServerResponse) {
				req.Loop().Post(func() {
					if err := res.SwitchProtocols(echo); err != nil {
						t.Error(err)
					}
				})
			}, func(g *talk) {
				if k.hook {
					take := func(_ *IncomingMessage, s *stream.Socket, head []byte) {
						s.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
						echo(s, head)
					}
					set := make(chan struct{})
					g.l.Post(func() {
						g.s.OnUpgrade(take)
						g.s.OnConnect(take)
						close(set)
					})
					<-set
				}
				c := g.dial()
				if _, err := io.WriteString(c, k.request+"first"); err != nil {
					t.Fatal(err)
				}
				got := ""
				for buf := make([]byte, 512); !strings.HasSuffix(got, "\r\n\r\nfirst"); {
					n, err := c.Read(buf)
					if got += string(buf[:n]); err != nil {
						t.Fatalf("got %q, %v", got, err)
					}
				}
				if _, err := io.WriteString(c, "second"); err != nil {
					t.Fatal(err)
				}
				c.CloseWrite()
				if rest, err := io.ReadAll(c); err != nil || string(rest) != "second" {
					t.Errorf("got %q, %v behind the first bytes", rest, err)
				}
				c.Close()
			})
		})
	}
}
