package httpcore

// One read may bring many requests, and each that is answered at once writes an answer of a few hundred bytes. They lie one
// behind the other in the arena, so while the parser is at work they are gathered, and handed to the transport as one write:
// it is told of once, too.

// gather is what one connection of the loop has written while its input is parsed, and the transport does not have yet.
type gather struct {
	w       *wire // whose it is; nil while there is nothing
	p       []byte
	flights []flight // what it is made of
}

// gathers reports whether p, which lasts for the turn, waits for what else the parser brings: it is f's.
func (w *wire) gathers(p []byte, f flight) bool {
	g := &w.sh.gather
	if w.flags&connParsing == 0 || len(p) > maxGathered {
		return false
	}
	if g.w != w {
		if g.w != nil {
			g.w.handGathered()
		}
		if !w.sh.arena.endsWith(p) {
			return false
		}
		g.w, g.p = w, p
	} else if !w.sh.arena.join(&g.p, p) {
		return false
	}
	g.flights = append(g.flights, f)
	w.settleLater()
	return true
}

// maxGathered is the longest write that waits: a longer one is worth a write of its own.
const maxGathered = 4 << 10

// handGathered hands over what was gathered. It comes before everything else that the connection does with its transport.
func (w *wire) handGathered() {
	g := &w.sh.gather
	if g.w != w {
		return
	}
	p, fs := g.p, g.flights
	g.w, g.p, g.flights = nil, nil, g.flights[:0]
	if err := w.t.WriteBorrowed(p, w.sent); err != nil {
		for _, f := range fs {
			w.sh.l.NextTick(func() { w.failed(f.o, f.cb, err) }) // as if the transport had told
		}
	} else {
		for i, f := range fs {
			f.more = i < len(fs)-1
			w.flights.push(f, &w.sh.flights)
		}
	}
	clear(fs)
}

// queued is how many bytes wait for the transport, or in it.
func (w *wire) queued() int {
	n := w.t.WriteQueueSize()
	if g := &w.sh.gather; g.w == w {
		n += len(g.p)
	}
	return n
}
