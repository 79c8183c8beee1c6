package stream

import "slices"

// pipe is one source feeding one destination. It consists of listeners at both, in Node's places.
type pipe struct {
	src  *Readable
	dst  WritableStream
	down bool // the listeners are gone
	next bool // Unpipe is telling the destination about this one

	data, end, unpiped, failed, closed, finished, drained Sub
}

// PipeOption changes what Pipe does.
type PipeOption func(*pipeOptions)

type pipeOptions struct{ noEnd bool }

// NoEnd has Pipe not end the destination when the source ends, but let go of it.
func NoEnd() PipeOption { return func(o *pipeOptions) { o.noEnd = true } }

// Pipe has the stream flow into dst: what comes is written there; when dst answers false the flow stops until it has drained; at
// the end dst is ended too. Several destinations each get everything, at the pace of the slowest. It returns dst.
//
// An error of dst ends the pipe and pauses this stream if that was its last; an error of this stream does nothing to dst.
// Pipeline does both: it destroys what is left.
func (r *Readable) Pipe(dst WritableStream, options ...PipeOption) WritableStream {
	if dst == nil {
		panic("stream: Pipe to nil")
	}
	var o pipeOptions
	for _, option := range options {
		option(&o)
	}
	if len(r.pipes) == 1 {
		r.flags |= readManyAwait
	}
	p := &pipe{src: r, dst: dst}
	r.pipes = append(r.pipes, p)
	atEnd := p.endDestination
	if o.noEnd {
		atEnd = p.unpipe
	}
	if r.state >= readDone {
		r.life.s.NextTick(atEnd)
	} else {
		p.end = r.OnEnd(atEnd)
	}
	p.unpiped = dst.OnUnpipe(p.onUnpipe)
	p.data = r.OnData(p.onData)
	p.failed = dst.WatchError(p.onError)
	p.closed = dst.OnClose(p.onClose)
	p.finished = dst.OnFinish(p.onFinish)
	dst.Piped(r.self)
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
	if len(r.pipes) == 0 {
		return
	}
	if dst == nil {
		pipes := r.pipes
		r.pipes = nil
		r.Pause()
		for _, p := range pipes {
			p.tell()
		}
		return
	}
	i := slices.IndexFunc(r.pipes, func(p *pipe) bool { return p.dst == dst })
	if i < 0 {
		return
	}
	p := r.pipes[i]
	r.pipes = slices.Delete(r.pipes, i, i+1)
	if len(r.pipes) == 0 {
		r.Pause()
	}
	p.tell()
}

// tell emits 'unpipe', where the pipe's own listener takes it down.
func (p *pipe) tell() {
	p.next = true
	p.dst.Unpiped(p.src.self)
}

func (p *pipe) onUnpipe(ReadableStream) {
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
		switch {
		case len(r.pipes) == 1 && r.pipes[0].dst == p.dst:
			r.await = append(r.await[:0], p.dst)
			r.flags &^= readManyAwait
		case r.pipedTo(p.dst) && !slices.Contains(r.await, p.dst):
			r.await = append(r.await, p.dst)
		}
		r.Pause()
	}
	if p.drained == (Sub{}) {
		p.drained = p.dst.OnDrain(p.onDrain)
	}
}

func (r *Readable) pipedTo(dst WritableStream) bool {
	return slices.ContainsFunc(r.pipes, func(p *pipe) bool { return p.dst == dst })
}

// onDrain goes on if nobody else is waited for.
func (p *pipe) onDrain() {
	r := p.src
	if i := slices.Index(r.await, p.dst); i >= 0 {
		r.await = slices.Delete(r.await, i, i+1)
	}
	if len(r.await) == 0 && r.flags&readHasData != 0 {
		r.Resume()
	}
}

func (p *pipe) endDestination() {
	p.end.Off()
	p.dst.End()
}

func (p *pipe) unpipe() {
	p.end.Off()
	p.src.Unpipe(p.dst)
}

func (p *pipe) onError(error) {
	p.src.Unpipe(p.dst)
	p.failed.Off()
}

func (p *pipe) onClose() {
	p.closed.Off()
	p.finished.Off()
	p.src.Unpipe(p.dst)
}

func (p *pipe) onFinish() {
	p.finished.Off()
	p.closed.Off()
	p.src.Unpipe(p.dst)
}

// takeDown removes the listeners. If the source may be waiting for this destination, it need not any more.
func (p *pipe) takeDown() {
	r := p.src
	for _, s := range [...]Sub{p.closed, p.finished, p.drained, p.failed, p.unpiped, p.end, p.data} {
		s.Off()
	}
	p.down = true
	if p.drained != (Sub{}) && (r.flags&readManyAwait != 0 || len(r.await) > 0) && p.dst.Status().NeedDrain {
		p.onDrain()
	}
}
