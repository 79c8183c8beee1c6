package httpcore_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
)

// alone runs begin on a loop that nothing else keeps running, and wants it to end by itself, with nothing open but what lies idle.
func alone(t *testing.T, a *httpcore.Agent, begin func(l *loop.Loop)) {
	t.Helper()
	l, err := loop.New(loop.Options{OnUncaught: func(err error) { t.Errorf("uncaught: %v", err) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Post(func() { begin(l) }); err != nil {
		t.Fatal(err)
	}
	if err := l.Run(); err != nil {
		t.Error(err)
	}
	a.CloseIdleConnections()
	if err := l.Run(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// replying answers every head that comes to a listener with the address that it came from.
func replying(t *testing.T, ln net.Listener) {
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			go func() {
				buf := make([]byte, 4096)
				for text := ""; ; {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					if text += string(buf[:n]); strings.HasSuffix(text, head) {
						from, _, _ := net.SplitHostPort(c.RemoteAddr().String())
						host := text[strings.Index(text, "Host: ")+6:]
						host, _, _ = strings.Cut(host, "\r\n")
						body := from + " " + host
						fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
						text = ""
					}
				}
			}()
		}
	}()
}

// fetch makes a GET and calls then with the body of its answer.
func fetch(t *testing.T, l *loop.Loop, url string, o httpcore.RequestOptions, then func(body string, q call, err error)) {
	q, err := httpcore.NewRequest(l, "GET", url, o)
	if err != nil {
		t.Error(err)
		return
	}
	body := ""
	var failed error
	q.OnResponse(func(r answer) { r.OnData(func(p []byte) { body += string(p) }) })
	q.OnError(func(err error) { failed = err })
	q.OnClose(func() { then(body, q, failed) })
	q.End()
}

func TestALoopEndsThoughAnAgentHasIdleConnections(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	replying(t, ln)
	a := httpcore.NewAgent(httpcore.AgentOptions{})
	for range 2 { // the second loop has nothing to do with the first one's connections
		alone(t, a, func(l *loop.Loop) {
			fetch(t, l, "http://"+ln.Addr().String()+"/", httpcore.RequestOptions{Agent: a, TotalTimeout: time.Hour}, func(body string, q call, err error) {
				if err != nil || !strings.HasPrefix(body, "127.0.0.1 ") || q.ReusedSocket() {
					t.Errorf("got %q, %v, reused %t", body, err, q.ReusedSocket())
				}
			})
		})
		if m := a.Metrics(); m.Sockets != 0 || m.FreeSockets != 0 {
			t.Errorf("when the loop is closed: got %+v", m)
		}
	}
	a.Destroy()
}

func TestARequestOverAUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	replying(t, ln)
	a := httpcore.NewAgent(httpcore.AgentOptions{})
	alone(t, a, func(l *loop.Loop) {
		o := httpcore.RequestOptions{Agent: a, SocketPath: path}
		fetch(t, l, "http://docker/", o, func(body string, q call, err error) {
			if body != " docker" || err != nil {
				t.Errorf("got %q, %v", body, err)
			}
			fetch(t, l, "http://other/", o, func(body string, q call, err error) {
				if body != " other" || err != nil || !q.ReusedSocket() {
					t.Errorf("got %q, %v, reused %t", body, err, q.ReusedSocket())
				}
			})
		})
		none := httpcore.RequestOptions{Agent: a, SocketPath: path + "x"}
		fetch(t, l, "http://docker/", none, func(body string, _ call, err error) {
			if err == nil {
				t.Errorf("got %q from a socket that is not there", body)
			}
		})
	})
}

func TestARequestFromAnAddress(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	replying(t, ln)
	url := "http://" + ln.Addr().String() + "/"
	a := httpcore.NewAgent(httpcore.AgentOptions{})
	alone(t, a, func(l *loop.Loop) {
		for _, from := range []string{"127.0.0.2", "127.0.0.3"} {
			o := httpcore.RequestOptions{Agent: a, LocalAddr: netip.AddrPortFrom(netip.MustParseAddr(from), 0)}
			fetch(t, l, url, o, func(body string, q call, err error) {
				if err != nil || !strings.HasPrefix(body, from+" ") {
					t.Errorf("from %s: got %q, %v", from, body, err)
				}
				fetch(t, l, url, o, func(body string, q call, err error) {
					if err != nil || !strings.HasPrefix(body, from+" ") || !q.ReusedSocket() {
						t.Errorf("from %s, again: got %q, %v, reused %t", from, body, err, q.ReusedSocket())
					}
				})
			})
		}
	})
}

func TestANameIsLookedUpWithTheAgentsResolver(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	replying(t, ln)
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	none := errors.New("no such name")
	a := httpcore.NewAgent(httpcore.AgentOptions{Dial: loop.DialOptions{Resolver: loop.NewResolver(loop.ResolverOptions{
		Lookup: func(_ context.Context, _, host string) ([]netip.Addr, error) {
			if host == "weir.test" {
				return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
			}
			return nil, none
		},
	})}})
	alone(t, a, func(l *loop.Loop) {
		o := httpcore.RequestOptions{Agent: a}
		fetch(t, l, "http://WEIR.test:"+port+"/", o, func(body string, q call, err error) {
			if err != nil || body != "127.0.0.1 WEIR.test:"+port {
				t.Errorf("got %q, %v", body, err)
			}
			fetch(t, l, "http://weir.test:"+port+"/", o, func(body string, q call, err error) {
				if err != nil || !q.ReusedSocket() {
					t.Errorf("got %q, %v, reused %t", body, err, q.ReusedSocket())
				}
			})
		})
		fetch(t, l, "http://other.test/", o, func(body string, _ call, err error) {
			if !errors.Is(err, none) {
				t.Errorf("got %q, %v", body, err)
			}
		})
	})
	if m := a.Metrics(); m.Connections != 1 || m.Failed != 1 || m.Requests != 3 || m.Reused != 1 {
		t.Errorf("got %+v", m)
	}
}

func TestARequestWhoseContextIsDoneIsNotSent(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	replying(t, ln)
	url := "http://" + ln.Addr().String() + "/"
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("why")
	a := httpcore.NewAgent(httpcore.AgentOptions{})
	alone(t, a, func(l *loop.Loop) {
		fetch(t, l, url, httpcore.RequestOptions{Agent: a, Context: ctx}, func(_ string, _ call, err error) {
			if err != nil {
				t.Error(err)
			}
			cancel(why)
			l.NextTick(func() { // now there is an idle connection
				o := httpcore.RequestOptions{Agent: a, Context: ctx}
				fetch(t, l, url, o, func(_ string, q call, err error) {
					if !errors.Is(err, httpcore.ErrCanceled) || !errors.Is(err, why) || q.HeadersSent() && l.Metrics().Writes > 1 {
						t.Errorf("got %v", err)
					}
					if m := a.Metrics(); m.FreeSockets != 1 || m.Connections != 1 {
						t.Errorf("the connection was used up: %+v", m)
					}
				})
			})
		})
	})
}
