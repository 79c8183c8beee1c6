package stream

// pairSide is one side of a DuplexPair.
type pairSide struct {
	Duplex
	under hooks
	other *pairSide
	held  bool // what was written last waits for the other side to read on
}

// DuplexPair returns two streams of which each gives what is written to the other: a connection without a transport, for
// tests and for streams that want a Duplex to talk to. o's hooks are not used.
func DuplexPair(s Scheduler, o DuplexOptions) (a, b *Duplex) {
	x, y := new(pairSide), new(pairSide)
	x.other, y.other = y, x
	o.Read, o.Write, o.Writev, o.Final, o.Hold = nil, nil, nil, nil, HoldTurn
	for _, side := range [...]*pairSide{x, y} {
		side.begin(s, &side.Duplex, &o)
		h := (*pairHooks)(side)
		side.use(&side.under, nil, nil, nil)
		side.Readable.source, side.Writable.sink, side.Writable.coda = h, h, h
	}
	return &x.Duplex, &y.Duplex
}

// pairHooks is a side as the hooks of its halves.
type pairHooks pairSide

func (x *pairHooks) read(*Readable, int) {
	if x.held {
		x.held = false
		x.other.Writable.written(nil)
	}
}

func (x *pairHooks) write(p []byte) {
	if len(p) == 0 {
		x.own.tick(tickTransformed)
		return
	}
	x.other.Push(p)
	x.other.held = true
}

func (x *pairHooks) giveUp() (held bool) {
	held, x.other.held = x.other.held, false
	return held
}

func (x *pairHooks) final(done func(error)) {
	x.other.OnEnd(func() { done(nil) })
	x.other.PushEOF()
}
