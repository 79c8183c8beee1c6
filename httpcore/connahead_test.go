package httpcore

import (
	"fmt"
	"strings"
	"testing"
)

func TestTenThousandPipelinedRequestsAreUnderWayAFewAtATime(t *testing.T) {
	const n = 10_000
	var waiting []*ServerResponse
	most := 0
	over(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
		waiting = append(waiting, res)
		most = max(most, len(waiting))
		url := req.URL()
		req.Loop().Post(func() { // the last one first
			last := waiting[len(waiting)-1]
			waiting = waiting[:len(waiting)-1]
			last.SetHeader("X-At", url)
			last.EndString(last.req.URL())
		})
	}, func(k *talk) {
		k.on(func() { waiting, most = nil, 0 })
		c := k.dial()
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			var b strings.Builder
			for i := range n {
				b.WriteString(get(fmt.Sprintf("/%d", i)))
			}
			k.send(c, b.String())
		}()
		a := k.answers(c)
		for i := range n {
			a.want(200, fmt.Sprintf("/%d", i))
		}
		<-sent
		k.on(func() {
			if most > maxPipelined {
				t.Errorf("%d requests were under way at once, want at most %d", most, maxPipelined)
			}
		})
		c.Close()
	})
}

func TestPipelinedRequestsWhoseAnswersNobodyReadsAreBounded(t *testing.T) {
	const n, size = 10_000, 1000
	body := strings.Repeat("x", size)
	handled := 0
	over(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
		handled++
		res.EndString(req.URL() + body)
	}, func(k *talk) {
		k.on(func() { handled = 0 })
		c := k.dial()
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for i := 0; i < n; i += 100 {
				var b strings.Builder
				for j := i; j < i+100; j++ {
					b.WriteString(get(fmt.Sprintf("/%d", j)))
				}
				k.send(c, b.String())
			}
		}()
		k.wait("the server to stop", func() bool {
			x := k.conn(0)
			return x != nil && x.flags&connAnswers != 0 && x.flags&connStopped != 0 && x.t.WriteQueueSize() > 0
		})
		before := 0
		k.on(func() { before = handled })
		if before == n {
			t.Errorf("all %d requests were handled although nobody reads", n)
		}
		a := k.answers(c)
		for i := range n {
			a.want(200, fmt.Sprintf("/%d", i)+body)
		}
		<-sent
		k.on(func() {
			if most := k.transports[0].most; most > 16<<10+2*size {
				t.Errorf("%d bytes of answers waited, want the mark and an answer at most", most)
			}
		})
		c.Close()
	})
}

func TestABadRequestBehindGoodOnesIsAnsweredAfterThem(t *testing.T) {
	var waiting []*ServerResponse
	over(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
		if waiting = append(waiting, res); len(waiting) < 3 {
			return
		}
		req.Loop().Post(func() {
			for i := len(waiting) - 1; i >= 0; i-- {
				waiting[i].EndString(waiting[i].req.URL())
			}
		})
	}, func(k *talk) {
		k.on(func() { waiting = nil })
		c := k.dial()
		k.send(c, get("/0")+get("/1")+get("/2")+"rub bish\r\n\r\n"+get("/3"))
		a := k.answers(c)
		for i := range 3 {
			a.want(200, fmt.Sprintf("/%d", i))
		}
		if res := a.want(400, ""); !res.Close {
			t.Error("the connection is not said to close")
		}
		a.wantEnd()
	})
}

func TestTheLastRequestOfAConnectionIsTheLastOneHandled(t *testing.T) {
	for _, what := range []string{"limit", "asked", "said"} {
		t.Run(what, func(t *testing.T) {
			o := ServerOptions{}
			if what == "limit" {
				o.MaxRequestsPerSocket = 3
			}
			handled := 0
			over(t, o, func(req *IncomingMessage, res *ServerResponse) {
				if handled++; what == "said" && handled == 3 {
					res.SetHeader("Connection", "close")
				}
				res.EndString(req.URL())
			}, func(k *talk) {
				k.on(func() { handled = 0 })
				c := k.dial()
				third := get("/2")
				if what == "asked" {
					third = "GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
				}
				k.send(c, get("/0")+get("/1")+third+get("/3")+get("/4"))
				a := k.answers(c)
				for i := range 3 {
					if res := a.want(200, fmt.Sprintf("/%d", i)); res.Close != (i == 2) {
						t.Errorf("answer %d: close is %v", i, res.Close)
					}
				}
				a.wantEnd()
				k.on(func() {
					if handled != 3 {
						t.Errorf("%d requests were handled, want 3", handled)
					}
				})
			})
		})
	}
}

func TestRequestsBehindAnAnswerThatClosesAreToldOnce(t *testing.T) {
	var waiting []*ServerResponse
	over(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
		if waiting = append(waiting, res); len(waiting) < 3 {
			return
		}
		waiting[2].EndString("never sent")
		waiting[1].WriteChunk([]byte("nor this"), nil)
		waiting[0].SetHeader("Connection", "close")
		waiting[0].EndString("first")
		if waiting[1].Closed() || waiting[2].Closed() {
			t.Error("others are told inside the call of End")
		}
	}, func(k *talk) {
		k.on(func() { waiting = nil })
		c := k.dial()
		k.send(c, get("/0")+get("/1")+get("/2"))
		a := k.answers(c)
		a.want(200, "first")
		a.wantEnd()
	})
}

func TestADestroyedConnectionHandlesNoMoreRequests(t *testing.T) {
	handled := 0
	over(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
		handled++
		res.Destroy(nil)
		finished, failed := false, 0
		res.OnFinish(func() { finished = true })
		res.EndWith([]byte("late"), func(err error) {
			if failed++; err == nil || finished {
				t.Error("the end of a destroyed response was told as done")
			}
		})
		res.OnClose(func() {
			if finished || failed != 1 {
				t.Errorf("finished: %v; the callback was called %d times", finished, failed)
			}
		})
	}, func(k *talk) {
		k.on(func() { handled = 0 })
		c := k.dial()
		k.send(c, get("/0")+get("/1")+get("/2"))
		k.wait("the end", func() bool { return len(k.transports) > 0 && k.s.conns.Load() == 0 })
		k.on(func() {
			if handled != 1 {
				t.Errorf("%d requests were handled, want 1", handled)
			}
		})
	})
}
