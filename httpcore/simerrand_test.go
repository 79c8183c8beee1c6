package httpcore

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/weir-go/weir/loop"
)

// errand is one request of a client in a voyage: what is planned, and what was told of it.
type errand struct {
	s  *voyage
	l  *loop.Loop
	id int

	method  string
	to      string
	act     byte // what the server does: see visit
	manner  byte // how the response is read
	size    int  // of the request's body
	answer  int  // of the response's
	pieces  bool
	length  bool // Content-Length is set
	expects bool
	patient bool // it has no limit of its own: the server must answer

	req                                 *ClientRequest
	sent                                []byte // the request's body
	ended                               bool   // End was called
	answered                            bool   // some visit has ended its response
	seen                                int    // visits
	responses, errors, closes, finishes int
	resEnds, resAborts, resErrors       int
	resCloses, writes, called, interims int
	got                                 int
	want                                []byte
	fails                               bool // by plan
	relayFailed                         bool // the proxy has answered for the server
	err                                 error
}

// newErrand plans one.
func (s *voyage) newErrand(id int) *errand {
	e := &errand{s: s, l: s.any(), id: id, method: []string{"GET", "GET", "HEAD", "POST", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}[s.r.IntN(9)]}
	e.to = proxyAddress
	if s.chance(0.4) {
		e.to = originAddress
	}
	if s.unkind(0.03) {
		e.to = deadAddress
	}
	length := func() int {
		switch s.r.IntN(10) {
		case 0:
			return 0
		case 1:
			return s.r.IntN(200 << 10)
		case 2, 3:
			return s.r.IntN(20 << 10)
		}
		return s.r.IntN(1000)
	}
	if e.method != "HEAD" && (e.method[0] == 'P' || s.chance(0.1)) {
		e.size = length()
	}
	e.answer = length()
	e.act = "wwlpppreeeuiin"[s.r.IntN(14)]
	if s.unkind(0.2) {
		e.act = "cccxh"[s.r.IntN(5)]
	}
	e.manner = "ffffppl"[s.r.IntN(7)]
	if s.unkind(0.15) {
		e.manner = "dn"[s.r.IntN(2)]
	}
	e.pieces, e.length = s.chance(0.6), s.chance(0.4)
	e.expects = e.size > 0 && s.chance(0.2)
	e.length = e.length || e.expects // the head is fixed at once
	e.patient = e.act != 'h' && s.chance(0.9)
	e.sent = text(e.id*2, e.size)
	e.want = text(e.id*2+1, e.answer)
	switch {
	case e.method == "HEAD" || e.act == 'n':
		e.want = nil
	case e.act == 'e':
		e.want = e.sent
	}
	return e
}

func (e *errand) name() string {
	return fmt.Sprintf("errand %d (%s %c%c %d->%d to %s)", e.id, e.method, e.act, e.manner, e.size, e.answer, e.to)
}

func (e *errand) fail(format string, args ...any) {
	e.s.fail("%s: %s", e.name(), fmt.Sprintf(format, args...))
}

// late complains of what is told behind the close.
func (e *errand) late(what string) {
	if e.closes > 0 {
		e.fail("%s behind the close", what)
	}
}

func (e *errand) begin() {
	s := e.s
	o := RequestOptions{Agent: s.near, HighWaterMark: s.mark, Header: []string{"X-Id", strconv.Itoa(e.id)}, NoRetry: s.chance(0.1)}
	if !e.patient && !s.kind || e.act == 'h' {
		o.TotalTimeout = 1 + time.Duration(s.r.Int64N(int64(40*time.Millisecond)))
		e.fails = true
	}
	if e.expects {
		o.Header = append(o.Header, "Expect", "100-continue")
	}
	if e.length && e.size > 0 {
		o.Header = append(o.Header, "Content-Length", strconv.Itoa(e.size))
	}
	if s.chance(0.1) {
		o.Header = append(o.Header, "Connection", "close")
	}
	req, err := NewRequest(e.l, e.method, fmt.Sprintf("http://%s/%d", e.to, e.id), o)
	if err != nil {
		if !errors.Is(err, ErrAgentClosed) || !s.destroyed {
			e.fail("%v", err)
		}
		e.errors, e.closes = 1, 1
		s.left--
		return
	}
	e.req = req
	s.limits(s.near)
	e.listen(req)
	e.send(req)
	if s.unkind(0.1) {
		e.fails = true
		s.after(e.l, 20*time.Millisecond, func() { req.Destroy(nil) })
	}
}

func (e *errand) listen(req *ClientRequest) {
	s, began := e.s, e.l.Now()
	req.OnSocket(func() { e.late("a socket"); s.limits(s.near) })
	req.OnFinish(func() { e.finishes++; e.late("a finish") })
	req.OnContinue(func() { e.late("a continue") })
	req.OnInformation(func(i *Information) {
		e.late("an interim response")
		if e.interims++; e.responses > 0 || i.StatusCode == 103 && i.Header("X-Id") != strconv.Itoa(e.id) {
			e.fail("a %d that is not its own, or late", i.StatusCode)
		}
	})
	req.OnError(func(err error) { e.errors++; e.err = err; e.late("an error") })
	req.OnClose(func() {
		if e.closes++; e.closes == 1 {
			s.left--
		}
		if took := e.l.Now() - began; took > time.Minute && !s.jumps {
			e.fail("it took %v", took) // the server never does: it stood still until a deadline
		}
		s.limits(s.near)
	})
	if e.manner != 'n' {
		req.OnResponse(func(res *IncomingMessage) { e.late("a response"); e.read(res) })
	}
}

// callback is one for a write, and counts it.
func (e *errand) callback() func(error) {
	e.writes++
	closed := e.req.Destroyed()
	return func(error) {
		if e.called++; e.called > e.writes {
			e.fail("a callback was called twice")
		}
		if !closed {
			e.late("the callback of a write")
		}
	}
}

// send writes the request's body.
func (e *errand) send(req *ClientRequest) {
	s, rest := e.s, e.sent
	if s.chance(0.2) {
		if err := req.FlushHeaders(); err != nil {
			e.fail("FlushHeaders: %v", err)
		}
		if e.size > 0 && !e.length && req.seldomBody() {
			rest, e.sent = nil, nil // it has said that there is none
			if e.act == 'e' {
				e.want = nil
			}
		}
	}
	end := func(p []byte) {
		e.ended = true
		req.EndWith(p, e.callback())
	}
	if !e.pieces || len(rest) == 0 {
		end(rest)
		return
	}
	var more func()
	more = func() {
		if req.Destroyed() {
			return
		}
		for len(rest) > 0 {
			p := rest[:1+s.r.IntN(min(len(rest), 10_000))]
			rest = rest[len(p):]
			if !req.WriteChunk(p, e.callback()) {
				return // the next drain goes on
			}
			if n := req.WritableLength(); n > s.mark+10_000+100 {
				e.fail("%d bytes of the request wait, with a mark of %d", n, s.mark)
			}
			if s.chance(0.1) {
				s.after(e.l, 3*time.Millisecond, more)
				return
			}
		}
		if !e.ended {
			end(nil)
		}
	}
	req.OnDrain(func() {
		e.late("a drain")
		if !e.ended {
			more()
		}
	})
	more()
}

// read reads the response.
func (e *errand) read(res *IncomingMessage) {
	s := e.s
	if e.responses++; e.responses > 1 {
		e.fail("a second response")
	}
	e.status(res)
	late := func(what string) {
		if e.resCloses > 0 {
			e.fail("%s behind the close of the response", what)
		}
	}
	take := func(p []byte) {
		late("data")
		e.take(p)
		if n := res.ReadableLength(); n > s.mark+readMost {
			e.fail("%d bytes of the response wait, with a mark of %d", n, s.mark)
		}
	}
	res.OnEnd(func() {
		e.resEnds++
		late("an end")
		e.whole(res)
	})
	res.OnAborted(func() {
		if e.resEnds > 0 {
			e.fail("an abort behind the end")
		}
		e.resAborts++
		late("an abort")
	})
	if s.chance(0.7) {
		res.OnError(func(error) { e.resErrors++; late("an error") })
	}
	res.OnClose(func() { e.resCloses++ })
	switch e.manner {
	case 'f':
		res.OnData(take)
	case 'p':
		res.OnData(func(p []byte) {
			take(p)
			if s.chance(0.3) {
				res.Pause()
				s.after(e.l, 3*time.Millisecond, func() { res.Resume() })
			}
		})
	case 'l':
		s.after(e.l, 10*time.Millisecond, func() { res.OnData(take) })
	case 'd':
		e.fails = true
		most := s.r.IntN(e.answer + 1)
		res.OnData(func(p []byte) {
			if take(p); e.got >= most {
				res.Destroy(nil)
			}
		})
		s.after(e.l, 20*time.Millisecond, func() {
			if s.chance(0.5) {
				res.Destroy(nil)
			}
		})
	}
}

// status looks whose answer it is.
func (e *errand) status(res *IncomingMessage) {
	switch {
	case res.Header("X-Id") == strconv.Itoa(e.id):
	case res.Header("X-Relay") == strconv.Itoa(e.id) && res.StatusCode() == 502 && e.to == proxyAddress:
		e.want, e.relayFailed = nil, true
	case res.StatusCode() == 408 && e.s.jumps:
		e.want, e.relayFailed = nil, true
	default:
		e.fail("got the answer %d with %q", res.StatusCode(), res.RawHeaders())
	}
}

// take compares a piece of the response with what it should be.
func (e *errand) take(p []byte) {
	if e.got+len(p) > len(e.want) || string(p) != string(e.want[e.got:e.got+len(p)]) {
		e.fail("%d bytes at %d of the response are wrong", len(p), e.got)
	}
	e.got += len(p)
}

// whole is the response having ended.
func (e *errand) whole(res *IncomingMessage) {
	if e.got != len(e.want) || !res.Complete() || !e.answered && !e.relayFailed && e.method != "HEAD" {
		e.fail("a response that looks whole has %d bytes of %d; the server has ended: %v", e.got, len(e.want), e.answered)
	}
}

// judge looks at what was told in all.
func (e *errand) judge() {
	over := e.resEnds + e.resAborts
	if e.fails && over == 2 {
		over = 1 // who destroys a message whose end is about to be told is told both, as in Node
	}
	switch {
	case e.closes != 1 || e.errors > 1 || e.finishes > 1 || e.called != e.writes:
		e.fail("%d closes, %d errors (%v), %d finishes, %d callbacks for %d writes", e.closes, e.errors, e.err, e.finishes, e.called, e.writes)
	case (e.req == nil || e.req.Response() == nil) && e.errors != 1:
		e.fail("neither a response nor an error")
	case e.resEnds > 0 && e.errors > 0 && !e.fails: // who gives up when the end is about to be told is told both
		e.fail("a whole response, and %v", e.err)
	case e.responses == 1 && (e.resCloses != 1 || over != 1 || e.resErrors > 1 || e.resErrors > e.resAborts):
		e.fail("a response with %d ends, %d aborts, %d errors, %d closes", e.resEnds, e.resAborts, e.resErrors, e.resCloses)
	}
	good := e.resEnds == 1 && e.errors == 0 && !e.relayFailed
	if good {
		e.s.whole++
	}
	if e.s.kind && !good && !e.fails {
		e.fail("nothing went wrong, but: %d ends, %v, 502: %v", e.resEnds, e.err, e.relayFailed)
	}
	most := 1
	if e.req != nil && e.req.idempotent() {
		if most = 2; e.to == proxyAddress {
			most = 4 // each of the two may try again
		}
	}
	if e.seen > most {
		e.fail("the server was asked %d times", e.seen)
	}
}
