package wholesim

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
)

// fetch is one request of a browser: what is planned, and what was told of it.
type fetch struct {
	order
	s    *world
	b    *browser
	l    *loop.Loop
	id   int
	next func(f *fetch) // called when it is over

	to      string
	manner  byte // how the answer is read
	pieces  bool // the body is written in pieces
	length  bool // Content-Length is set
	expects bool // the server is asked before
	fails   bool // it may fail by plan
	early   bool // it has a limit of its own, or is given up
	piped   bool // it was sent without waiting for the answers before it: see pipeliner

	req   *httpcore.ClientRequest
	ended bool // End was called
	seen  int  // visits
	acted bool // a visit has begun to answer
	kept  bool // the server has said that the upload is kept

	responses, errors, closes, finishes int
	resEnds, resAborts, resErrors       int
	resCloses, writes, called, interims int
	got                                 []byte
	want                                *wish // what the answer's head promises
	relayFailed                         bool  // the proxy has answered for the server
	relayed                             error // because of this
	status                              int
	err                                 error
	cancel                              func()
}

func (f *fetch) name() string {
	return fmt.Sprintf("fetch %d (%s %s %c%c %d->%d to %s)", f.id, f.method, f.path, f.act, f.manner, len(f.sent), f.answer, f.to)
}

func (f *fetch) fail(format string, args ...any) {
	f.s.fail("%s: %s", f.name(), fmt.Sprintf(format, args...))
}

// late complains of what is told behind the close.
func (f *fetch) late(what string) {
	if f.closes > 0 {
		f.fail("%s behind the close", what)
	}
}

// newFetch plans a request for o, and begins it.
func (b *browser) newFetch(o order, next func(f *fetch)) *fetch {
	s := b.s
	f := &fetch{order: o, s: s, b: b, l: b.l, id: len(s.fetches), next: next, to: b.to}
	s.fetches = append(s.fetches, f)
	s.left++
	s.budget--
	if s.unkind(0.02) {
		f.to = deadAddress
	}
	f.manner = "ffffppl"[s.r.IntN(7)]
	if s.chance(0.08) {
		f.manner = "dn"[s.r.IntN(2)]
	}
	f.sent = text(f.id*2, f.size)
	f.pieces, f.length = s.chance(0.6), s.chance(0.4)
	f.expects = f.size > 0 && s.chance(0.2)
	f.length = f.length || f.expects // the head is fixed at once
	f.early = f.act == 'h' || s.chance(0.1)
	f.fails = f.early || f.act == 'p' || f.act == 'x' || f.manner == 'd' || f.to == deadAddress
	f.begin()
	return f
}

func (f *fetch) begin() {
	s := f.s
	o := httpcore.RequestOptions{
		Agent: f.b.agent, HighWaterMark: s.mark, NoRetry: s.chance(0.1),
		Header: append([]string{"X-Id", strconv.Itoa(f.id)}, f.header...),
	}
	giveUp := byte(0)
	if f.early {
		giveUp = "tcd"[s.r.IntN(3)]
	}
	switch giveUp {
	case 't':
		o.TotalTimeout = 1 + s.within(40*time.Millisecond)
	case 'c':
		o.Context, f.cancel = f.context()
	}
	if f.expects {
		o.Header = append(o.Header, "Expect", "100-continue")
	}
	if f.length && f.size > 0 {
		o.Header = append(o.Header, "Content-Length", strconv.Itoa(f.size))
	}
	if s.chance(0.03) {
		o.Header = append(o.Header, "Connection", "close")
	}
	if f.act == 'u' {
		s.shelves[f.shelf()] = append(s.shelves[f.shelf()], f)
	}
	req, err := httpcore.NewRequest(f.l, f.method, "http://"+f.to+f.path, o)
	if err != nil {
		f.fail("%v", err)
		f.errors = 1
		f.over()
		return
	}
	f.req = req
	f.b.limits()
	f.listen(req)
	f.send(req)
	switch giveUp {
	case 'c':
		s.after(f.l, 30*time.Millisecond, f.cancel)
	case 'd':
		s.after(f.l, 30*time.Millisecond, func() { req.Destroy(nil) })
	}
}

var errNobodyCares = errors.New("nobody cares any more")

// context is one that is cancelled on the loop. Package context tells of that on a goroutine: it is waited for until it has
// posted, so that the seed decides what comes first.
func (f *fetch) context() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	return ctx, func() {
		before := f.l.Metrics().Posts
		cancel(errNobodyCares)
		for !f.req.Closed() && f.l.Metrics().Posts == before {
			runtime.Gosched()
		}
	}
}

// over is the end of it.
func (f *fetch) over() {
	f.closes++
	if f.closes > 1 {
		return
	}
	f.s.left--
	f.b.limits()
	if f.next != nil {
		f.next(f)
	}
}

func (f *fetch) listen(req *httpcore.ClientRequest) {
	s, began := f.s, f.l.Now()
	req.OnSocket(func() { f.late("a socket"); f.b.limits() })
	req.OnFinish(func() { f.finishes++; f.late("a finish") })
	req.OnContinue(func() { f.late("a continue") })
	req.OnInformation(func(i *httpcore.Information) {
		f.late("an interim response")
		if f.interims++; f.responses > 0 || i.StatusCode == 103 && i.Header("X-Id") != strconv.Itoa(f.id) {
			f.fail("a %d that is not its own, or late", i.StatusCode)
		}
	})
	req.OnError(func(err error) { f.errors++; f.err = err; f.late("an error") })
	req.OnClose(func() {
		if took := f.l.Now() - began; took > 2*time.Minute && !s.jumps && !s.narrow {
			f.fail("it took %v", took)
		}
		f.over()
	})
	if f.manner != 'n' {
		req.OnResponse(func(res *httpcore.IncomingMessage) { f.late("a response"); f.read(res) })
	}
}

// callback is one for a write, and counts it.
func (f *fetch) callback() func(error) {
	f.writes++
	closed := f.req.Destroyed()
	return func(error) {
		if f.called++; f.called > f.writes {
			f.fail("a callback was called twice")
		}
		if !closed {
			f.late("the callback of a write")
		}
	}
}

// send writes the request's body.
func (f *fetch) send(req *httpcore.ClientRequest) {
	s, rest := f.s, f.sent
	end := func(p []byte) {
		f.ended = true
		req.EndWith(p, f.callback())
	}
	if !f.pieces || len(rest) == 0 {
		end(rest)
		return
	}
	var more func()
	more = func() {
		if req.Destroyed() {
			return
		}
		for len(rest) > 0 {
			p := rest[:1+s.r.IntN(min(len(rest), 20_000))]
			rest = rest[len(p):]
			if !req.WriteChunk(p, f.callback()) {
				s.t.add("backpressure at a client")
				return // the next drain goes on
			}
			if n := req.WritableLength(); n > s.mark+20_000+100 {
				f.fail("%d bytes of the request wait, with a mark of %d", n, s.mark)
			}
			if s.chance(0.1) {
				s.after(f.l, 3*time.Millisecond, more)
				return
			}
		}
		if !f.ended {
			end(nil)
		}
	}
	req.OnDrain(func() {
		f.late("a drain")
		if !f.ended {
			more()
		}
	})
	more()
}

// read reads the answer.
func (f *fetch) read(res *httpcore.IncomingMessage) {
	s := f.s
	if f.responses++; f.responses > 1 {
		f.fail("a second response")
	}
	f.want = f.promise(head{res.StatusCode(), res.ContentLength(), res.Header})
	late := func(what string) {
		if f.resCloses > 0 {
			f.fail("%s behind the close of the response", what)
		}
	}
	take := func(p []byte) {
		late("data")
		f.got = append(f.got, p...)
		if why := f.want.wrong(f.got); why != "" {
			f.fail("of the response: %s", why)
		}
		if n := res.ReadableLength(); n > s.mark+readMost {
			f.fail("%d bytes of the response wait, with a mark of %d", n, s.mark)
		}
	}
	res.OnEnd(func() {
		f.resEnds++
		late("an end")
		if f.manner != 'd' {
			f.whole(res)
		}
	})
	res.OnAborted(func() {
		if f.resEnds > 0 {
			f.fail("an abort behind the end")
		}
		f.resAborts++
		late("an abort")
	})
	if s.chance(0.7) {
		res.OnError(func(error) { f.resErrors++; late("an error") })
	}
	res.OnClose(func() { f.resCloses++ })
	switch f.manner {
	case 'f':
		res.OnData(take)
	case 'p':
		res.OnData(func(p []byte) {
			take(p)
			if s.chance(0.3) {
				res.Pause()
				s.after(f.l, 3*time.Millisecond, func() { res.Resume() })
			}
		})
	case 'l':
		s.after(f.l, 10*time.Millisecond, func() { res.OnData(take) })
	case 'd':
		most := s.r.IntN(f.answer + 1)
		res.OnData(func(p []byte) {
			if take(p); len(f.got) >= most {
				res.Destroy(nil)
			}
		})
		s.after(f.l, 20*time.Millisecond, func() { res.Destroy(nil) })
	}
}

// whole is the response having ended.
func (f *fetch) whole(res *httpcore.IncomingMessage) {
	if why := f.want.short(f.got); why != "" || !res.Complete() {
		f.fail("a response that looks whole is not: %s; complete: %v", why, res.Complete())
	}
	if f.want.sum && res.Trailer("X-Sum") != strconv.Itoa(len(f.got)) {
		f.fail("the trailer says %q of %d bytes", res.Trailer("X-Sum"), len(f.got))
	}
	if f.act == 'u' && f.status == 201 {
		f.kept = true
		if got, there := f.s.w.ReadFile(f.shelf()); !there || !isOneOf(f.s.shelves[f.shelf()], got) {
			f.fail("it was uploaded, and %d bytes are there", len(got))
		}
	}
}

// good reports whether the fetch got what it asked for.
func (f *fetch) good() bool {
	return f.resEnds == 1 && f.errors == 0 && f.resAborts == 0 && f.status < 500 && !f.relayFailed
}

// judge looks at what was told in all.
func (f *fetch) judge() {
	if f.piped {
		return // its client looks at it
	}
	over := f.resEnds + f.resAborts
	if f.fails && over == 2 {
		over = 1 // who destroys a message whose end is about to be told is told both, as in Node
	}
	switch {
	case f.closes != 1 || f.errors > 1 || f.finishes > 1 || f.called != f.writes:
		f.fail("%d closes, %d errors (%v), %d finishes, %d callbacks for %d writes; status %d, %d ends, %d aborts, seen %d times", f.closes, f.errors, f.err, f.finishes, f.called, f.writes, f.status, f.resEnds, f.resAborts, f.seen)
	case (f.req == nil || f.req.Response() == nil) && f.errors != 1:
		f.fail("neither a response nor an error")
	case f.resEnds > 0 && f.errors > 0 && !f.fails: // who gives up when the end is about to be told is told both
		f.fail("a whole response, and %v", f.err)
	case f.responses == 1 && (f.resCloses != 1 || over != 1 || f.resErrors > 1 || f.resErrors > f.resAborts):
		f.fail("a response with %d ends, %d aborts, %d errors, %d closes", f.resEnds, f.resAborts, f.resErrors, f.resCloses)
	case f.errors == 1 && kindOf(f.err) == "":
		f.fail("an error without a kind: %v", f.err)
	}
	if f.s.kind && !f.good() && !f.fails && f.manner != 'n' && !f.excused() {
		f.fail("nothing went wrong, but: %d ends, %v, status %d, seen %d times, the proxy: %v", f.resEnds, f.err, f.status, f.seen, f.relayed)
	}
	most := 1
	if f.idempotent() {
		if most = 2; f.to == proxyAddress {
			most = 4 // each of the two may try again
		}
	}
	if f.seen > most {
		f.fail("the server was asked %d times", f.seen)
	}
	f.count()
	if f.cancel != nil {
		f.cancel() // what is left of its context
	}
}

// excused reports whether it has failed for a good reason in a world where nothing goes wrong: somebody had closed before
// its request was received.
func (f *fetch) excused() bool {
	return !f.acted && (f.s.origin.closed || f.s.proxy.closed) || f.s.cuts
}

// count counts how it has ended.
func (f *fetch) count() {
	t := f.s.t
	t.exchanges++
	switch {
	case f.good():
		t.whole++
		t.add(fmt.Sprintf("whole, %c, %d", f.act, f.status))
	case f.errors > 0:
		t.add("error " + kindOf(f.err))
	case f.resAborts > 0:
		t.add("an answer cut off")
	case f.relayFailed || f.status >= 500:
		t.add("answered with " + strconv.Itoa(f.status))
	default:
		t.add("nobody reads")
	}
}
