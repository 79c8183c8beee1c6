package httpcore

import (
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// What a transport's having taken a write leads to.

// completed is what the transport calls for the oldest write that it has not called it for.
func (w *wire) completed(err error) {
	if w.settled > 0 {
		w.settled-- // told already
		return
	}
	w.complete(err)
}

// complete is the oldest write being taken, or having failed.
func (w *wire) complete(err error) {
	f := w.flights.pop()
	o := f.o
	o.flying--
	if err != nil {
		w.side.writeFailed(err)
		if f.cb != nil {
			f.cb(w.reason(err))
		}
		w.side.lost(o, err)
		return
	}
	if left := w.t.WriteQueueSize(); left == 0 {
		w.d.Stop(loop.DeadlineWrite)
		if o.owns() {
			o.mayDrain()
		}
		w.side.rested()
	} else if w.d.Active(loop.DeadlineWrite) {
		w.awaitTaking()
	}
	if f.cb != nil {
		f.cb(nil)
	}
	if o.over && o.flying == 0 && len(o.held) == 0 {
		o.finish()
	}
	if x := w.out; x != nil && x != o && w.t.WriteQueueSize() == 0 {
		x.mayDrain() // it may have waited for what the ones before it had written
	}
	w.side.wrote()
}

// reason is what a write is told that was not sent: why the connection was closed, if it was.
func (w *wire) reason(err error) error {
	switch {
	case w.flags&connGone == 0:
		return err
	case w.why != nil:
		return w.why
	}
	return stream.ErrDestroyed
}

// mayDrain tells that it is time to go on, if somebody waits for that.
func (o *outgoing) mayDrain() {
	if o.needDrain && !o.gone && o.heldBytes < o.hwm {
		o.drained()
	}
}

// drained tells that it is time to go on.
func (o *outgoing) drained() {
	o.needDrain = false
	if !o.ended {
		o.onDrain.Each(func(fn func()) { fn() })
	}
}

// writing is n bytes having been handed to the transport.
func (w *wire) writing(n int) {
	w.handed += uint32(n)
	w.side.handing(n)
	if !w.d.Active(loop.DeadlineWrite) {
		w.awaitTaking()
	}
}

// taking reports whether the peer has taken anything since its clock began, and then begins it anew: of one large write, that is,
// as others were seen to be complete.
func (w *wire) taking() bool {
	if w.handed-uint32(w.t.WriteQueueSize()) == w.acked {
		return false
	}
	w.awaitTaking()
	return true
}

// awaitTaking starts the clock of a peer that has to take something.
func (w *wire) awaitTaking() {
	w.acked = w.handed - uint32(w.t.WriteQueueSize())
	w.d.Start(loop.DeadlineWrite, w.side.takeTime())
}
