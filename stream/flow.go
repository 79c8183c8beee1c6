package stream

// Resume lets the stream flow: from a tick on, bytes are given out as they come, to listeners of OnData, pipes, or
// nobody. While somebody listens with OnReadable it does not.
func (r *Readable) Resume() {
	if r.flow != FlowOn {
		if r.flags&readListened == 0 {
			r.flow.move(flowResume)
		} else {
			r.flow.move(flowHold)
		}
		if r.flags&readResumeQueued == 0 {
			r.flags |= readResumeQueued
			r.life.tick(tickResume)
		}
	}
	r.flags = r.flags&^readPaused | readPauseAsked
}

// Pause stops the flow at once: bytes stay in the buffer, and when that is full the source stops too. It may be called
// from any listener. A stream that feeds several pipes waits for the slowest by itself; Pause is for the rest.
func (r *Readable) Pause() {
	if r.flow != FlowOff {
		r.flow.move(flowPause)
		r.life.emit(onPause)
	}
	r.flags |= readPaused | readPauseAsked
}

// startFlow is the tick after Resume.
func (r *Readable) startFlow() {
	if !r.call.busy() {
		r.read(0, false)
	}
	r.flags &^= readResumeQueued
	r.life.emit(onResume)
	r.run()
	if r.flow == FlowOn && !r.call.busy() {
		r.read(0, false)
	}
}

// run is the flow: it gives out what is buffered, and what the Read hook answers at once.
func (r *Readable) run() {
	for r.flow == FlowOn && r.read(all, false) != nil {
	}
}

// relisten is the tick after a listener of OnReadable has gone.
func (r *Readable) relisten() {
	if r.life.hears(onReadable) {
		r.flags |= readListened
	} else {
		r.flags &^= readListened
	}
	switch {
	case r.flags&(readPauseAsked|readPaused|readResumeQueued) == readPauseAsked|readResumeQueued:
		r.flow.move(flowResume) // the tick that is scheduled shall find it so
	case r.flags&readHasData != 0:
		r.Resume()
	case r.flags&readListened == 0:
		r.flow.move(flowRelease)
	}
}
