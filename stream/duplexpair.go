package stream

// pairSide is one side of a DuplexPair.
type pairSide struct {
	Duplex
	under hooks
	user  user
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
		h := (*pairHooks)(side)
		side.user = user{outer: &side.Duplex, end: o.Destroy}
		side.begin(s, h, &o)
		side.use(&side.under, nil, nil, nil)
		side.Writable.sink, side.Writable.coda = h, h
	}
	return &x.Duplex, &y.Duplex
}

// pairHooks is a side as the hooks of its halves.
type pairHooks pairSide

func (x *pairHooks) halves() (*Readable, *Writable) { return &x.Readable, &x.Writable }
func (x *pairHooks) self() ReadableStream           { return x.user.self() }
func (x *pairHooks) as(outer ReadableStream)        { x.user.as(outer) }
func (x *pairHooks) destroy(l *life, err error)     { x.user.destroy(l, err) }

func (x *pairHooks) read(*Readable, int) {
	if x.held {
		x.held = false
		x.other.Writable.written(nil)
	}
}

func (x *pairHooks) write(p []byte) {
	if len(p) == 0 {
		x.Readable.life.tick(tickTransformed)
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
