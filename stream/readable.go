package stream

// Readable is the half that gives bytes. Its source pushes them, when the Read hook asks or when it has some; whoever
// wants them listens with OnData, pipes, or calls ReadChunk. In between lies a buffer: when it holds HighWaterMark bytes
// Push answers false and Read is not called any more, until it has been read from.
//
// All methods are for the loop's goroutine. Events come in the order that Node's streams have: most on a tick, 'data' at
// once if the stream flows and nothing is buffered.
type Readable struct {
	life *life
	self ReadableStream // what listeners know this stream as: a Duplex, say

	source source // the Read hook; nil without one
	hwm    int
	length int // bytes in buffer; it stays when a destroyed stream drops those
	buffer *queue[chunk]

	state readState
	flow  Flow
	call  callState // of the Read hook
	flags readFlags
	fresh uint16 // chunks of buffer that last for this turn only

	pipes *pipe             // the first one
	await *[]WritableStream // destinations that have answered false, and the flow waits for; nil if there never were any
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
)

// maxFresh is how many chunks may last for a turn only; what comes then is copied at once, and not when the turn ends. Small
// chunks have been joined long before, so those are more than 1 KiB each: who pushes 4 MiB in one turn may have the rest
// copied a little earlier.
const maxFresh = 4096

// source is a Read hook in the form of a method.
type source interface {
	read(r *Readable, n int)
}

type readFunc func(r *Readable, n int)

func (f readFunc) read(r *Readable, n int) { f(r, n) }

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
		life life
	})
	r := &x.Readable
	x.life.begin(s, o.NoAutoDestroy, o.NoEmitClose, o.Destroy)
	r.begin(&x.life, o.HighWaterMark, o.Read)
	r.self = r
	return r
}

// begin makes r the readable half of l.
func (r *Readable) begin(l *life, hwm int, hook func(*Readable, int)) {
	l.r = r
	r.life, r.hwm = l, mark(hwm)
	if hook != nil {
		r.source = readFunc(hook)
	}
	r.state, r.flow, r.call = readOpen, FlowUnset, callFresh
}

// As has listeners that are told of this stream told of outer, which is made around it: what OnPipe's listeners are
// given, for one. It is called before the stream is used.
func (r *Readable) As(outer ReadableStream) { r.self = outer }

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
	s.Exhausted = s.EOF && r.length == 0
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
func (r *Readable) ReadableLength() int { return r.length }

// ReadableHighWaterMark is the mark. ReadChunk raises it when it is asked for more.
func (r *Readable) ReadableHighWaterMark() int { return r.hwm }

// ReadableEnded reports whether OnEnd was told: all bytes were given out. That the end was pushed is no reason yet.
func (r *Readable) ReadableEnded() bool { return r.state >= readDone }

// ReadableAborted reports whether the stream was destroyed or failed before its end.
func (r *Readable) ReadableAborted() bool {
	return r.state < readDone && (r.life.destroyed() || r.life.err != nil)
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
func (r *Readable) Errored() error { return r.life.err }

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
	id := r.life.events.add(on, fn)
	r.flags |= readHasData
	if r.life.events.any(onReadable) {
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
	if !d.life.events.drop(id, onData) {
		return false
	}
	if !d.life.events.any(onData) {
		d.flags &^= readHasData
	}
	return true
}

// OnReadable listens for there being something to read with ReadChunk, or the end of input behind it. While somebody
// does, the stream does not flow.
func (r *Readable) OnReadable(fn func()) Sub {
	id := r.life.events.add(onReadable, need(fn))
	if r.state < readDone && r.flags&readListened == 0 {
		r.flags = r.flags&^readReadableQueued | readListened | readNeedReadable
		r.flow.move(flowListen)
		if r.length > 0 {
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
	found := d.life.events.remove(id)
	// On a tick, so that listening once and again does not start the flow. Node looks again whether somebody was found or
	// not, and it shows: a stream whose resume was held back may flow from then on.
	d.life.tick(tickRelisten)
	return found
}

// OnEnd listens for the end of input: all bytes have been given out, and no more come.
func (r *Readable) OnEnd(fn func()) Sub { return r.life.events.listen(onEnd, need(fn)) }

// OnPause listens for the flow being turned off by Pause, which tells at once.
func (r *Readable) OnPause(fn func()) Sub { return r.life.events.listen(onPause, need(fn)) }

// OnResume listens for the flow being started, on the tick after Resume.
func (r *Readable) OnResume(fn func()) Sub { return r.life.events.listen(onResume, need(fn)) }

// OnError listens for the error that the stream fails with, on a tick. If nobody does, it goes to Scheduler.Uncaught.
func (r *Readable) OnError(fn func(error)) Sub { return r.life.events.listen(onError, need(fn)) }

// OnClose listens for the last event: the stream was destroyed and has let go of everything.
func (r *Readable) OnClose(fn func()) Sub { return r.life.events.listen(onClose, need(fn)) }

// need refuses a nil function where it is given, not where it would be called.
func need[F func() | func(error) | func([]byte) | func(ReadableStream)](fn F) F {
	if fn == nil {
		panic("stream: a nil function to call")
	}
	return fn
}
