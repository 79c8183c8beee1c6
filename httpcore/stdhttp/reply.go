package stdhttp

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/weir-go/weir/httpcore"
)

// reply is the body of an answer. The loop puts in what arrives, and stops the message when a mark of it lies there; who reads
// takes it out, and asks the loop only when the message was stopped.
type reply struct {
	x        *trip
	response *http.Response
	up       *switched // in its place, behind a 101
	closed   atomic.Bool

	reading sync.Mutex // held by a Read
	told    error      // what a Read has returned, once that was an error

	mu      sync.Mutex // guards what follows
	pieces  []piece    // what was not read, without the taken first bytes
	inline  [1]piece
	taken   int
	size    int   // of what was not read
	stopped bool  // the message is paused
	end     error // what comes behind the pieces; nil if that is not known yet
}

var _ io.ReadCloser = (*reply)(nil)

// piece is bytes that have arrived. If there is a page they lie in it.
type piece struct {
	p    []byte
	page *[copySize]byte
}

// smallPiece is the largest first piece that has memory of its own: most answers of programs are that.
const smallPiece = 4 << 10

// onResponse is the head being there. What has come with it is parsed before the tick.
func (x *trip) onResponse(m *httpcore.IncomingMessage) {
	x.res, x.body.x = m, x
	if x.hasBody() {
		m.OnData(x.body.put)
		m.ReadChunk(0) // from now on it is given at once, so that nothing is lost with the connection
	}
	x.l.NextTick(x.answered)
}

// hasBody reports whether the answer has a body, which may be empty.
func (x *trip) hasBody() bool { return x.res.ContentLength() != 0 && x.method != http.MethodHead }

// answered tells of the answer. If all of it is there nothing more is listened for.
func (x *trip) answered() {
	if x.told {
		return
	}
	x.told = true
	m, b := x.res, &x.body
	switch {
	case m.Complete() && m.ReadableLength() == 0:
		b.end, b.stopped = io.EOF, false // nobody else has b yet
		if !x.hasBody() {
			m.ReadChunk(-1) // which is its end; that of a body comes with the flow that begins in this turn
		}
	case m.Destroyed():
		b.ended(x.whyCut())
	default:
		m.OnEnd(func() { b.ended(io.EOF) })
		m.OnError(b.ended)
		m.OnClose(func() { b.ended(x.whyCut()) })
	}
	x.tell(news{res: x.early()})
}

// whyCut is why the answer is not complete.
func (x *trip) whyCut() error {
	if x.why != nil {
		return x.why
	}
	return httpcore.ErrAborted
}

// put is p having arrived, on the loop.
func (b *reply) put(p []byte) {
	b.mu.Lock()
	b.size += len(p)
	b.keep(p)
	full := b.size >= b.x.o.HighWaterMark
	b.stopped = b.stopped || full
	b.mu.Unlock()
	if full {
		b.x.res.Pause()
	}
	b.ring()
}

// keep copies p behind what lies there.
func (b *reply) keep(p []byte) {
	if b.pieces == nil {
		b.pieces = b.inline[:0]
		if len(p) <= smallPiece {
			b.pieces = append(b.pieces, piece{p: append([]byte(nil), p...)})
			return
		}
	}
	for len(p) > 0 {
		n := len(b.pieces)
		if n == 0 || len(b.pieces[n-1].p) == cap(b.pieces[n-1].p) {
			page := copies.Get().(*[copySize]byte)
			b.pieces = append(b.pieces, piece{page[:0], page})
			n++
		}
		last := &b.pieces[n-1]
		fits := min(len(p), cap(last.p)-len(last.p))
		last.p, p = append(last.p, p[:fits]...), p[fits:]
	}
}

// empty reports whether there is nothing to read.
func (b *reply) empty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.end == io.EOF && b.size == 0
}

// ended is there being nothing more, on the loop. The first reason counts.
func (b *reply) ended(err error) {
	b.mu.Lock()
	if b.end == nil {
		b.end = err
	}
	b.mu.Unlock()
	b.ring()
}

// ring has a Read look again.
func (b *reply) ring() {
	select {
	case b.x.bell <- struct{}{}:
	default:
	}
}

// Read waits for what the server sends. An end that comes too early is io.ErrUnexpectedEOF and httpcore.ErrAborted, with why; a
// read behind Close is http.ErrBodyReadAfterClose.
func (b *reply) Read(p []byte) (int, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	for {
		switch {
		case b.closed.Load():
			return 0, errBodyClosed
		case b.told != nil:
			return 0, b.told
		case len(p) == 0:
			return 0, nil
		}
		n, err := b.take(p)
		switch {
		case err == io.EOF:
			b.finish(io.EOF)
			return n, io.EOF
		case err != nil:
			b.finish(b.x.failure(cutError(err)))
			return n, b.told
		case n > 0:
			return n, nil
		}
		ctx := b.x.r.Context()
		select {
		case <-b.x.bell:
		case <-ctx.Done():
			b.finish(b.x.failure(b.x.canceled()))
			return 0, b.told
		}
	}
}

// take takes what is there, and the end of it.
func (b *reply) take(p []byte) (n int, err error) {
	b.mu.Lock()
	for n < len(p) && len(b.pieces) > 0 {
		first := &b.pieces[0]
		m := copy(p[n:], first.p[b.taken:])
		n += m
		if b.taken += m; b.taken == len(first.p) {
			if first.page != nil {
				copies.Put(first.page)
			}
			*first, b.pieces, b.taken = piece{}, b.pieces[1:], 0
		}
	}
	b.size -= n
	if b.size == 0 {
		b.pieces, err = nil, b.end
	}
	goOn := b.stopped && b.size <= b.x.o.HighWaterMark/2
	if goOn {
		b.stopped = false
	}
	b.mu.Unlock()
	if goOn {
		_ = b.x.l.Post(b.goOn) // of a loop that is closed: it has told the end
	}
	return n, err
}

// goOn has the message flow again, on the loop.
func (b *reply) goOn() {
	if m := b.x.res; !m.Destroyed() {
		m.Resume()
	}
}

// finish notes what is told from now on. The trailers are there by now.
func (b *reply) finish(err error) {
	b.told = err
	if err == io.EOF {
		list := b.x.res.RawTrailers() // nothing changes them any more
		for i := 0; i+1 < len(list); i += 2 {
			if b.response.Trailer == nil {
				b.response.Trailer = http.Header{}
			}
			b.response.Trailer.Add(list[i], list[i+1])
		}
	}
	b.x.over()
}

// Close ends reading. A connection whose body was received whole serves the next request; another one ends: what was not
// read would have to be.
func (b *reply) Close() error {
	if b.closed.Swap(true) {
		return nil
	}
	b.ring()
	b.x.over()
	b.mu.Lock()
	whole := b.end != nil
	b.mu.Unlock()
	if !whole {
		_ = b.x.l.Post(b.release) // of a loop that is closed: the connection has gone with it
	}
	return nil
}

// release leaves the body to nobody, on the loop.
func (b *reply) release() {
	switch m := b.x.res; {
	case m.Destroyed():
	case m.Complete():
		m.Resume()
	default:
		b.x.out.Destroy(nil)
	}
}
