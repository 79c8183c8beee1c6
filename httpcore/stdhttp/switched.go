package stdhttp

import (
	"io"

	"github.com/weir-go/weir/stream"
)

// switched is a connection that speaks another protocol now: the body of a 101. One goroutine may read and another write at the
// same time. The request's context does not end it.
type switched struct {
	r io.Reader // what came with the head, and then the socket
	s *stream.Reader
	w *stream.Writer
}

var _ io.ReadWriteCloser = (*switched)(nil)

// newSwitched is for the loop.
func newSwitched(s *stream.Socket, head []byte) *switched {
	x := &switched{s: stream.NewReader(&s.Readable), w: stream.NewWriter(s)}
	x.s.AssumeOffLoop()
	x.w.AssumeOffLoop()
	x.r = x.s
	if len(head) > 0 {
		x.r = &inFront{head, x.s}
	}
	return x
}

// Read waits for what the server sends, to its end.
func (x *switched) Read(p []byte) (int, error) { return x.r.Read(p) }

// Write waits while the server has not taken what was written before.
func (x *switched) Write(p []byte) (int, error) { return x.w.Write(p) }

// CloseWrite ends our side, behind what was written, and waits until that has left.
func (x *switched) CloseWrite() error { return x.w.Close() }

// Close ends the connection, at once, and the calls that wait.
func (x *switched) Close() error { return x.s.Close() }

// inFront gives bytes and then what a reader does.
type inFront struct {
	p []byte
	r io.Reader
}

func (x *inFront) Read(p []byte) (int, error) {
	if len(x.p) == 0 {
		return x.r.Read(p)
	}
	n := copy(p, x.p)
	x.p = x.p[n:]
	return n, nil
}
