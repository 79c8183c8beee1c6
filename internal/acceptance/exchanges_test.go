package acceptance

import (
	"errors"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/reactor"
)

// exchanges is how many there are: WEIR_EXCHANGES is for another number.
func exchanges(t *testing.T) int {
	if text := os.Getenv("WEIR_EXCHANGES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if slowBuild {
		return 2000
	}
	return 10_000
}

// swarm is exchanges over four connections, with pauses, destroys and resets at random.
type swarm struct {
	*stage
	r           *rand.Rand
	left        int // exchanges that are not begun
	open        int // requests that are not closed
	whole       int
	cut         int
	begun       int // by the server
	reqs, resps int // that the server has closed
}

func TestTenThousandExchangesOnFourConnectionsLeaveNothing(t *testing.T) {
	files, goroutines := openFiles(), runtime.NumGoroutine()
	const seed = 1
	t.Logf("seed %d", seed)
	x := &swarm{r: rand.New(rand.NewPCG(seed, 1)), left: exchanges(t)}
	all := x.left
	var posts atomic.Int64
	play(t, httpcore.ServerOptions{}, func(s *stage) {
		x.stage = s
		s.agent = httpcore.NewAgent(httpcore.AgentOptions{MaxSockets: 4})
		s.srv.OnRequest(x.serve)
		for range 16 {
			x.next()
		}
		stop := make(chan struct{}) // somebody posts all the time, from elsewhere
		go func() {
			for {
				select {
				case <-stop:
					return
				default:
					s.l.Post(func() { posts.Add(1) })
					time.Sleep(100 * time.Microsecond)
				}
			}
		}()
		s.close = append(s.close, func() { close(stop) })
	})
	if x.open != 0 || x.whole+x.cut != all {
		t.Errorf("%d requests are open; %d were whole and %d cut of %d", x.open, x.whole, x.cut, all)
	}
	if x.reqs != x.begun || x.resps != x.begun {
		t.Errorf("of %d requests that the server has begun %d have closed, and %d responses", x.begun, x.reqs, x.resps)
	}
	if x.whole < all/4 || x.cut < all/8 || posts.Load() == 0 {
		t.Errorf("%d were whole, %d cut, with %d posts: too little of something", x.whole, x.cut, posts.Load())
	}
	if m := x.agent.Metrics(); m.Sockets != 0 || m.FreeSockets != 0 || m.Queued != 0 {
		t.Errorf("the agent is left with %+v", m)
	}
	for begin := time.Now(); openFiles() > files || runtime.NumGoroutine() > goroutines; {
		if time.Since(begin) > patience {
			t.Fatalf("%d files are open, and were %d; %d goroutines run, and were %d", openFiles(), files, runtime.NumGoroutine(), goroutines)
		}
		time.Sleep(10 * time.Millisecond) // a goroutine that has ended may be counted for a moment
	}
}

// openFiles counts what the process has open, where the system tells.
func openFiles() int {
	list, _ := os.ReadDir("/dev/fd")
	return len(list)
}

// next makes another exchange.
func (x *swarm) next() {
	if x.left == 0 {
		if x.open == 0 && x.close != nil {
			x.over()
			x.l.NextTick(x.agent.CloseIdleConnections)
		}
		return
	}
	x.left--
	x.open++
	r := x.request([]string{"GET", "POST", "PUT"}[x.r.IntN(3)], "/")
	ended, failed := false, false
	r.OnError(func(err error) {
		failed = true
		if !errors.Is(err, httpcore.ErrHangUp) && !errors.Is(err, httpcore.ErrAborted) && !errors.Is(err, errBoom) &&
			!errors.Is(err, reactor.ECONNRESET) && !errors.Is(err, reactor.EPIPE) {
			x.t.Errorf("an error of another kind: %v", err)
		}
	})
	r.OnResponse(func(res *httpcore.IncomingMessage) {
		n := 0
		res.OnError(func(error) {})
		res.OnEnd(func() {
			if ended = res.Complete(); res.ContentLength() >= 0 && n != int(res.ContentLength()) {
				x.t.Errorf("%d bytes are taken for all of %d", n, res.ContentLength())
			}
		})
		x.restless(res, func(p []byte) { n += len(p) })
	})
	r.OnClose(func() {
		if x.open--; ended && !failed {
			x.whole++
		} else {
			x.cut++
		}
		x.l.NextTick(x.next)
	})
	if r.Method() != "GET" {
		x.pour(r)
	}
	r.End()
	if x.r.IntN(8) == 0 {
		x.after(time.Duration(x.r.IntN(1500))*time.Microsecond, func() { r.Destroy([]error{nil, errBoom}[x.r.IntN(2)]) })
	}
}

// serve answers, or does not.
func (x *swarm) serve(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	x.begun++
	req.OnError(func(error) {})
	res.OnError(func(error) {})
	req.OnClose(func() { x.reqs++ })
	res.OnClose(func() { x.resps++ })
	answer := func() {
		if res.Destroyed() || res.WritableEnded() {
			return
		}
		if x.r.IntN(2) == 0 {
			n := x.r.IntN(60_000)
			res.SetHeader("Content-Length", strconv.Itoa(n))
			res.WriteChunk(much[:n], nil)
		} else {
			x.pour(res)
		}
		res.End()
	}
	switch x.r.IntN(12) {
	case 0:
		res.Destroy(nil)
	case 1:
		x.after(time.Duration(x.r.IntN(1000))*time.Microsecond, func() {
			req.Destroy(errBoom)
			answer() // one that was received already leaves its response alone
		})
		x.restless(req, func([]byte) {})
	case 2:
		res.WriteChunk(much[:100], nil)
		x.after(time.Duration(x.r.IntN(1000))*time.Microsecond, func() { res.Destroy(errBoom) })
	case 3:
		answer() // before the body is read
	case 4:
		req.Pipe(res)
	case 5:
		x.after(time.Duration(x.r.IntN(2000))*time.Microsecond, answer)
		req.Resume()
	default:
		req.OnEnd(answer)
		x.restless(req, func([]byte) {})
	}
}

// restless reads with pauses.
func (x *swarm) restless(m *httpcore.IncomingMessage, fn func([]byte)) {
	m.OnData(func(p []byte) {
		fn(p)
		if x.r.IntN(6) == 0 {
			m.Pause()
			x.after(time.Duration(x.r.IntN(800))*time.Microsecond, m.Resume)
		}
	})
}

// pour writes some pieces.
func (x *swarm) pour(w interface {
	WriteChunk(p []byte, cb func(error)) bool
},
) {
	for range x.r.IntN(4) {
		w.WriteChunk(much[:x.r.IntN(30_000)], nil)
	}
}
