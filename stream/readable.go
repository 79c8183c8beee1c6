package stream

// Readable is the half that gives bytes. Its source pushes them, when the Read hook asks or when it has some; whoever
// wants them listens with OnData, pipes, or calls ReadChunk. In between lies a buffer: when it holds HighWaterMark bytes
// Push answers false and Read is not called any more, until it has been read from.
//
// All methods are for the loop's goroutine. Events come in the order that Node's streams have: most on a tick, 'data' at
// once if the stream flows and nothing is buffered.
type Readable struct {
	life  life // of the whole stream, if this is a half of one
	hwm   int
	pipes *pipe // the first one

	state readState
	flow  Flow
	call  callState // of the Read hook
	flags readFlags
}

// readFlags are independent of the states, and of one another.
type readFlags uint16

const (
	readNeedReadable   readFlags = 1 << iota // a read found too little: the next bytes are worth a 'readable'
	readReadableQueued                       // 'readable' is scheduled, or was told and nothing has been read since
	readListened                             // somebody listens for 'readable'; updated on a tick when they go
	readHasData                              // somebody listens for 'data'
	readResumeQueued                         // the flow starts on a tick
	readMoreQueued                           // reading ahead is scheduled or under way
	readPaused                               // Pause was called last …
	readPauseAsked                           // … of Pause and Resume, one of which was called
	readDidRead                              // something has been given out
	readManyAwait                            // the set of awaited destinations is one: see pipe.go
	readHalfClosed                           // a Duplex that ends its writable half with this one
	readLost                                 // a destroyed stream has thrown away what was buffered: it has no end
	readStarted                              // a Socket's: ReadStart was called
	readHeld                                 // nothing is read while the destination of the pipe drains: see splice.go
	readAsked                                // an EmbeddedReadable's: somebody has read
)

// maxFresh is how many chunks may last for a turn only; what comes then is copied at once, and not when the turn ends. Small
// chunks have been joined long before, so those are more than 1 KiB each: who pushes 4 MiB in one turn may have the rest
// copied a little earlier.
const maxFresh = 4096

// ReadableOptions are what a Readable is made with. The zero value is good for a stream that is only pushed to.
type ReadableOptions struct {
	// HighWaterMark is how many bytes are buffered before Push answers false and Read is not called any more. 0 means
	// DefaultHighWaterMark, NoBuffer a mark of 0; other negative values panic.
	HighWaterMark int
	// Read is called when more is wanted, and again only after a Push. It pushes at once or later. n is the mark: a hint.
	// nil means that the source pushes by itself.
	Read func(r *Readable, n int)
	// Destroy is called once, when the stream is destroyed, to let go of what lies below. It calls done exactly once, at
	// once or later, with err or another error; only then 'error' and 'close' are emitted. nil does nothing.
	Destroy func(err error, done func(error))
	// NoAutoDestroy leaves the stream open after its end or an error, until Destroy.
	NoAutoDestroy bool
	// NoEmitClose does without 'close'.
	NoEmitClose bool
}

// NewReadable returns a Readable whose events come from s.
func NewReadable(s Scheduler, o ReadableOptions) *Readable {
	x := new(struct {
		Readable
		user user
	})
	r := &x.Readable
	x.user = user{r: r, outer: r, source: o.Read, end: o.Destroy}
	r.life.begin(s, &x.user, o.NoAutoDestroy, o.NoEmitClose)
	r.begin(o.HighWaterMark)
	return r
}

// begin makes r a Readable, but for its life.
func (r *Readable) begin(hwm int) {
	r.hwm = mark(hwm)
	r.state, r.flow, r.call = readOpen, FlowUnset, callFresh
}

// As has listeners that are told of this stream told of outer, which is made around it: what OnPipe's listeners are
// given, for one. It is called before the stream is used.
func (r *Readable) As(outer ReadableStream) { r.life.own.as(outer) }

// Scheduler is what the stream was made with.
func (r *Readable) Scheduler() Scheduler { return r.life.s }

// State is where the stream stands.
func (r *Readable) State() State {
	s := r.life.describe()
	r.describe(&s)
	return s
}

func (r *Readable) describe(s *State) {
	s.HasReadable = r.state != readOff
	s.Readable = r.IsReadable()
	s.EOF = r.state != readOpen
	s.Exhausted = s.EOF && r.ReadableLength() == 0
	s.Ended = r.state >= readDone
}

// IsReadable reports whether there may be something to read yet: the stream has not ended, was not destroyed and has
// told of no error.
func (r *Readable) IsReadable() bool {
	return r.state < readDone && !r.life.destroyed() && r.life.flags&lifeErrorEmitted == 0
}

// ReadableFlowing is who moves the bytes.
func (r *Readable) ReadableFlowing() Flow { return r.flow }

// ReadableLength is how many bytes are buffered.
func (r *Readable) ReadableLength() int {
	if x := r.life.work; x != nil {
		return x.in.length
	}
	return 0
}

// ReadableHighWaterMark is the mark. ReadChunk raises it when it is asked for more.
func (r *Readable) ReadableHighWaterMark() int { return r.hwm }

// ReadableEnded reports whether OnEnd was told: all bytes were given out. That the end was pushed is no reason yet.
func (r *Readable) ReadableEnded() bool { return r.state >= readDone }

// ReadableAborted reports whether the stream was destroyed or failed before its end.
func (r *Readable) ReadableAborted() bool {
	return r.state < readDone && (r.life.destroyed() || r.life.failed() != nil)
}

// ReadableDidRead reports whether any bytes have been given out.
func (r *Readable) ReadableDidRead() bool { return r.flags&readDidRead != 0 }

// IsPaused reports whether Pause was called and Resume has not been since, or the flow is off for another reason.
func (r *Readable) IsPaused() bool { return r.flags&readPaused != 0 || r.flow == FlowOff }

// Destroyed reports whether Destroy was called, by whomever.
func (r *Readable) Destroyed() bool { return r.life.destroyed() }

// Closed reports whether the stream was destroyed and its Destroy hook is done.
func (r *Readable) Closed() bool { return r.life.closed() }

// Errored is what the stream has failed with, or nil.
func (r *Readable) Errored() error { return r.life.failed() }

// Destroy ends the stream at once: what is buffered is dropped and nothing more is given out. The Destroy hook is called,
// and when it is done 'error', if err is not nil, and 'close' are emitted on a tick. Only the first call counts.
func (r *Readable) Destroy(err error) {
	r.life.shut(err)
}

// OnData listens for bytes and, unless the stream was paused, starts the flow. p is borrowed: it is valid until the turn
// ends; who keeps it for longer copies it. Taking the last listener away does not stop the flow, as in Node: what comes
// then is lost, so Pause first.
func (r *Readable) OnData(fn func(p []byte)) Sub {
	return Sub{(*dataSubs)(r), r.listenData(onData, need(fn))}
}

func (r *Readable) listenData(on event, fn any) uint32 {
	id := r.life.add(on, fn)
	r.flags |= readHasData
	if r.life.hears(onReadable) {
		r.flags |= readListened
	}
	if r.flow != FlowOff {
		r.Resume()
	}
	return id
}

// dataSubs is the Readable as the list that subscriptions of OnData are of.
type dataSubs Readable

func (d *dataSubs) remove(id uint32) bool {
	if !d.life.drop(id, onData) {
		return false
	}
	(*Readable)(d).noData()
	return true
}

// noData looks whether somebody listens for 'data' yet.
func (r *Readable) noData() {
	if !r.life.hears(onData) {
		r.flags &^= readHasData
	}
}

// OnReadable listens for there being something to read with ReadChunk, or the end of input behind it. While somebody
// does, the stream does not flow.
func (r *Readable) OnReadable(fn func()) Sub {
	id := r.life.add(onReadable, need(fn))
	if r.state < readDone && r.flags&readListened == 0 {
		r.flags = r.flags&^readReadableQueued | readListened | readNeedReadable
		r.flow.move(flowListen)
		if r.ReadableLength() > 0 {
			r.queueReadable()
		} else if !r.call.busy() {
			r.life.tick(tickRead)
		}
	}
	return Sub{(*readableSubs)(r), id}
}

// readableSubs is the Readable as the list that subscriptions of OnReadable are of.
type readableSubs Readable

func (d *readableSubs) remove(id uint32) bool {
	found := d.life.remove(id)
	// On a tick, so that listening once and again does not start the flow. Node looks again whether somebody was found or
	// not, and it shows: a stream whose resume was held back may flow from then on.
	d.life.tick(tickRelisten)
	return found
}

// OnEnd listens for the end of input: all bytes have been given out, and no more come.
func (r *Readable) OnEnd(fn func()) Sub { return r.life.listen(onEnd, need(fn)) }

// OnPause listens for the flow being turned off by Pause, which tells at once.
func (r *Readable) OnPause(fn func()) Sub { return r.life.listen(onPause, need(fn)) }

// OnResume listens for the flow being started, on the tick after Resume.
func (r *Readable) OnResume(fn func()) Sub { return r.life.listen(onResume, need(fn)) }

// OnError listens for the error that the stream fails with, on a tick. If nobody does, it goes to Scheduler.Uncaught.
func (r *Readable) OnError(fn func(error)) Sub { return r.life.listen(onError, need(fn)) }

// OnClose listens for the last event: the stream was destroyed and has let go of everything.
func (r *Readable) OnClose(fn func()) Sub { return r.life.listen(onClose, need(fn)) }

// need refuses a nil function where it is given, not where it would be called.
func need[F func() | func(error) | func([]byte) | func(ReadableStream)](fn F) F {
	if fn == nil {
		panic("stream: a nil function to call")
	}
	return fn
}
