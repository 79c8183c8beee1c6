package httpcore

import "github.com/weir-go/weir/loop"

// When a connection's input is looked at: who stops it, and who lets it go on.

// keep keeps what the parser has not taken: once, so if it was kept already, no more than where it begins changes.
func (w *wire) keep(rest []byte) {
	if !w.kept {
		rest = append([]byte(nil), rest...)
	}
	w.spill = rest
}

// stop has the transport read no more, and the clocks of the peer stand still.
func (w *wire) stop() {
	w.d.Pause(loop.DeadlineRead)
	w.d.Pause(loop.DeadlineIdle)
	w.side.stopped()
	if w.flags&connStopped == 0 {
		w.flags |= connStopped
		w.t.ReadStop()
	}
}

// start undoes stop.
func (w *wire) start() {
	if w.flags&connStopped == 0 {
		return
	}
	w.flags &^= connStopped
	w.d.Resume(loop.DeadlineRead)
	w.d.Resume(loop.DeadlineIdle)
	w.d.Resume(loop.DeadlineExchange)
	if w.flags&connEnded == 0 {
		w.read()
	}
}

// read has the transport read.
func (w *wire) read() {
	if err := w.t.ReadStart(w.side); err != nil {
		w.side.destroy(err)
	}
}

// blocked is why nothing is parsed.
func (w *wire) blocked() bool { return w.flags&(connBody|connAnswers) != 0 }

// unblock has the connection go on, on a tick, if nothing else holds it up.
func (w *wire) unblock(why wireFlags) {
	if w.flags&why == 0 {
		return
	}
	w.flags &^= why
	switch {
	case w.blocked() || w.flags&(connGone|connDeaf) != 0:
	case w.flags&connParsing != 0:
		w.p.Resume() // it had been asked to pause, and has not yet
	case w.flags&connGoingOn == 0:
		w.flags |= connGoingOn
		if w.goOn == nil {
			w.goOn = w.resume
		}
		w.sh.l.NextTick(w.goOn)
	}
}

// resume parses what was kept, and reads on.
func (w *wire) resume() {
	w.flags &^= connGoingOn
	if w.flags&(connGone|connParsing) != 0 || w.blocked() {
		return
	}
	w.claim()
	if data := w.spill; len(data) > 0 {
		w.spill, w.kept = nil, true
		w.parse(data)
		w.kept = false
	} else if w.p != nil {
		w.parse(nil) // what needs no byte
	}
	if w.flags&connGone == 0 && !w.blocked() {
		w.start()
	}
}

// bodyWanted is m, whose body may be being received, asking for more.
func (w *wire) bodyWanted(m *IncomingMessage) {
	if !m.complete {
		w.unblock(connBody)
	}
}

// push gives m a piece of its body.
func (w *wire) push(m *IncomingMessage, p []byte) {
	if !m.Push(p) {
		w.flags |= connBody
		w.p.Pause()
	}
}
