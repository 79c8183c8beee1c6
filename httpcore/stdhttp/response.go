package stdhttp

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/weir-go/weir/stream"
)

// response is a handler's ResponseWriter. What is written gathers in a buffer; if it fits, the whole answer goes to the loop
// when the handler returns, and if not, or when it is flushed, the rest goes through a stream.Writer, at the client's pace.
type response struct {
	x        *exchange
	header   http.Header
	deadline deadline

	mu      sync.Mutex // held by each call; guards what follows
	head    head
	status  int   // 0 until WriteHeader
	length  int64 // the Content-Length of the head; -1 without
	written int64
	buf     []byte // of a buffer of buffers
	page    *[bufferSize]byte
	out     *stream.Writer // once the head was sent
	err     error          // the first error of writing: the answer can't be complete
	over    bool           // the handler has returned

	tail []string // trailers, in turn name and value, for the loop
}

var (
	_ http.ResponseWriter = (*response)(nil)
	_ http.Flusher        = (*response)(nil)
	_ http.Hijacker       = (*response)(nil)
	_ io.StringWriter     = (*response)(nil)
	_ io.ReaderFrom       = (*response)(nil)
)

// bufferSize is how much of an answer waits for the rest: most answers of programs fit.
const bufferSize = 4 << 10

// buffers are what answers gather in.
var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// copies are what ReadFrom copies through.
var copies = sync.Pool{New: func() any { return new([copySize]byte) }}

// copySize is what a stream.Writer hands over at a time.
const copySize = 32 << 10

func (w *response) init(x *exchange) {
	w.x, w.length = x, -1
}

// Header is what the head is made of when WriteHeader is called, and the trailers behind that.
func (w *response) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

// WriteHeader fixes the head, or sends an informational response at once.
func (w *response) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over:
		w.x.h.logf("WriteHeader behind the handler's return, called from %s", caller())
	case w.status != 0:
		w.x.h.logf("superfluous WriteHeader, called from %s", caller())
	case status < 100 || status > 999:
		panic(fmt.Sprintf("stdhttp: invalid status %d for WriteHeader", status))
	case status == http.StatusSwitchingProtocols:
		w.x.h.logf("a status of 101 cannot be sent: Server.OnUpgrade is for that; it is 501")
		w.writeHeader(http.StatusNotImplemented)
	case status < 200:
		w.inform(status)
	default:
		w.writeHeader(status)
	}
}

// caller is who has called WriteHeader.
func caller() string {
	_, file, line, ok := runtime.Caller(2)
	if !ok {
		return "somewhere"
	}
	return file + ":" + strconv.Itoa(line)
}

func (w *response) writeHeader(status int) {
	w.status = status
	w.freeze()
}

// bodyAllowed reports whether the status has a body.
func (w *response) bodyAllowed() bool {
	return w.status != http.StatusNoContent && w.status != http.StatusNotModified
}

// noBody reports whether what is written is not sent.
func (w *response) noBody() bool { return !w.bodyAllowed() || w.x.req.Method() == http.MethodHead }

// Write writes a part of the body. It waits while the client has not taken what was written before. It returns
// http.ErrBodyNotAllowed, http.ErrContentLength, or an error that is httpcore.ErrAborted once the client has gone, or
// os.ErrDeadlineExceeded behind the write deadline.
func (w *response) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.mayWrite(len(p)); err != nil || len(p) == 0 {
		return 0, err
	}
	w.take()
	if len(w.buf)+len(p) <= bufferSize {
		w.buf = append(w.buf, p...)
		return len(p), nil
	}
	if err := w.send(p); err != nil {
		return 0, err // of what was handed over it is not known how much the client has
	}
	return len(p), nil
}

// WriteString is Write of a string.
func (w *response) WriteString(s string) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.mayWrite(len(s)); err != nil || len(s) == 0 {
		return 0, err
	}
	w.take()
	if len(w.buf)+len(s) <= bufferSize {
		w.buf = append(w.buf, s...)
		return len(s), nil
	}
	if err := w.send([]byte(s)); err != nil {
		return 0, err
	}
	return len(s), nil
}

// mayWrite fixes the head if need be, and reports whether n bytes may be written.
func (w *response) mayWrite(n int) error {
	if w.over {
		return errReturned
	}
	if w.status == 0 {
		w.writeHeader(http.StatusOK)
	}
	switch {
	case n == 0:
		return nil
	case !w.bodyAllowed():
		return http.ErrBodyNotAllowed
	case w.length >= 0 && w.written+int64(n) > w.length:
		return http.ErrContentLength
	case w.err != nil:
		return w.err
	}
	w.written += int64(n)
	return nil
}

// take makes sure that there is a buffer.
func (w *response) take() {
	if w.page == nil {
		w.page = buffers.Get().(*[bufferSize]byte)
		w.buf = w.page[:0]
	}
}

// send hands over what is gathered, and then p, and waits for room.
func (w *response) send(p []byte) error {
	if w.err == nil {
		w.err = w.trySend(p)
	}
	return w.err
}

func (w *response) trySend(p []byte) error {
	if err := w.deadline.cause(); err != nil {
		return w.x.writeError(err)
	}
	if w.out == nil {
		n, err := w.begin(p)
		if err != nil {
			return w.x.writeError(err)
		}
		p = p[n:]
	}
	if w.noBody() {
		w.buf = w.buf[:0]
		return nil
	}
	for _, q := range [...][]byte{w.buf, p} {
		if len(q) == 0 {
			continue
		}
		if _, err := w.out.Write(q); err != nil {
			return w.x.writeError(err)
		}
	}
	w.buf = w.buf[:0]
	return nil
}

// ReadFrom writes what src gives, to its end. io.Copy uses it.
func (w *response) ReadFrom(src io.Reader) (int64, error) {
	page := copies.Get().(*[copySize]byte)
	defer copies.Put(page)
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{src}, page[:])
}

// Flush is FlushError without the error, which the next Write has as well.
func (w *response) Flush() { _ = w.FlushError() }

// FlushError sends what was written so far, the head at least, and waits while the client has not taken enough of it.
func (w *response) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.mayWrite(0); err != nil {
		return err
	}
	if w.out != nil && len(w.buf) == 0 {
		return w.err
	}
	return w.send(nil)
}

// EnableFullDuplex does nothing: an exchange is full duplex.
func (w *response) EnableFullDuplex() error { return nil }

// SetReadDeadline sets until when the body can be read; a zero time is no limit but those of httpcore.ServerOptions. The
// connection is not to blame: the answer can still be written.
func (w *response) SetReadDeadline(t time.Time) error { return w.x.body.deadline.set(w.x, t) }

// SetWriteDeadline sets until when the answer can be written; an answer that misses it is broken off. Of either deadline the
// first that is set is unknown to a call that waits already; when it is moved, that call knows.
func (w *response) SetWriteDeadline(t time.Time) error { return w.deadline.set(w.x, t) }

// Hijack returns an error that is errors.ErrUnsupported.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, errHijack }

// finish is the handler having returned: what is left goes to the loop, with the end. An error is an answer that can't be
// complete.
func (w *response) finish() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.status == 0 {
		w.writeHeader(http.StatusOK)
	}
	if w.err == nil && w.length >= 0 && w.written != w.length && !w.noBody() {
		w.x.h.logf("the handler of %s %s has written %d bytes and declared %d", w.x.req.Method(), w.x.req.URL(), w.written, w.length)
		w.err = http.ErrContentLength
	}
	w.over = true
	if w.err != nil {
		w.giveBack()
		return w.err
	}
	w.tail = w.trailers()
	if w.x.l.Post(w.end) != nil {
		w.giveBack() // the loop is closed: the connection has gone with it
	}
	return nil
}

// abandon is the handler having panicked. Another goroutine of its may be inside a call that waits; that ends with the
// connection.
func (w *response) abandon() {
	if w.mu.TryLock() {
		w.over = true
		w.giveBack()
		w.mu.Unlock()
	}
}

func (w *response) giveBack() {
	if w.page != nil {
		buffers.Put(w.page)
		w.page, w.buf = nil, nil
	}
}
