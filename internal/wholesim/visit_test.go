package wholesim

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

// visit is an exchange as the origin sees it. A request that is made once more is two.
type visit struct {
	f   *fetch
	s   *world
	req *httpcore.IncomingMessage
	res *httpcore.ServerResponse
	ctx context.Context // nil if nobody has asked for it

	got                                              int
	looks                                            bool // at what arrives
	reqEnds, reqAborts, reqCloses, resCloses, finish int
	writes, called                                   int
}

func (v *visit) late(what string) {
	if v.resCloses > 0 {
		v.f.fail("%s behind the close of the server's response", what)
	}
}

// fetchOf is whose request it is.
func (s *world) fetchOf(req *httpcore.IncomingMessage) *fetch {
	id, err := strconv.Atoi(req.Header("X-Id"))
	if err != nil || id < 0 || id >= len(s.fetches) || req.PathAndQuery() != s.fetches[id].path || req.Method() != s.fetches[id].method {
		s.fail("a request that nobody has made: %s %s", req.Method(), req.URL())
		return nil
	}
	return s.fetches[id]
}

// newVisit listens to an exchange.
func (s *world) newVisit(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) *visit {
	f := s.fetchOf(req)
	if f == nil {
		res.Destroy(nil)
		return nil
	}
	f.seen++
	f.acted = true
	v := &visit{f: f, s: s, req: req, res: res}
	s.visits = append(s.visits, v)
	res.SetHeader("X-Id", strconv.Itoa(f.id))
	res.OnFinish(func() { v.finish++; v.late("a finish") })
	res.OnClose(func() { v.resCloses++ })
	req.OnEnd(func() {
		if v.reqEnds++; !f.ended && !f.length || v.looks && v.got != len(f.sent) {
			f.fail("the server has %d bytes of a request that looks whole, of %d, ended: %v", v.got, len(f.sent), f.ended)
		}
	})
	req.OnAborted(func() { v.reqAborts++ })
	req.OnClose(func() { v.reqCloses++ })
	if f.act == 'h' || s.chance(0.2) {
		v.ctx = req.Context()
	}
	return v
}

// look compares what arrives with what was sent.
func (v *visit) look() {
	v.looks = true
	v.req.OnData(func(p []byte) {
		sent := v.f.sent
		if v.got+len(p) > len(sent) || string(p) != string(sent[v.got:v.got+len(p)]) {
			v.f.fail("%d bytes at %d of the request are wrong", len(p), v.got)
		}
		if v.got += len(p); v.req.ReadableLength() > v.s.mark+readMost {
			v.f.fail("%d bytes of the request are held", v.req.ReadableLength())
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
func (v *visit) end(p []byte) { v.res.EndWith(p, v.callback()) }

// write writes body in pieces, and then calls done.
func (v *visit) write(body []byte, done func()) {
	over := false
	var more func()
	more = func() {
		for len(body) > 0 {
			if v.res.Destroyed() {
				return
			}
			p := body[:1+v.s.r.IntN(min(len(body), 20_000))]
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

// answerExpecting is the handler of requests that wait for a 100.
func (s *world) answerExpecting(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	v := s.newVisit(req, res)
	switch {
	case v == nil:
	case s.chance(0.2) || v.f.act == 'p': // what a timer panics with is nobody's
		v.act() // no 100 at all, unless it is asked for
	default:
		s.after(req.Loop(), 20*time.Millisecond, func() {
			res.WriteContinue()
			v.act()
		})
	}
}

// answer is the origin's handler.
func (s *world) answer(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	if v := s.newVisit(req, res); v != nil {
		v.act()
	}
}

// act does what was asked for.
func (v *visit) act() {
	f, s, req, res := v.f, v.s, v.req, v.res
	body := text(f.id*2+1, f.answer)
	switch f.act {
	case 'f':
		s.folder.Serve(req, res)
	case 'u':
		res.WriteContinue() // if it is waited for
		v.keep()
	case 'd':
		v.fetchBack()
	case 'g':
		v.generate(body)
	case 'e':
		res.WriteContinue()
		if !s.unseen {
			v.look()
		} else if n := req.ContentLength(); n >= 0 {
			res.SetHeader("Content-Length", strconv.FormatInt(n, 10))
		}
		req.Pipe(res)
	case 'm':
		v.message(body)
	case 'n':
		res.StatusCode = []int{204, 304}[s.r.IntN(2)]
		v.end(nil)
	case 'x': // not to its end
		switch s.r.IntN(3) {
		case 0:
			res.SetHeader("Content-Length", strconv.Itoa(f.answer+1))
		case 1:
			res.RemoveHeader("Transfer-Encoding") // so it has to be a reset
		}
		v.write(body[:s.r.IntN(len(body)+1)], func() { s.after(req.Loop(), 2*time.Millisecond, func() { res.Destroy(nil) }) })
	case 'p':
		v.panics(body)
	case 'h': // not while anybody waits for it
		v.look()
		s.after(req.Loop(), time.Second, func() { res.Destroy(nil) })
	}
}

// message is an answer that the handler has in its hand.
func (v *visit) message(body []byte) {
	s, req, res := v.s, v.req, v.res
	switch s.r.IntN(5) {
	case 0: // at once, whatever the request is
		v.end(body)
	case 1: // late, and it reads meanwhile
		v.look()
		s.after(req.Loop(), 5*time.Millisecond, func() { v.end(body) })
	case 2: // in pieces
		s.after(req.Loop(), 2*time.Millisecond, func() { v.write(body, func() { v.end(nil) }) })
	case 3: // when the request was read, with pauses
		res.WriteContinue()
		v.look()
		req.OnData(func([]byte) {
			if s.chance(0.3) {
				req.Pause()
				s.after(req.Loop(), 2*time.Millisecond, func() { req.Resume() })
			}
		})
		req.OnEnd(func() { v.write(body, func() { v.end(nil) }) })
	case 4: // after some interim responses
		for range s.r.IntN(3) {
			res.WriteEarlyHints("X-Id", strconv.Itoa(v.f.id))
		}
		s.after(req.Loop(), 3*time.Millisecond, func() { v.end(body) })
	}
}

// panics panics, at some moment.
func (v *visit) panics(body []byte) {
	s, req, res := v.s, v.req, v.res
	fall := func() {
		s.panics++
		panic(planned)
	}
	switch s.r.IntN(4) {
	case 0:
		fall()
	case 1: // with half an answer on its way
		res.WriteChunk(body[:len(body)/2], v.callback())
		fall()
	case 2: // in a listener
		req.OnData(func([]byte) { fall() })
		req.OnEnd(fall)
	case 3: // on a tick
		req.Loop().NextTick(fall)
	}
}

// generate makes the answer as it is taken.
func (v *visit) generate(body []byte) {
	s, l, res := v.s, v.req.Loop(), v.res
	switch how := s.r.IntN(3); {
	case how == 0:
		res.SetHeader("Content-Length", strconv.Itoa(len(body)))
	case how == 1 && !v.f.piped:
		res.RemoveHeader("Transfer-Encoding") // it ends with the connection
	default:
		res.SetHeader("Trailer", "X-Sum")
	}
	src := stream.NewReadable(l, stream.ReadableOptions{HighWaterMark: s.mark, Read: func(r *stream.Readable, _ int) {
		piece := func() {
			if r.Destroyed() {
				return
			}
			if len(body) == 0 {
				r.PushEOF()
				return
			}
			p := body[:1+s.r.IntN(min(len(body), 20_000))]
			body = body[len(p):]
			r.Push(p)
		}
		if s.chance(0.1) {
			s.after(l, time.Millisecond, piece)
			return
		}
		piece()
	}})
	size := len(body)
	src.OnData(func([]byte) {
		if n := src.ReadableLength(); n > s.mark+20_000 {
			v.f.fail("%d bytes were generated that nobody has taken", n)
		}
	})
	src.OnEnd(func() {
		if res.HasHeader("Trailer") {
			res.AddTrailer("X-Sum", strconv.Itoa(size))
		}
	})
	res.OnClose(func() { src.Destroy(nil) })
	src.Pipe(res)
}

// keep has the request be a file, whole or not at all.
func (v *visit) keep() {
	f, s, req, res := v.f, v.s, v.req, v.res
	out := files.Replace(req.Loop(), f.shelf(), files.ReplaceOptions{HighWaterMark: s.mark, Sync: s.chance(0.3)})
	req.OnData(func([]byte) {
		if n := out.WritableLength(); n > s.mark+readMost {
			f.fail("%d bytes wait for the disk", n)
		}
	})
	told := 0
	stream.Pipeline(func(err error) {
		if told++; told > 1 {
			f.fail("the end of an upload is told %d times", told)
		}
		if err != nil {
			s.t.add("upload: " + kindOf(err))
			if !res.HeadersSent() {
				res.StatusCode = 500
				v.end(nil)
			}
			return
		}
		if got, _ := s.w.ReadFile(f.shelf()); !isOneOf(s.shelves[f.shelf()], got) {
			f.fail("%d bytes are kept that are nobody's", len(got))
		}
		if n := out.BytesWritten(); n != uint64(len(f.sent)) || !f.ended && !f.length {
			f.fail("%d of %d bytes are kept, ended: %v", n, len(f.sent), f.ended)
		}
		f.kept = true
		res.StatusCode = 201
		v.end([]byte(strconv.Itoa(int(out.BytesWritten()))))
	}, req, out)
}

// fetchBack gives an upload back.
func (v *visit) fetchBack() {
	s, res := v.s, v.res
	in := files.Open(v.req.Loop(), v.f.shelf(), files.ReadOptions{HighWaterMark: s.mark})
	in.OnOpen(func() {
		if s.chance(0.7) {
			res.SetHeader("Content-Length", strconv.FormatInt(in.Info().Size, 10))
		}
		in.Pipe(res)
	})
	in.OnError(func(err error) {
		s.t.add("download: " + kindOf(err))
		if res.HeadersSent() {
			res.OnError(func(error) {}) // counted above
			res.Destroy(err)
			return
		}
		if res.HasHeader("Content-Length") {
			res.SetHeader("Content-Length", "0") // it was the file's
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			res.StatusCode = 404
			v.end(nil)
		case errors.Is(err, reactor.EMFILE), errors.Is(err, reactor.ENFILE):
			res.StatusCode = 503
			v.end(nil)
		default:
			res.StatusCode = 500
			v.end(nil)
		}
	})
	res.OnClose(func() { in.Destroy(nil) })
}

func (v *visit) judge() {
	if v.resCloses != 1 || v.reqCloses != 1 || v.finish > 1 || v.reqEnds+v.reqAborts > 1 || v.called != v.writes {
		v.f.fail("the server was told of %d closes of the response, %d finishes; %d closes of the request, %d ends, %d aborts; %d callbacks for %d writes",
			v.resCloses, v.finish, v.reqCloses, v.reqEnds, v.reqAborts, v.called, v.writes)
	}
	if v.ctx != nil && v.ctx.Err() == nil {
		v.f.fail("the context of a request that is over is not cancelled")
	}
}
