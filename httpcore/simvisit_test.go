package httpcore

import (
	"strconv"
	"strings"
	"time"
)

// visit is an exchange of a voyage as the server sees it. A request that is made once more is two.
type visit struct {
	e   *errand
	s   *voyage
	req *IncomingMessage
	res *ServerResponse

	got                                              int
	reqEnds, reqAborts, reqCloses, resCloses, finish int
	writes, called                                   int
}

func (v *visit) late(what string) {
	if v.resCloses > 0 {
		v.e.fail("%s behind the close of the server's response", what)
	}
}

// errandOf is whose request it is.
func (s *voyage) errandOf(req *IncomingMessage) *errand {
	id, err := strconv.Atoi(strings.TrimPrefix(req.URL(), "/"))
	if err != nil || id < 0 || id >= len(s.errands) || req.Header("X-Id") != strconv.Itoa(id) || req.Method() != s.errands[id].method {
		s.fail("a request that nobody has made: %s %s", req.Method(), req.URL())
		return nil
	}
	return s.errands[id]
}

// newVisit listens to an exchange.
func (s *voyage) newVisit(req *IncomingMessage, res *ServerResponse) *visit {
	e := s.errandOf(req)
	if e == nil {
		res.Destroy(nil)
		return nil
	}
	e.seen++
	v := &visit{e: e, s: s, req: req, res: res}
	s.visits = append(s.visits, v)
	res.SetHeader("X-Id", strconv.Itoa(e.id))
	res.OnFinish(func() { v.finish++; v.late("a finish") })
	res.OnClose(func() { v.resCloses++ })
	req.OnEnd(func() {
		if v.reqEnds++; !e.ended && !e.length || v.got > 0 && v.got != len(e.sent) {
			e.fail("the server has %d bytes of a request that looks whole, of %d, ended: %v", v.got, len(e.sent), e.ended)
		}
	})
	req.OnAborted(func() { v.reqAborts++ })
	req.OnClose(func() { v.reqCloses++ })
	return v
}

// look compares what arrives with what was sent.
func (v *visit) look() {
	v.req.OnData(func(p []byte) {
		sent := v.e.sent
		if v.got+len(p) > len(sent) || string(p) != string(sent[v.got:v.got+len(p)]) {
			v.e.fail("%d bytes at %d of the request are wrong", len(p), v.got)
		}
		if v.got += len(p); v.req.ReadableLength() > v.s.mark+readMost {
			v.e.fail("%d bytes of the request are held", v.req.ReadableLength())
		}
	})
}

func (v *visit) callback() func(error) {
	v.writes++
	closed := v.res.Destroyed()
	return func(error) {
		if v.called++; !closed {
			v.late("the callback of a write")
		}
	}
}

// end ends the response with its last bytes.
func (v *visit) end(p []byte) {
	if !v.res.Destroyed() {
		v.e.answered = true
	}
	v.res.EndWith(p, v.callback())
}

// write writes body in pieces, and then calls done.
func (v *visit) write(body []byte, done func()) {
	over := false
	var more func()
	more = func() {
		for len(body) > 0 {
			if v.res.Destroyed() {
				return
			}
			p := body[:1+v.s.r.IntN(min(len(body), 10_000))]
			body = body[len(p):]
			if !v.res.WriteChunk(p, v.callback()) {
				return // the next drain goes on
			}
			if v.s.chance(0.05) {
				v.s.after(v.req.Loop(), 3*time.Millisecond, more)
				return
			}
		}
		if !over {
			over = true
			done()
		}
	}
	v.res.OnDrain(func() { v.late("a drain"); more() })
	more()
}

// answerExpecting is the handler of requests that wait for a 100: nothing of the body may come before that.
func (s *voyage) answerExpecting(req *IncomingMessage, res *ServerResponse) {
	v := s.newVisit(req, res)
	switch {
	case v == nil:
	case s.chance(0.3):
		v.act() // no 100 at all, unless it is asked for
	default:
		s.after(req.Loop(), 20*time.Millisecond, func() {
			if n := req.received; n > 0 && !s.late {
				v.e.fail("%d bytes came before they were asked for", n)
			}
			res.WriteContinue()
			v.act()
		})
	}
}

// answer is the origin's handler.
func (s *voyage) answer(req *IncomingMessage, res *ServerResponse) {
	if v := s.newVisit(req, res); v != nil {
		v.act()
	}
}

// act does what was planned.
func (v *visit) act() {
	e, s, req, res := v.e, v.s, v.req, v.res
	body := text(e.id*2+1, e.answer)
	if e.act == 'e' || e.act == 'r' {
		res.WriteContinue() // if it is waited for
	}
	switch e.act {
	case 'w': // at once, whatever the request is
		v.end(body)
	case 'l': // late, and it reads meanwhile
		v.look()
		s.after(req.Loop(), 5*time.Millisecond, func() { v.end(body) })
	case 'p': // in pieces
		s.after(req.Loop(), 2*time.Millisecond, func() { v.write(body, func() { v.end(nil) }) })
	case 'u': // until the end of the connection
		res.RemoveHeader("Transfer-Encoding")
		v.look()
		v.write(body, func() { v.end(nil) })
	case 'r': // when the request was read, with pauses
		v.look()
		req.OnData(func([]byte) {
			if s.chance(0.3) {
				req.Pause()
				s.after(req.Loop(), 2*time.Millisecond, func() { req.Resume() })
			}
		})
		req.OnEnd(func() { v.write(body, func() { v.end(nil) }) })
	case 'e': // the request itself
		v.look()
		req.OnEnd(func() { e.answered = e.answered || !res.Destroyed() })
		req.Pipe(res)
	case 'i': // after some interim responses
		for range s.r.IntN(4) {
			res.WriteProcessing()
			res.WriteEarlyHints("X-Id", strconv.Itoa(e.id))
		}
		s.after(req.Loop(), 3*time.Millisecond, func() { v.end(body) })
	case 'n': // without a body
		res.StatusCode = []int{204, 304}[s.r.IntN(2)]
		v.end(nil)
	case 'c': // not to its end
		if s.chance(0.5) {
			res.SetHeader("Content-Length", strconv.Itoa(e.answer+1))
		}
		v.write(body[:s.r.IntN(len(body)+1)], func() { s.after(req.Loop(), 2*time.Millisecond, func() { res.Destroy(nil) }) })
	case 'x': // not at all
		s.after(req.Loop(), 5*time.Millisecond, func() { res.Destroy(nil) })
	case 'h': // not while anybody waits for it
		v.look()
		s.after(req.Loop(), time.Second, func() { res.Destroy(nil) })
	}
}

func (v *visit) judge() {
	if v.resCloses != 1 || v.reqCloses != 1 || v.finish > 1 || v.reqEnds+v.reqAborts > 1 || v.called != v.writes {
		v.e.fail("the server was told of %d closes of the response, %d finishes; %d closes of the request, %d ends, %d aborts; %d callbacks for %d writes",
			v.resCloses, v.finish, v.reqCloses, v.reqEnds, v.reqAborts, v.called, v.writes)
	}
}

// relay is the proxy's handler.
func (s *voyage) relay(req *IncomingMessage, res *ServerResponse) {
	e := s.errandOf(req)
	if e == nil {
		res.Destroy(nil)
		return
	}
	res.OnError(func(error) {}) // those of the other side
	cut := func(err error) {
		if res.HeadersSent() {
			res.Destroy(err)
			return
		}
		res.StatusCode = 502
		res.SetHeader("X-Relay", strconv.Itoa(e.id))
		res.End()
	}
	up, err := NewRequest(req.Loop(), req.Method(), "http://"+originAddress+req.URL(), RequestOptions{Agent: s.far, HighWaterMark: s.mark, Header: endToEnd(req)})
	if err != nil {
		cut(err)
		return
	}
	s.limits(s.far)
	up.OnInformation(func(i *Information) {
		if i.StatusCode == 103 {
			res.WriteEarlyHints(i.RawHeaders()...)
		}
	})
	closes, responses, errs := 0, 0, 0
	up.OnClose(func() {
		if closes++; closes > 1 || responses+errs == 0 {
			e.fail("the proxy's request: %d closes, %d responses, %d errors", closes, responses, errs)
		}
		s.limits(s.far)
	})
	up.OnError(func(err error) {
		if errs++; errs > 1 || closes > 0 {
			e.fail("the proxy's request has %d errors, %d closes", errs, closes)
		}
		cut(err)
	})
	up.OnResponse(func(from *IncomingMessage) {
		responses++
		if err := res.WriteHead(from.StatusCode(), endToEnd(from)...); err != nil {
			e.fail("the proxy's head: %v", err)
		}
		from.OnAborted(func() { res.Destroy(nil) })
		from.OnData(func([]byte) {
			if n := res.WritableLength(); n > s.mark+2*readMost {
				e.fail("%d bytes wait in the proxy for the client", n)
			}
		})
		from.Pipe(res)
	})
	res.OnClose(func() {
		if !up.Closed() {
			up.Destroy(nil)
		}
	})
	req.OnAborted(func() { up.Destroy(nil) })
	req.OnData(func([]byte) {
		if n := up.WritableLength(); n > s.mark+2*readMost {
			e.fail("%d bytes wait in the proxy for the server", n)
		}
	})
	req.Pipe(up)
	// What the server has not waited for is thrown away, or the client's next request would wait behind it.
	up.OnClose(func() { req.Resume() })
}

// endToEnd are the fields that a proxy passes on.
func endToEnd(m *IncomingMessage) (fields []string) {
	m.EachHeader(func(name, value string) bool {
		switch strings.ToLower(name) {
		case "connection", "keep-alive", "transfer-encoding", "host", "expect":
		default:
			fields = append(fields, name, value)
		}
		return true
	})
	return fields
}
