package httpcore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/loop"
)

func TestAClosingServerAnswersTheNextRequestOfAClientThatSendsItSoon(t *testing.T) {
	k := newRig(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) { res.EndString("fine") })
	p := k.dial()
	k.send(p, get("/"))
	k.open(p, "before", "HTTP/1.1 200 ")
	k.s.on(k.l).close()
	k.pass(oneMore - 50*time.Millisecond)
	k.open(p, "while it may send one more", "")
	k.send(p, get("/"))
	if err := k.read(p); !errors.Is(err, io.EOF) || !strings.Contains(string(k.got), "\r\nConnection: close\r\n") {
		t.Errorf("got %q, %v", k.got, err)
	}
	p.Close()
	k.run()

	p = k.dial() // the last one from the queue, say
	k.send(p, get("/"))
	k.ended(p, "a first request", "HTTP/1.1 200 ")
}

func TestAClosingServerEndsAClientThatRests(t *testing.T) {
	k := newRig(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) { res.EndString("fine") })
	p, q := k.dial(), k.dial()
	for range 2 {
		k.send(p, get("/"))
		k.open(p, "before", "HTTP/1.1 200 ")
	}
	k.send(q, get("/"))
	k.open(q, "before", "HTTP/1.1 200 ")
	k.pass(time.Second)
	k.s.on(k.l).close()
	k.pass(oneMore - 50*time.Millisecond)
	k.send(p, "\r\n") // is no request, and no reason to wait longer
	k.open(p, "before its time is over", "")
	k.send(q, "GET / HT")
	k.pass(50*time.Millisecond + slack)
	k.got = nil
	if err := k.read(p); !errors.Is(err, io.EOF) || len(k.got) > 0 {
		t.Errorf("got %q, %v", k.got, err)
	}
	p.Close()
	k.run()
	if n := k.s.conns.Load(); n != 1 {
		t.Fatalf("%d connections are left, want the one inside a head", n)
	}
	k.pass(defaultHeaderTimeout - slack - 100*time.Millisecond)
	k.got = nil
	k.send(q, "TP/1.1\r\nHost: a\r\n\r\n")
	k.ended(q, "a request that was begun in time", "HTTP/1.1 200 ")
}

func TestAClosingServerWaitsForOneMoreFromTheTimeOnWhenTheAnswerWasTaken(t *testing.T) {
	const size = 1 << 20
	k := newRig(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) { res.EndWith(make([]byte, size), nil) })
	p := k.dial()
	k.send(p, get("/"))
	k.s.on(k.l).close()
	k.pass(10 * oneMore)
	for len(k.got) < size { // its head says nothing of an end
		if err := k.read(p); err != nil {
			t.Fatalf("after %d bytes: %v", len(k.got), err)
		}
		k.run()
	}
	k.pass(oneMore - 50*time.Millisecond)
	if err := k.read(p); err != nil {
		t.Fatalf("before its time is over: %v", err)
	}
	k.pass(50*time.Millisecond + slack)
	if err := k.read(p); !errors.Is(err, io.EOF) {
		t.Errorf("after: %v", err)
	}
	p.Close()
	k.run()
}

func TestCloseIdleConnectionsWaitsForNobody(t *testing.T) {
	for _, closing := range []bool{false, true} {
		k := newRig(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) { res.EndString("fine") })
		p := k.dial()
		k.send(p, get("/"))
		k.open(p, "before", "HTTP/1.1 200 ")
		if closing {
			k.s.on(k.l).close()
		}
		k.s.CloseIdleConnections(k.l)
		k.run()
		k.ended(p, "at once", "")
	}
}

// Requests are sent one behind the other while the server is closed: none of them gets an end in the place of its answer.
func TestShutdownUnderLoadAnswersWhatWasSent(t *testing.T) {
	const clients = 50
	for _, how := range []string{"server", "group"} {
		t.Run(how, func(t *testing.T) {
			s := NewServer(ServerOptions{})
			s.OnRequest(func(_ *IncomingMessage, res *ServerResponse) { res.EndString("fine") })
			g, err := loop.NewGroup(loop.GroupOptions{Loops: 2})
			if err != nil {
				t.Fatal(err)
			}
			addr, err := s.Listen(g, "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ran := make(chan error, 1)
			go func() { ran <- g.Run() }()
			var warm, all sync.WaitGroup
			var inTime atomic.Int64
			warm.Add(clients)
			for range clients {
				all.Go(func() {
					answers, between, err := untilClose(addr.String(), &warm)
					switch {
					case err != nil && answers > 0 && between > oneMore/2: // this machine kept it from asking in time
					case err != nil:
						t.Errorf("after %d answers: %v", answers, err)
					default:
						inTime.Add(1)
					}
				})
			}
			warm.Wait()
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if how == "server" {
				if err := s.Shutdown(ctx); err != nil {
					t.Error(err)
				}
			}
			if err := errors.Join(g.Shutdown(ctx), <-ran); err != nil {
				t.Error(err)
			}
			all.Wait()
			if inTime.Load() == 0 {
				t.Error("nobody was told which answer is the last")
			}
		})
	}
}

// untilClose sends a request as soon as the one before is answered, until an answer says that it is the last one. It returns how long
// the end or the error came behind the request before the last, which the server has answered.
func untilClose(addr string, warm *sync.WaitGroup) (answers int, between time.Duration, err error) {
	defer func() {
		if answers == 0 {
			warm.Done()
		}
	}()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	r := bufio.NewReader(c)
	var before, last time.Time
	defer func() { between = time.Since(before) }()
	for {
		before, last = last, time.Now()
		if _, err := io.WriteString(c, get("/")); err != nil {
			return answers, 0, err
		}
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			return answers, 0, err
		}
		if body, err := io.ReadAll(res.Body); err != nil || string(body) != "fine" {
			return answers, 0, fmt.Errorf("got %q, %w", body, err)
		}
		if answers++; answers == 1 {
			warm.Done()
		}
		if res.Close {
			return answers, 0, nil
		}
	}
}
