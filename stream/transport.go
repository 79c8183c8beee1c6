package stream

import "net/netip"

// Transport is what a Socket asks of what lies below: bytes in both directions, with backpressure. A *reactor.Conn is
// one. It belongs to the goroutine of the Scheduler, and calls nothing inside the call that caused it. Its signatures
// use no types of their own, so that what is a Transport need not know this package.
type Transport interface {
	// ReadStart has what arrives given to h, from a later turn on. p is borrowed. An err comes alone: io.EOF at the end of
	// input, once for each ReadStart, or why reading ended.
	ReadStart(h ReadHandler) error
	// ReadStop stops that at once, whatever the transport holds; the next ReadStart delivers it.
	ReadStop()
	// Write queues bufs, which are lent until done is called: with nil when the layer below has taken everything, or
	// with why not. The slice that holds them may be used again when Write returns. An error of Write itself means that
	// nothing was queued and done is not called.
	Write(bufs [][]byte, done func(error)) error
	// WriteBorrowed is Write of bytes that are valid until the turn ends.
	WriteBorrowed(p []byte, done func(error)) error
	// WriteQueueSize is how many bytes of writes have not been taken.
	WriteQueueSize() int
	// CloseWrite ends the output when everything queued is sent, and then calls done.
	CloseWrite(done func(error)) error
	// Close ends the transport at once. Outstanding requests complete with an error, in order, then done is called, and then
	// nothing any more. done may be nil.
	Close(done func())
	// CloseReset is Close that lets the other side see an error instead of an end. If it returns one itself, nothing was
	// closed.
	CloseReset(done func()) error
	// LocalAddr and RemoteAddr are the ends' addresses; zero where there are none. RemoteAddr is asked for after Close too.
	LocalAddr() netip.AddrPort
	RemoteAddr() netip.AddrPort
}

// ReadHandler receives what a Transport reads.
type ReadHandler = interface {
	OnRead(p []byte, err error)
}
