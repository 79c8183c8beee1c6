package load

import "errors"

// readSize is of the buffer all connections read into.
const readSize = 64 << 10

// Protocol is what goes over a connection: messages, each with its answer. Its methods are called on the engine's thread
// and must not block; they keep nothing but what is in the Answer.
type Protocol interface {
	// Piece returns what is to be sent next of message number of a connection, from byte at on; nothing when all is sent.
	Piece(conn, number int, at int64) []byte
	// Take looks at bytes that have come back. It returns how many of them belong to the answer under way, and whether it
	// is whole with them. An error means that what came is no answer.
	Take(conn, number int, a *Answer, p []byte) (used int, whole bool, err error)
	// Most is how many bytes of the answer are still to come, where that is known: the engine asks for no more.
	Most(a *Answer) int
	// Operations is how many operations a message is, 1 but for pipelined requests.
	Operations() int
}

// Answer is the state of an answer under way. Its zero value is before the first byte.
type Answer struct {
	// Wrong says that bytes differ from what they should be. The protocol sets it and goes on.
	Wrong bool

	got  int64 // of the body
	left int64 // of the body, or of the chunk
	done int   // answers of a pipelined message
	step step
	head []byte // the beginning of a head or a chunk's line; kept from one read to the next only
}

var (
	// ErrStatus is the error of an answer with another status than the expected one.
	ErrStatus = errors.New("unexpected status")
	errExtra  = errors.New("more came back than was asked for")
)

// Echo is a Protocol: messages of one size that come back as they are.
type Echo struct{ pattern pattern }

// NewEcho returns the echo of messages of size bytes.
func NewEcho(size int) *Echo { return &Echo{newPattern(size)} }

// Piece implements Protocol.
func (e *Echo) Piece(conn, number int, at int64) []byte { return e.pattern.message(conn, number)[at:] }

// Take implements Protocol.
func (e *Echo) Take(conn, number int, a *Answer, p []byte) (int, bool, error) {
	want := e.pattern.message(conn, number)[a.got:]
	n := min(len(p), len(want))
	a.Wrong = a.Wrong || !sameSampled(p[:n], want[:n])
	a.got += int64(n)
	return n, n == len(want), nil
}

// Most implements Protocol.
func (e *Echo) Most(a *Answer) int { return e.pattern.size - int(a.got) }

// Operations implements Protocol.
func (e *Echo) Operations() int { return 1 }
