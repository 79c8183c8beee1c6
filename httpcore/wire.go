package httpcore

import (
	"errors"
	"io"
	"time"

	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// wire is what both ends of a connection have: a transport, the parser that its bytes go through, and what is written to it.
// A serverConn and a clientConn each have one inside, and are its side.
//
// Between two messages it holds nothing but itself.
type wire struct {
	sh   *shared
	t    stream.Transport
	side side

	p            *h1.Parser // nil while no message is being received
	head         []byte     // what has been received of a head, or of a trailer section
	spill        []byte     // what was received and is not parsed yet, because somebody does not read
	kept         bool       // what is being parsed was kept: it is ours
	waitsForFile bool       // what is to be sent next is being read from a disk
	minor        uint8      // of the version of the message whose head is being received
	flags        wireFlags

	out      *outgoing // the message that owns the transport; nil if there is none
	flights  flights
	settled  int         // writes that were told of before the transport has
	handed   uint32      // bytes handed to the transport, ever
	stall    *stall      // nil while none of them wait, or not for long
	goSettle func()      // settle, made once
	sent     func(error) // completed, made once
	goOn     func()      // resume, made when it is needed

	why    error // it was destroyed, if it was for a reason
	dumped int   // bytes of a body that nobody reads, or of what came behind the last message
	d      loop.Deadlines
}

// side is what the two ends do differently. The parser calls it too.
type side interface {
	stream.ReadHandler
	h1.Handler
	loop.DeadlineHandler

	// limits are those of what is received, and kind is what that is.
	limits() (h1.Kind, *h1.Limits)
	// ended is the end of the peer's input.
	ended()
	// receiving is the message whose body is being received; nil if there is none.
	receiving() *IncomingMessage
	// discard is n bytes behind the last message.
	discard(n int)
	// refused is the parser not going on.
	refused(err error)
	// handOver is the last message in HTTP being behind us, and rest before us.
	handOver(rest []byte)
	// rested is the connection perhaps having nothing under way any more.
	rested()
	// stopped is nothing being read any more, because somebody else has stopped.
	stopped()
	// answered is o, which owns the transport, having handed over its last byte.
	answered(o *outgoing)
	// lost is a write of o having failed.
	lost(o *outgoing, err error)
	// writeFailed is the peer not taking what it is sent.
	writeFailed(err error)
	// consumed is m, which was received whole, having been read to its end.
	consumed(m *IncomingMessage)
	// handing is n bytes being handed to the transport.
	handing(n int)
	// wrote is a write having been taken, and told.
	wrote()
	// takeLimits are how long the peer may take nothing of what it is sent, and how many bytes a second it has to take; 0 is
	// no limit.
	takeLimits() (limit time.Duration, rate int)
	// lostPeer is the peer having gone, by no wish of ours.
	lostPeer(err error)
	// destroy ends the connection at once.
	destroy(err error)
}

// wireFlags are independent of one another.
type wireFlags uint16

const (
	connParsing     wireFlags = 1 << iota // inside Execute
	connStopped                           // the transport is not read
	connBody                              // because nobody reads the body that is being received
	connAnswers                           // because enough requests wait for their answers, or too much for the client to read
	connGoingOn                           // goOn is scheduled
	connDeaf                              // what still comes is no message: it is thrown away
	connEnded                             // the peer has ended its side
	connLast                              // the last answer was given: our side is ended
	connLingering                         // our end was sent, and theirs is waited for
	connGone                              // the transport was closed, or is somebody else's
	connLastRequest                       // the request that is being received is the last
	connSettling                          // settle is scheduled
	connUnsettled                         // it was called inside Execute, and did nothing
	connCut                               // the only answer that is left is cut off, and ends with what was written of it
	connReset                             // the end has to be a reset, or that answer would look complete
	connKeepParser                        // the next message belongs to this one, as a response to the interim ones before it
)

// attach makes w the wire of s over t.
func (w *wire) attach(sh *shared, t stream.Transport, s side) {
	w.sh, w.t, w.side = sh, t, s
	w.sent = w.completed
	w.d.Init(sh.l, s)
}

// claim has the rest of the turn, or of the tick, belong to the connection: what listeners panic with ends this one. Whoever's turn
// has caused it, a timer's or another connection's, does not know what is half done here.
func (w *wire) claim() {
	if conn, ok := w.t.(*loop.Conn); ok {
		w.sh.l.Reactor().SetOwner(conn)
	}
}

// OnRead is what the Transport calls.
func (w *wire) OnRead(p []byte, err error) {
	switch {
	case w.flags&connGone != 0:
	case err == nil && w.flags&connDeaf != 0:
		w.side.discard(len(p))
	case err == nil:
		w.parse(p)
	case err == io.EOF:
		w.flags |= connEnded
		w.side.ended()
	default:
		w.side.lostPeer(err)
	}
}

// OnHangUp is what a Transport calls that is not read, when its peer has gone: nobody waits for an answer, and nobody
// gives one.
func (w *wire) OnHangUp() {
	if w.flags&connGone == 0 {
		w.side.lostPeer(ErrAborted)
	}
}

// parse feeds data to the parser. What it does not take, since somebody has paused it, is kept: one read at most.
func (w *wire) parse(data []byte) {
	if w.p == nil {
		w.p = w.sh.parser(w.side)
	}
	n, err := w.execute(data)
	switch {
	case w.flags&connGone != 0:
		w.p = nil // it stopped inside a message, and is nobody's any more
		return
	case w.flags&connDeaf != 0:
	case errors.Is(err, h1.ErrPaused):
		w.p.Resume()
		w.stop()
		if n < len(data) {
			w.keep(data[n:])
		}
	case errors.Is(err, h1.ErrUpgrade):
		w.side.handOver(data[n:])
		return
	case err != nil:
		w.side.refused(err)
	}
	switch {
	case w.flags&(connDeaf|connGone) != 0:
		w.p = nil
	case w.p.Between() && w.flags&connKeepParser == 0:
		w.sh.giveBack(w.p)
		w.p = nil
	}
	w.side.rested()
}

// execute runs the parser. Whoever panics in it, what was written before is the transport's.
func (w *wire) execute(data []byte) (int, error) {
	defer w.handGathered()
	w.flags |= connParsing
	n, err := w.p.Execute(data)
	w.flags &^= connParsing
	w.unsettled()
	return n, err
}

// leave takes the transport away from HTTP: nothing of it is looked at any more.
func (w *wire) leave() {
	w.handGathered()
	w.flags |= connGone
	w.spill, w.head = nil, nil
	if w.flags&connParsing != 0 {
		w.p.Pause()
	} else {
		w.p = nil
	}
	w.d.Close()
}
