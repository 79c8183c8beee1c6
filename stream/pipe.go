package stream

import "slices"

// pipe is one source feeding one destination. It listens at both, in Node's places.
type pipe struct {
	src    *Readable
	sister *pipe // the next one of src
	dst    WritableStream
	far    *farSubs // nil if dst is near: the pipe itself is in its list of listeners then
	noEnd  bool
	drains bool // it listens for onDrain
	down   bool // the listeners are gone
	next   bool // Unpipe is telling the destination about this one
}

// pipeEvents are what a pipe listens for at its destination from the start.
const pipeEvents = onUnpipe | onWatch | onClose | onFinish

// farSubs are a pipe's subscriptions at a destination that is another's.
type farSubs struct{ unpiped, failed, closed, finished, drained Sub }

// newPipe returns a pipe that does not listen yet.
func newPipe(r *Readable, dst WritableStream) *pipe {
	if near(dst) != nil {
		return &pipe{src: r, dst: dst}
	}
	x := new(struct {
		pipe
		subs farSubs
	})
	x.src, x.dst, x.far = r, dst, &x.subs
	return &x.pipe
}

// near has the listeners of a stream that is exactly one of this package, or a PipeTarget: what is made around one may listen
// otherwise.
func near(dst WritableStream) *life {
	switch d := dst.(type) {
	case *Socket:
		return &d.Readable.life
	case *Duplex:
		return &d.Readable.life
	case *Transform:
		return &d.Readable.life
	case *PassThrough:
		return &d.Readable.life
	case *Writable:
		return d.life
	case PipeTarget:
		if x := d.PipeEvents(dst); x != nil {
			return x.begun()
		}
	}
	return nil
}

// PipeOptions change what PipeWith does.
type PipeOptions struct {
	// NoEnd leaves the destination open when the source has ended, and lets go of it.
	NoEnd bool
}

// Pipe has the stream flow into dst: what comes is written there; when dst answers false the flow stops until it has
// drained; at the end dst is ended too. Several destinations each get everything, at the pace of the slowest. It
// returns dst.
//
// An error of dst ends the pipe and pauses this stream if that was its last; an error of this stream does nothing to dst.
// Pipeline does both: it destroys what is left.
func (r *Readable) Pipe(dst WritableStream) WritableStream { return r.PipeWith(dst, PipeOptions{}) }

// PipeWith is Pipe with options.
func (r *Readable) PipeWith(dst WritableStream, o PipeOptions) WritableStream {
	if dst == nil {
		panic("stream: Pipe to nil")
	}
	if r.pipes != nil && r.pipes.sister == nil {
		r.flags |= readManyAwait
	}
	p := newPipe(r, dst)
	p.noEnd = o.NoEnd
	last := &r.pipes
	for *last != nil {
		last = &(*last).sister
	}
	*last = p
	on := onData | onEnd
	if r.state >= readDone {
		on = onData
		r.life.s.NextTick(p.onEnd)
	}
	switch l := near(dst); l {
	case &r.life: // an echo: one listener is both
		r.listenData(on|pipeEvents, p)
	case nil:
		r.listenData(on, p)
		*p.far = farSubs{
			unpiped: dst.OnUnpipe(func(ReadableStream) { p.onUnpipe() }), failed: dst.WatchError(func(error) { p.onError() }),
			closed: dst.OnClose(p.onClose), finished: dst.OnFinish(p.onFinish),
		}
	default:
		r.listenData(on, p)
		l.add(pipeEvents, p)
	}
	dst.Piped(r.life.own.self())
	switch {
	case dst.WritableNeedDrain():
		p.wait()
	case r.flow != FlowOn:
		r.Resume()
	}
	return dst
}

// Unpipe ends the pipe to dst, and if that was the last one, pauses. nil ends all pipes. What is not piped is let be.
func (r *Readable) Unpipe(dst WritableStream) {
	if r.pipes == nil {
		return
	}
	if dst == nil {
		p := r.pipes
		r.pipes = nil
		r.Pause()
		for ; p != nil; p = p.sister {
			p.tell()
		}
		return
	}
	at := &r.pipes
	for *at != nil && (*at).dst != dst {
		at = &(*at).sister
	}
	p := *at
	if p == nil {
		return
	}
	*at = p.sister
	if r.pipes == nil {
		r.Pause()
	}
	p.tell()
}

// tell emits 'unpipe', where the pipe's own listener takes it down.
func (p *pipe) tell() {
	p.next = true
	p.dst.Unpiped(p.src.life.own.self())
}

// told is what a pipe does about the events that it listens for, but for onData.
func (p *pipe) told(on event) {
	switch on {
	case onEnd:
		p.onEnd()
	case onUnpipe:
		p.onUnpipe()
	case onWatch:
		p.onError()
	case onClose:
		p.onClose()
	case onFinish:
		p.onFinish()
	case onDrain:
		p.onDrain()
	}
}

// off has the pipe, which is being told of one of them, not listen any more for some of pipeEvents.
func (p *pipe) off(on event) {
	if p.far == nil {
		near(p.dst).leave(p, on, true)
		return
	}
	for _, s := range [...]struct {
		on  event
		sub Sub
	}{{onUnpipe, p.far.unpiped}, {onWatch, p.far.failed}, {onClose, p.far.closed}, {onFinish, p.far.finished}} {
		if on&s.on != 0 {
			s.sub.Off()
		}
	}
}

func (p *pipe) onUnpipe() {
	if p.next && !p.down {
		p.takeDown()
	}
}

func (p *pipe) onData(b []byte) {
	if !p.dst.WriteBorrowed(b, nil) {
		p.wait()
	}
}

// wait stops the flow until the destination has drained.
func (p *pipe) wait() {
	r := p.src
	if !p.down { // it may have been unpiped inside the write, and nobody would wake it
		in := &r.life.rarely().in
		switch {
		case r.pipes != nil && r.pipes.sister == nil && r.pipes.dst == p.dst:
			in.await = append(in.await[:0], p.dst)
			r.flags &^= readManyAwait
		case r.pipedTo(p.dst) && !slices.Contains(in.await, p.dst):
			in.await = append(in.await, p.dst)
		}
		r.Pause()
	}
	switch {
	case p.drains:
	case p.far == nil:
		near(p.dst).add(onDrain, p)
	default:
		p.far.drained = p.dst.OnDrain(p.onDrain)
	}
	p.drains = true
}

func (r *Readable) pipedTo(dst WritableStream) bool {
	for p := r.pipes; p != nil; p = p.sister {
		if p.dst == dst {
			return true
		}
	}
	return false
}

// awaits reports whether the flow waits for a destination.
func (r *Readable) awaits() bool { return r.life.work != nil && len(r.life.work.in.await) > 0 }

func (r *Readable) awaitNobody() {
	if x := r.life.work; x != nil {
		x.in.await = x.in.await[:0]
	}
}

// onDrain goes on if nobody else is waited for.
func (p *pipe) onDrain() {
	r := p.src
	if r.awaits() {
		in := r.inbox()
		if i := slices.Index(in.await, p.dst); i >= 0 {
			in.await = slices.Delete(in.await, i, i+1)
		}
	}
	if !r.awaits() && r.flags&readHasData != 0 {
		r.Resume()
	}
}

func (p *pipe) onEnd() {
	if p.noEnd {
		p.src.Unpipe(p.dst)
	} else {
		p.dst.End()
	}
}

func (p *pipe) onError() {
	p.src.Unpipe(p.dst)
	p.off(onWatch)
}

func (p *pipe) onClose() {
	p.off(onClose | onFinish)
	p.src.Unpipe(p.dst)
}

func (p *pipe) onFinish() {
	p.off(onClose | onFinish)
	p.src.Unpipe(p.dst)
}

// takeDown removes the listeners. If the source may be waiting for this destination, it need not any more.
func (p *pipe) takeDown() {
	r := p.src
	p.off(pipeEvents)
	if p.far == nil {
		near(p.dst).leave(p, onDrain, false)
	} else {
		p.far.drained.Off()
	}
	r.life.leave(p, onEnd, false)
	r.life.leave(p, onData, false)
	r.noData()
	p.down = true
	if r.flags&readHeld != 0 {
		r.flags &^= readHeld
		r.queueReadMore() // what comes is buffered again, whether somebody reads or not
	}
	if p.drains && (r.flags&readManyAwait != 0 || r.awaits()) && p.dst.State().NeedDrain {
		p.onDrain()
	}
}
