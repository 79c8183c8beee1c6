package httpcore

import (
	"math"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// A body that is piped to a message of another connection, or to a Socket, need not be seen. Where its length is known the
// parser says how much of it is to come, and so much the kernel may move from one connection to the other by itself. The
// head before it, the message behind it, and the framing of the destination are in memory as always: a destination that
// is chunked wants to see the bytes.

// spliceLeast is how much of a body must be to come for its bytes to be moved: a read gets less than that together with
// what comes behind it.
const spliceLeast = 32 << 10

// SpliceTo tells the Transport where the next bytes go, if they are of such a body.
func (w *wire) SpliceTo() (to any, most int, done func(error)) {
	m := w.side.receiving()
	if m == nil || m.dumped || w.p == nil || w.flags&(connStopped|connDeaf|connGone) != 0 {
		return nil, 0, nil
	}
	left := w.p.BodyLeft()
	if left < spliceLeast {
		return nil, 0, nil
	}
	t, most, done, waits := stream.SpliceEmbedded(&m.EmbeddedReadable)
	switch {
	case t != nil:
		return t, int(min(uint64(most), left)), done
	case waits:
		w.holdBody()
	}
	return nil, 0, nil
}

// OnSplice is OnRead of n bytes of the body that is being received, which its destination has.
func (w *wire) OnSplice(n int) {
	m := w.side.receiving()
	w.d.Touch(loop.DeadlineRead)
	m.received += int64(n)
	w.p.SkipBody(uint64(n))
	more := stream.PushSplicedEmbedded(&m.EmbeddedReadable, n)
	switch {
	case w.flags&connGone != 0: // by a listener
	case w.p.BodyLeft() == 0:
		w.parse(nil)
	case !more:
		w.holdBody()
	}
}

// holdBody has nothing of a body read before its destination has drained.
func (w *wire) holdBody() {
	w.flags |= connBody
	w.stop()
}

var (
	_ stream.SpliceWriter = (*ServerResponse)(nil)
	_ stream.SpliceWriter = (*ClientRequest)(nil)
)

// TakesSplice is stream.SpliceWriter's: a message whose head has left takes bytes as they are while the connection is its
// own and nothing of it is kept back. It is for those who are piped to the message, as Spliced is.
func (o *outgoing) TakesSplice(as stream.WritableStream) (to stream.Transport, most int, done func(error)) {
	switch {
	case as != stream.WritableStream(o.msg), o.ended, o.gone, o.failed, o.corked > 0, o.hold, o.inFile, o.noBody, o.chunked:
		return nil, 0, nil
	case !o.owns() || o.holds() || !o.headSent || o.headBytes != nil || o.sh.gather.w == o.c:
		return nil, 0, nil
	case o.length < 0:
		return o.c.t, math.MaxInt, o.c.sent
	}
	return o.c.t, int(min(o.length-o.written, math.MaxInt)), o.c.sent
}

// Spliced is stream.SpliceWriter's.
func (o *outgoing) Spliced(n int) (more bool) {
	c := o.c
	o.written += int64(n)
	o.flying++
	o.onWire = true
	c.writing(n)
	c.flights.push(flight{o: o}, &o.sh.flights)
	c.settleLater()
	return o.goOn()
}
