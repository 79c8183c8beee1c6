package stdhttp

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/weir-go/weir/stream"
)

var errBodyClosed = http.ErrBodyReadAfterClose

// maxRest is how much of a body that the handler has not read may still come without the connection ending behind the
// answer: net/http's bound.
const maxRest = 256 << 10

// maxEarly is the longest body that the handler is given from the start, if all of it came with the head.
const maxEarly = 16 << 10

// body is the body of a request. What did not come with the head is not asked for before the handler reads: one that it never
// reads is thrown away by the server, as httpcore does with any.
type body struct {
	x        *exchange
	closed   atomic.Bool
	read     atomic.Int64 // bytes that the handler has
	deadline deadline

	mu    sync.Mutex // held by a Read; guards what follows
	r     *stream.Reader
	early []byte // the whole body, as far as it was not read
	whole bool   // there is no other
	done  bool   // the end was read

	// The loop's.
	reader   *stream.Reader // r
	released bool
}

// Read waits for what the client sends. An end that comes too early is io.ErrUnexpectedEOF and httpcore.ErrAborted, a read behind
// Close or the handler's return http.ErrBodyReadAfterClose, one behind the read deadline os.ErrDeadlineExceeded.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed.Load():
		return 0, errBodyClosed
	case b.done:
		return 0, io.EOF
	case b.deadline.passed():
		return 0, readError(b.deadline.cause())
	case len(p) == 0:
		return 0, nil
	}
	if b.whole {
		n := copy(p, b.early)
		if b.early = b.early[n:]; n == 0 {
			b.done = true // and with a length there are no trailers
			return 0, io.EOF
		}
		return n, nil
	}
	n, err := 0, error(stream.ErrWouldBlock)
	if b.r == nil {
		n, err = b.begin(p)
	}
	if errors.Is(err, stream.ErrWouldBlock) {
		n, err = b.r.Read(p)
	}
	b.read.Add(int64(n))
	switch {
	case err == nil:
		return n, nil
	case err == io.EOF:
		b.ended()
		return n, io.EOF
	}
	return n, readError(err)
}

// takeEarly takes a body that has come as a whole, on the loop, before the handler runs: then it need not ask.
func (b *body) takeEarly() {
	m := b.x.req
	if int64(m.ReadableLength()) == m.ContentLength() && !m.Destroyed() {
		b.early, b.whole = m.ReadChunk(-1), true
	}
}

// begin has the loop ask for the body, and takes what is there already on the way.
func (b *body) begin(p []byte) (n int, err error) {
	x := b.x
	began := make(chan struct{})
	post := x.l.Post(func() {
		defer close(began)
		if x.over || b.released {
			err = errBodyClosed
			return
		}
		if strings.EqualFold(x.req.Header("Expect"), "100-continue") {
			x.res.WriteContinue() // unless it was sent, or the answer has begun
		}
		b.reader = stream.NewReader(&x.req.Readable)
		n, err = b.reader.Read(p)
		b.reader.AssumeOffLoop()
	})
	if post != nil {
		return 0, post
	}
	<-began
	b.r = b.reader
	if b.r != nil {
		b.deadline.watch(b.r.SetContext)
	}
	return n, err
}

// ended is the end having been read: the trailers are there.
func (b *body) ended() {
	b.done = true
	list := b.x.req.RawTrailers() // nothing changes them any more
	r := b.x.r
	for i := 0; i+1 < len(list); i += 2 {
		if r.Trailer == nil {
			r.Trailer = http.Header{}
		}
		r.Trailer.Add(list[i], list[i+1])
	}
}

// Close ends reading: what the client still sends is thrown away.
func (b *body) Close() error {
	if b.closed.Swap(true) {
		return nil
	}
	return b.x.l.Post(b.release)
}

// release leaves the body to nobody, on the loop: what is left of it flows away.
func (b *body) release() {
	if b.released {
		return
	}
	b.released = true
	if b.reader == nil {
		return // the server throws it away, or the reader is made later
	}
	b.reader.Release()
	if m := b.x.req; !m.Complete() && !m.Destroyed() {
		m.Resume()
	}
}
