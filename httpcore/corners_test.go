package httpcore_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
)

// life is what was told of one request, to be judged when it is over.
type life struct {
	x                              *trip
	q                              call
	r                              answer
	closed, failed, finished       int // of the request
	rClosed, rFailed, ended, abort int // of its answer
	given, told                    int // callbacks of writes and ends
	after                          []string
	err                            error
}

// callback is a callback that has to be called once.
func (f *life) callback() func(error) {
	f.given++
	calls, dead := 0, f.q.Destroyed()
	return func(err error) {
		if calls++; calls > 1 {
			f.x.t.Error("a callback was called twice")
		}
		f.told++
		switch {
		case !dead:
			f.late("a callback")
		case err == nil:
			f.x.t.Error("a write behind the end of all was a success")
		}
	}
}

// late is something being told, behind the close of the request if that was told.
func (f *life) late(what string) {
	if f.closed > 0 {
		f.after = append(f.after, what)
	}
}

func (f *life) watch() {
	q := f.q
	q.OnFinish(func() { f.finished++; f.late("a finish") })
	q.OnDrain(func() { f.late("a drain") })
	q.OnSocket(func() { f.late("a socket") })
	q.OnError(func(err error) { f.failed++; f.err = err; f.late("an error") })
	q.OnClose(func() {
		f.closed++
		f.x.mark("closed")
	})
	q.OnResponse(func(r answer) {
		f.late("a response")
		if f.r != nil {
			f.x.t.Error("two responses")
		}
		f.r = r
		silentEnd := func(what string) {
			if f.rClosed > 0 {
				f.x.t.Errorf("%s of the answer behind its close", what)
			}
		}
		r.OnEnd(func() { f.ended++; silentEnd("an end") })
		r.OnAborted(func() { f.abort++; silentEnd("an abort") })
		r.OnError(func(error) { f.rFailed++; silentEnd("an error") })
		r.OnClose(func() { f.rClosed++ })
	})
}

// judge wants everything to have been told once, and in an order that makes sense.
func (f *life) judge() {
	t := f.x.t
	if f.closed != 1 || f.failed > 1 || f.finished > 1 {
		t.Errorf("the request: %d closes, %d errors (%v), %d finishes", f.closed, f.failed, f.err, f.finished)
	}
	if f.told != f.given {
		t.Errorf("%d of %d callbacks were called", f.told, f.given)
	}
	if len(f.after) > 0 {
		t.Errorf("behind the close of the request: %v", f.after)
	}
	switch {
	case f.r == nil:
		if f.failed != 1 {
			t.Error("there was neither an answer nor an error")
		}
	case f.rClosed != 1 || f.ended+f.abort != 1 || f.rFailed > 1:
		t.Errorf("the answer: %d closes, %d ends, %d aborts, %d errors", f.rClosed, f.ended, f.abort, f.rFailed)
	}
}

func TestARequestMayBeDestroyedInEveryCallback(t *testing.T) {
	boom := errors.New("boom")
	acts := []struct {
		name string
		do   func(f *life)
	}{
		{"Destroy", func(f *life) { f.q.Destroy(nil) }},
		{"Destroy with an error", func(f *life) { f.q.Destroy(boom) }},
		{"Destroy twice", func(f *life) {
			f.q.Destroy(nil)
			f.q.Destroy(boom)
		}},
		{"Destroy, write and End", func(f *life) {
			f.q.Destroy(boom)
			f.q.WriteChunk([]byte("x"), f.callback())
			f.q.EndWith([]byte("x"), f.callback())
			f.q.EndWith(nil, f.callback())
		}},
		{"End twice and Destroy", func(f *life) {
			f.q.EndWith(nil, f.callback())
			f.q.EndWith(nil, f.callback())
			f.q.Destroy(nil)
		}},
		{"Destroy the answer", func(f *life) {
			if f.r != nil {
				f.r.Destroy(nil)
			} else {
				f.q.Destroy(nil)
			}
		}},
		{"Destroy both", func(f *life) {
			if f.r != nil {
				f.r.Destroy(boom)
			}
			f.q.Destroy(nil)
		}},
		{"destroy the agent", func(f *life) { f.x.a.Destroy() }},
		{"close what is idle", func(f *life) { f.x.a.CloseIdleConnections() }},
	}
	places := []string{
		"at once", "tick", "later", "socket", "continue", "information", "write", "last write", "drain", "finish", "end callback",
		"response", "data", "end", "answer's close", "close",
	}
	for _, road := range roads {
		for _, at := range places {
			for _, act := range acts {
				t.Run(at+", "+act.name+road, func(t *testing.T) {
					x := newTrip(t, httpcore.AgentOptions{}, road, func(p *peer) {
						p.until(head)
						p.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n")
						p.until(lastChunk)
						p.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
					})
					x.on(func() { destroyAt(x, at, act.do) })
					x.try("the end", func() bool { return x.still })
					x.barrier()
				})
			}
		}
	}
}

// destroyAt makes a request to which everything happens, and does something at one place.
func destroyAt(x *trip, at string, do func(f *life)) {
	q, err := httpcore.NewRequest(x.l, "POST", "http://"+x.addr+"/", httpcore.RequestOptions{
		Agent: x.a, Header: []string{"Expect", "100-continue"}, HighWaterMark: 16,
	})
	if err != nil {
		x.t.Error(err)
		return
	}
	f := &life{x: x, q: q}
	done := false
	here := func(place string) {
		if place == at && !done {
			done = true
			do(f)
		}
	}
	f.watch()
	q.OnSocket(func() { here("socket") })
	q.OnContinue(func() { here("continue") })
	q.OnInformation(func(*httpcore.Information) { here("information") })
	q.OnDrain(func() {
		here("drain")
		if !q.WritableEnded() {
			cb := f.callback()
			q.EndWith([]byte("tail"), func(err error) {
				cb(err)
				here("end callback")
			})
		}
	})
	q.OnFinish(func() { here("finish") })
	q.OnResponse(func(r answer) {
		r.OnData(func([]byte) { here("data") })
		r.OnEnd(func() { here("end") })
		r.OnClose(func() { here("answer's close") })
		here("response")
	})
	q.OnClose(func() {
		here("close")
		f.x.after(0, func() {
			f.x.after(0, func() {
				f.judge()
				x.mu.Lock()
				x.still = true
				x.mu.Unlock()
				x.news.Broadcast()
			})
		})
	})
	for i := range 3 {
		cb := f.callback()
		q.WriteChunk(make([]byte, 16), func(err error) {
			cb(err)
			if i == 0 {
				here("write")
			} else {
				here("last write")
			}
		})
	}
	here("at once")
	x.l.NextTick(func() { here("tick") })
	x.after(0, func() { here("later") })
}

func TestARequestMayBeDestroyedWhileItWaitsOrIsDialled(t *testing.T) {
	boom := errors.New("boom")
	for _, road := range roads {
		t.Run("a road"+road, func(t *testing.T) {
			x := newTrip(t, httpcore.AgentOptions{MaxSockets: 2}, road, func(p *peer) {
				for n := 1; p.times(n, lastChunk); n++ {
					p.send(plain)
				}
			})
			var all []*life
			x.on(func() {
				for i := range 8 {
					q, err := httpcore.NewRequest(x.l, "POST", fmt.Sprint("http://", x.addr, "/", i), httpcore.RequestOptions{Agent: x.a})
					if err != nil {
						t.Error(err)
						return
					}
					f := &life{x: x, q: q}
					f.watch()
					q.OnResponse(func(r answer) { r.Resume() })
					q.WriteChunk([]byte("a"), f.callback())
					q.EndWith([]byte("b"), f.callback())
					all = append(all, f)
				}
				all[0].q.Destroy(nil)  // its connection goes to the third
				all[3].q.Destroy(boom) // it waits
				all[7].q.Destroy(nil)
				x.l.NextTick(func() { all[4].q.Destroy(boom) })
				all[5].q.OnSocket(func() { all[6].q.Destroy(boom) })
			})
			x.try("the end", func() bool {
				return len(x.events) == 8
			})
			x.barrier()
			x.on(func() {
				for i, f := range all {
					f.judge()
					want := map[int]error{0: httpcore.ErrHangUp, 3: boom, 4: boom, 6: boom, 7: httpcore.ErrHangUp}[i]
					if !errors.Is(f.err, want) || (f.err == nil) != (want == nil) {
						t.Errorf("request %d: got %v, want %v", i, f.err, want)
					}
				}
			})
			x.mu.Lock()
			defer x.mu.Unlock()
			for _, i := range []int{0, 3, 4, 6, 7} {
				if strings.Contains(x.wire(), fmt.Sprint("POST /", i)) {
					t.Errorf("request %d was sent", i)
				}
			}
			if len(x.peers) > 2 {
				t.Errorf("%d connections", len(x.peers))
			}
		})
	}
}

var _ stream.WritableStream = call(nil)

func TestAPanicInACallbackEndsItsRequestAndNoOther(t *testing.T) {
	for _, at := range []string{
		"socket", "continue", "information", "write", "drain", "finish", "end callback", "response", "data", "end", "answer's close", "close",
	} {
		t.Run(at, func(t *testing.T) {
			x := newTrip(t, httpcore.AgentOptions{}, "", func(p *peer) {
				p.until(head)
				if strings.HasPrefix(p.text, "GET") {
					p.send(plain)
					return
				}
				p.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n")
				p.until(lastChunk)
				p.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
			})
			x.panics = true
			x.on(func() {
				destroyAt(x, at, func(*life) { panic("as asked") })
				x.call("GET", "/", httpcore.RequestOptions{}, nil).End()
			})
			x.try("the end", func() bool {
				return slices.Contains(x.events, "* panic") && slices.Contains(x.events, "req close") && (x.still || at == "close")
			})
			x.barrier()
			x.mu.Lock()
			defer x.mu.Unlock()
			if !strings.Contains(strings.Join(x.events, "; "), usual) && !slices.Contains(x.events, "res data ok") {
				t.Errorf("the other request: %v", x.events)
			}
		})
	}
}
