package stream

import (
	"io"
	"net/netip"
	"sync"
)

// Socket is a Duplex over a Transport: what arrives is read, what is written is sent, End sends our end after everything
// else, and Destroy closes. When nobody reads and the buffer is full, reading from the Transport stops, and with it the
// peer.
//
// Any number of writes may be under way at a time: bytes wait in the Transport's queue and nowhere else. 'finish' comes
// when our end is sent, 'close' when the Transport is closed. As in Node, a Socket that nobody reads, and that writes
// nothing, learns that its peer was lost when it reads or writes again.
//
// The ReadHandler that the Transport is given has a method Socket() *Socket, so that whoever knows the Transports, as a
// loop does its connections, need not keep a list of the Sockets too.
type Socket struct {
	Duplex
	t       Transport
	in, out uint64
}

// SocketOptions are what a Socket is made with.
type SocketOptions struct {
	// HighWaterMark, ReadableHighWaterMark and WritableHighWaterMark are as in DuplexOptions.
	HighWaterMark, ReadableHighWaterMark, WritableHighWaterMark int
	// AllowHalfOpen leaves our side open when the peer has ended its own. By default End follows by itself.
	AllowHalfOpen bool
	// PauseOnCreate does not read before it is asked to: by Resume, OnData, Pipe or ReadChunk. By default a first buffer is
	// read at once, so that a peer that ends or resets is noticed.
	PauseOnCreate bool
}

// NewSocket returns a Socket over t, which is its own from now on.
func NewSocket(s Scheduler, t Transport, o SocketOptions) *Socket {
	if t == nil {
		panic("stream: NewSocket without a Transport")
	}
	x := &Socket{t: t}
	x.begin(s, (*wire)(x), &DuplexOptions{
		HighWaterMark: o.HighWaterMark, ReadableHighWaterMark: o.ReadableHighWaterMark,
		WritableHighWaterMark: o.WritableHighWaterMark, NoHalfOpen: !o.AllowHalfOpen,
	})
	if !o.PauseOnCreate {
		x.Readable.read(0, false)
	}
	return x
}

// Transport is what the Socket stands on, for what this package does not offer. Reading, writing or closing it behind the
// Socket's back breaks the Socket.
func (s *Socket) Transport() Transport { return s.t }

// BytesRead is how many bytes have arrived.
func (s *Socket) BytesRead() uint64 { return s.in }

// BytesWritten is how many bytes have been given to the Transport.
func (s *Socket) BytesWritten() uint64 { return s.out }

// LocalAddr is our address.
func (s *Socket) LocalAddr() netip.AddrPort { return s.t.LocalAddr() }

// RemoteAddr is the peer's address.
func (s *Socket) RemoteAddr() netip.AddrPort { return s.t.RemoteAddr() }

// ResetAndDestroy is Destroy that lets the peer see an error instead of an end, where the Transport can.
func (s *Socket) ResetAndDestroy(err error) {
	s.Readable.life.flags |= lifeReset
	s.Destroy(err)
}

// vectors are what a Transport is given single slices in. It is through with them when its Write returns.
var vectors = sync.Pool{New: func() any { return new([1][]byte) }}

// wire is the Socket as the hooks of its halves, and as the handler of its Transport.
type wire Socket

// Socket is the way back from a Transport's handler.
func (x *wire) Socket() *Socket { return (*Socket)(x) }

func (x *wire) halves() (*Readable, *Writable) { return &x.Readable, &x.Writable }

func (x *wire) self() ReadableStream {
	if k := x.Readable.life.work; k != nil && k.outer != nil {
		return k.outer
	}
	return x.Socket()
}

func (x *wire) as(outer ReadableStream) { x.Readable.life.rarely().outer = outer }

func (x *wire) reading() bool { return x.Readable.flags&readStarted != 0 }
func (x *wire) stopped()      { x.Readable.flags &^= readStarted }

func (x *wire) read(*Readable, int) {
	if x.reading() || x.Readable.life.destroyed() {
		return
	}
	x.Readable.flags = x.Readable.flags&^readHeld | readStarted
	if err := x.t.ReadStart(x); err != nil {
		x.stopped()
		x.Readable.life.shut(err)
	}
}

// OnRead is what the Transport calls.
func (x *wire) OnRead(p []byte, err error) {
	switch {
	case x.Readable.life.destroyed():
	case err == nil:
		x.in += uint64(len(p))
		if !x.Push(p) && x.reading() {
			x.stopped()
			x.t.ReadStop()
		}
	case err == io.EOF:
		x.stopped()
		x.PushEOF()
		x.Readable.read(0, false) // if nothing is buffered this is the end, whether somebody reads or not
	default:
		x.stopped()
		x.Readable.life.shut(err)
	}
}

func (x *wire) send(p []byte, lent bool) error {
	x.out += uint64(len(p))
	done := x.Readable.life.whenSent()
	if !lent {
		return x.t.WriteBorrowed(p, done)
	}
	v := vectors.Get().(*[1][]byte)
	v[0] = p
	err := x.t.Write(v[:], done)
	v[0] = nil
	vectors.Put(v)
	return err
}

func (x *wire) destroy(l *life, err error) {
	closed := func() { l.gone(err) }
	x.stopped()
	if x.Readable.life.flags&lifeReset != 0 && x.t.CloseReset(closed) == nil {
		return
	}
	x.t.Close(closed)
}

func (x *wire) final(done func(error)) {
	if err := x.t.CloseWrite(done); err != nil {
		done(err)
	}
}
