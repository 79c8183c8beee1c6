package weirtest_test

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/weirtest"
)

// kinds are worlds that have nothing in common but what must hold in all.
var kinds = map[string]weirtest.Options{
	"Linux":         {},
	"BSD":           {BSD: true},
	"three loops":   {Loops: 3},
	"far away":      {Latency: 30 * time.Millisecond},
	"small buffers": {SendBuffer: 100, ReceiveBuffer: 100},
	"disorder":      {Faults: weirtest.Faults{ShortReads: 0.5, ShortWrites: 0.5, Crumbs: 0.5, Delays: 0.5, Disorder: 0.5}},
}

func inEach(t *testing.T, test func(t *testing.T, w *weirtest.World)) {
	for name, o := range kinds {
		t.Run(name, func(t *testing.T) { test(t, weirtest.New(t, o)) })
	}
}

func TestARequestIsAnswered(t *testing.T) {
	inEach(t, func(t *testing.T, w *weirtest.World) {
		addr := w.ServeRequests(echo)
		for range 5 {
			if r := w.Ask(addr, "POST", "/", "hello", "X-A", "1"); r.StatusCode != 200 || string(r.Body) != "hello" || r.Header("content-length") != "" && r.Header("Content-Length") != "5" {
				t.Errorf("got %+v", r)
			}
		}
		if r := w.Ask(addr, "HEAD", "/", ""); r.StatusCode != 200 || len(r.Body) != 0 {
			t.Errorf("got %+v", r)
		}
	})
}

func TestAnAnswerIsReadWithAllThatBelongsToIt(t *testing.T) {
	w := weirtest.New(t, weirtest.Options{})
	p := w.Dial(w.ServeRequests(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		res.WriteEarlyHints("Link", "</a.css>; rel=preload")
		res.SetHeader("Trailer", "X-Sum")
		res.StatusCode, res.StatusMessage = 202, "Taken"
		res.WriteString("a")
		res.WriteString("b")
		res.AddTrailer("X-Sum", "2")
		res.End()
	}))
	p.Write(strings.Repeat(weirtest.RequestText("GET", "/", ""), 2))
	for range 2 {
		r := p.ReadResponse()
		if r.StatusCode != 202 || r.Reason != "Taken" || string(r.Body) != "ab" || !slices.Equal(r.Interim, []int{103}) || !slices.Equal(r.Trailers, []string{"X-Sum", "2"}) {
			t.Errorf("got %+v", r)
		}
	}
	if rest := p.Read(); rest != "" {
		t.Errorf("%q is left", rest)
	}
}

func TestTimersRunAtTheirTimesAndNotBefore(t *testing.T) {
	for _, loops := range []int{1, 2} {
		w := weirtest.New(t, weirtest.Options{Loops: loops})
		var at []time.Duration
		for i := range loops {
			l := w.Group().Loop(i)
			timer := l.NewTimer()
			timer.Start(func() { at = append(at, w.Now()) }, time.Duration(i+1)*time.Second, 2*time.Second)
			w.OnFinish(func() { timer.Close(nil) })
		}
		w.After(1500*time.Millisecond, func() { at = append(at, w.Now()) })
		w.Run()
		if len(at) != 0 {
			t.Errorf("Run has let time pass: %v", at)
		}
		w.Advance(3 * time.Second)
		want := []time.Duration{time.Second, 1500 * time.Millisecond, 3 * time.Second}
		if loops == 2 {
			want = []time.Duration{time.Second, 1500 * time.Millisecond, 2 * time.Second, 3 * time.Second}
		}
		if !slices.Equal(at, want) || w.Now() != 3*time.Second {
			t.Errorf("%d loops: got %v at %v, want %v", loops, at, w.Now(), want)
		}
	}
}

func TestALongTimePassesWithoutBeingTakenForASpin(t *testing.T) {
	w := weirtest.New(t, weirtest.Options{})
	n := 0
	timer := w.Loop().NewTimer()
	timer.Start(func() { n++ }, time.Hour, time.Hour)
	w.Advance(500 * 24 * time.Hour) // 10,000 polls without a cause are a spin
	if n != 500*24 {
		t.Errorf("it ran %d times", n)
	}
	timer.Close(nil)
}

func TestASlowClientHoldsItsServerUp(t *testing.T) {
	const size = 1 << 20
	w := weirtest.New(t, weirtest.Options{})
	var res *httpcore.ServerResponse
	p := w.Dial(w.ServeRequests(func(_ *httpcore.IncomingMessage, r *httpcore.ServerResponse) {
		res = r
		r.EndWith(make([]byte, size), nil)
	}))
	p.Write(weirtest.RequestText("GET", "/", ""))
	if r := p.ReadResponse(); len(r.Body) != size {
		t.Errorf("got %d bytes", len(r.Body))
	}
	before := p.Received()
	p.Write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n")
	p.OnReceive((*weirtest.Peer).Stall) // with what comes first
	p.Write("\r\n")
	if got := p.Received() - before; got == 0 || got > size/2 || res.WritableFinished() {
		t.Errorf("a client that has stalled got %d of %d bytes; finished: %t", got, size, res.WritableFinished())
	}
	p.Write("more") // stays with the client
	if p.Unsent() != 4 {
		t.Errorf("%d bytes wait with the client", p.Unsent())
	}
	p.OnReceive(nil)
	p.Resume()
	if n, err := p.Drain(); p.Received()-before < size || err != nil || n == 0 {
		t.Errorf("got %d bytes, %v", n, err)
	}
}

func TestAStalledClientTakesWhatItIsToldTo(t *testing.T) {
	w := weirtest.New(t, weirtest.Options{SendBuffer: 1000, ReceiveBuffer: 1000})
	s := httpcore.NewServer(httpcore.ServerOptions{MinWriteRate: -1})
	s.OnRequest(func(_ *httpcore.IncomingMessage, r *httpcore.ServerResponse) { r.EndWith(make([]byte, 50_000), nil) })
	p := w.Dial(w.Serve(s))
	p.Write(weirtest.RequestText("GET", "/", "", "Connection", "close"))
	p.ReadResponse()
	p = w.Dial(w.Serve(s))
	p.Write("GET / HTTP/1.1\r\nHost: a\r\n\r")
	p.Stall()
	p.Resume()
	p.Stall()
	if n := p.Take(500); n != 0 {
		t.Errorf("took %d bytes of nothing", n)
	}
	p.Resume()
	p.OnReceive(func(p *weirtest.Peer) { p.Stall() })
	p.Write("\n")
	before := p.Received()
	for i := range 10 {
		if n := p.Take(700); n != 700 {
			t.Errorf("%d: took %d bytes", i, n)
		}
		w.Advance(20 * time.Second)
	}
	if got := p.Received() - before; got != 7000 {
		t.Errorf("took %d bytes in all", got)
	}
	p.OnReceive(nil)
	w.Advance(time.Minute) // its server has had enough
	p.Resume()
	if _, err := p.ReadAll(); p.Received()-before >= 50_000 {
		t.Errorf("got %d bytes, %v: its server has waited for it", p.Received()-before, err)
	}
}

func TestAGatewayStandsBetweenItsClientAndItsUpstream(t *testing.T) {
	inEach(t, func(t *testing.T, w *weirtest.World) {
		w.Host("backend.test", "10.1.2.3")
		up := w.Answer("10.1.2.3:80", func(r *weirtest.Request) string {
			return "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" + r.Method + " " + r.Target + "\nno"
		})
		addr := w.ServeRequests(gateway("http://backend.test"))
		for range 3 {
			if r := w.Get(addr, "/abcd"); string(r.Body) != "GET /abcd\nno" {
				t.Errorf("got %q", r.Body)
			}
		}
		if n := up.Connections(); n == 0 {
			t.Error("nobody was called")
		}
		up.Close()
	})
}

// gateway asks an upstream server what it is asked.
func gateway(origin string) handler {
	return func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		up, err := httpcore.NewRequest(req.Loop(), req.Method(), origin+req.URL(), httpcore.RequestOptions{})
		if err != nil {
			res.Destroy(err)
			return
		}
		up.OnResponse(func(answer *httpcore.IncomingMessage) {
			answer.OnError(func(error) { res.Destroy(nil) })
			answer.Pipe(res)
		})
		up.OnError(func(error) {
			if !res.HeadersSent() {
				res.StatusCode = 502
				res.EndString("bad gateway")
			}
		})
		res.OnClose(func() { up.Destroy(nil) })
		req.Pipe(up)
	}
}

func TestATestMayBeTheUpstreamServer(t *testing.T) {
	w := weirtest.New(t, weirtest.Options{})
	up := w.Listen("10.0.0.1:80")
	p := w.Dial(w.ServeRequests(gateway("http://10.0.0.1")))
	p.Write(weirtest.RequestText("POST", "/x", "hello"))
	server := up.Accept()
	if r := server.ReadRequest(); r.Method != "POST" || r.Target != "/x" || string(r.Body) != "hello" || r.Header("host") != "10.0.0.1" {
		t.Errorf("got %+v", r)
	}
	server.Write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it")
	server.Reset()
	if r, err := p.TryResponse(); err == nil {
		t.Errorf("an answer that was cut off looks whole: %+v", r)
	}

	up.Close()
	if r := w.Get(w.ServeRequests(gateway("http://10.0.0.1")), "/"); r.StatusCode != 502 {
		t.Errorf("nobody listens, and the gateway says %d", r.StatusCode)
	}
	if r := w.Get(w.ServeRequests(gateway("http://nowhere.test")), "/"); r.StatusCode != 502 {
		t.Errorf("there is no such name, and the gateway says %d", r.StatusCode)
	}
}

func TestSocketsAreServed(t *testing.T) {
	inEach(t, func(t *testing.T, w *weirtest.World) {
		p := w.Dial(w.ServeSockets(stream.SocketOptions{}, func(s *stream.Socket) { s.Pipe(s) }))
		p.Write("hello")
		p.Expect("hello")
		p.WriteBytes([]byte("bye"))
		p.CloseWrite()
		if s, err := p.ReadAll(); s != "bye" || err != nil || !p.Ended() {
			t.Errorf("got %q, %v", s, err)
		}
	})
}

func TestNobodyListens(t *testing.T) {
	w := weirtest.New(t, weirtest.Options{})
	p := w.Dial("127.0.0.1:1")
	if err := p.Err(); !errors.Is(err, reactor.ECONNREFUSED) || p.Connected() {
		t.Errorf("got %v, want a refusal", err)
	}
	p.Close()
}

func TestWhatWasClosedIsRead(t *testing.T) {
	w := weirtest.New(t, weirtest.Options{})
	p := w.Dial(w.ServeRequests(echo))
	p.Write(post)
	p.Close()
	if s, err := p.ReadAll(); !strings.HasSuffix(s, "hello") && !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %q, %v", s, err)
	}
}

func TestASignalIsRaised(t *testing.T) {
	w := weirtest.New(t, weirtest.Options{})
	var got os.Signal
	sig := w.Loop().NewSignal()
	sig.StartOneShot(syscall.SIGTERM, func(s os.Signal) { got = s })
	w.Raise(syscall.SIGTERM)
	if got != syscall.SIGTERM {
		t.Errorf("got %v", got)
	}
	sig.Close(nil)
}

func TestWhatARequestCosts(t *testing.T) {
	w := weirtest.New(t, weirtest.Options{})
	p := w.Dial(w.ServeRequests(func(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) { res.EndString("fine") }))
	p.Write(weirtest.RequestText("GET", "/", ""))
	p.ReadResponse()
	r0, w0, i0 := w.Calls()
	p.Write(weirtest.RequestText("GET", "/", ""))
	r1, w1, i1 := w.Calls()
	if r1-r0 != 1 || w1-w0 != 1 || i1 != i0 {
		t.Errorf("%d reads, %d writes, %d changes of interest; want 1, 1, 0", r1-r0, w1-w0, i1-i0)
	}
}

func TestTheSameSeedIsTheSameRun(t *testing.T) {
	run := func(seed uint64) (now time.Duration, calls [3]int, got string) {
		w := weirtest.New(t, weirtest.Options{Swarm: true, Seed: seed, Loop: loop.Options{OnUncaught: func(error) {}}})
		addr := w.ServeRequests(echo)
		for range 4 {
			p := w.Dial(addr)
			p.Write(weirtest.RequestText("POST", "/", strings.Repeat("hello", 10_000), "Connection", "close"))
			s, _ := p.ReadAll()
			got += s
		}
		w.Finish()
		calls[0], calls[1], calls[2] = w.Calls()
		return w.Now(), calls, got
	}
	for seed := range uint64(5) {
		now, calls, got := run(seed + 1)
		now2, calls2, got2 := run(seed + 1)
		if now != now2 || calls != calls2 || got != got2 {
			t.Errorf("seed %d: %v and %v, %v and %v", seed+1, now, now2, calls, calls2)
		}
	}
}

func TestAGatewayUnderFaults(t *testing.T) {
	whole, worlds := 0, 60
	if slowBuild {
		worlds = 20
	}
	weirtest.Swarm(t, worlds, weirtest.Options{Loops: 2}, func(t *testing.T, w *weirtest.World) {
		w.Answer("10.0.0.1:80", func(r *weirtest.Request) string { return "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine" })
		addr := w.ServeRequests(gateway("http://10.0.0.1"))
		for range 5 {
			p := w.Dial(addr)
			p.Write(weirtest.RequestText("GET", "/", ""))
			if r, err := p.TryResponse(); err == nil && r.StatusCode == 200 {
				whole++
				if string(r.Body) != "fine" {
					t.Errorf("got %q", r.Body)
				}
			}
		}
	})
	if most := 5 * worlds; whole < most/3 {
		t.Errorf("%d answers of %d have come: these are no worlds to test in", whole, most)
	}
}

func TestAGatewayWhoseClientsDie(t *testing.T) {
	weirtest.EveryByte(t, weirtest.Options{}, post, func(w *weirtest.World) string {
		w.Answer("10.0.0.1:80", func(*weirtest.Request) string { return "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine" })
		return w.ServeRequests(gateway("http://10.0.0.1"))
	})
}
