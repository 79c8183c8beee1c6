package stream

// EmbeddedReadable is a Readable that lies inside something larger, such as a message, and its hooks are a Source's. It
// must not be copied. What only the larger thing may do with it are functions, not methods, so that those who read do not
// find them.
//
// It is for what is made of streams and made often; everybody else has NewReadable. An Embedder makes one that costs no
// allocation of its own before somebody looks at it; InitEmbedded is for a single one.
type EmbeddedReadable struct {
	Readable
	src Source
}

// Source is the hooks of an EmbeddedReadable. They are called on the loop's goroutine.
type Source interface {
	// ReadMore is the Read hook: it is called when more is wanted, and again only after a Push. Before somebody reads it
	// is not: nothing is read ahead for nobody.
	ReadMore(n int)
	// Teardown is the Destroy hook: see ReadableOptions.
	Teardown(err error, done func(error))
}

// Embedder makes the EmbeddedReadables of one Scheduler. Most requests have no body, and nobody looks at the stream that each
// of them is all the same: so what a stream has for those who listen, its ticks and its end is the Embedder's, for all
// of them, and a stream has its own from the first call on that changes any of it. It is for the loop's goroutine.
type Embedder struct {
	untouched, retired life // never changed
}

// NewEmbedder returns an Embedder of streams whose events come from s.
func NewEmbedder(s Scheduler) *Embedder {
	e := new(Embedder)
	e.untouched.begin(s, false, false, nil)
	e.retired = e.untouched
	e.retired.state.move(lifeDestroy)
	e.retired.state.move(lifeDestroyed)
	e.retired.state.move(lifeClose)
	return e
}

// Init makes o a stream that gives what src pushes, with a mark of hwm as in ReadableOptions. self is what listeners are
// told of as this stream: what o lies in.
func (e *Embedder) Init(o *EmbeddedReadable, self ReadableStream, hwm int, src Source) {
	o.begin(&e.untouched, hwm, nil)
	o.source = (*embedded)(o)
	o.self, o.src = self, src
	o.flags |= readMoreQueued
}

// Retire ends a stream that nobody has ever looked at, as if its end had been read and it were closed: without ticks, as
// nobody would be told. It reports false, and does nothing, if anybody listens, has read, or has pushed.
func (e *Embedder) Retire(o *EmbeddedReadable) bool {
	if o.life != &e.untouched {
		return RetireEmbedded(o)
	}
	if o.flow != FlowUnset || o.state != readOpen {
		return false
	}
	o.state.move(readEOF)
	o.state.move(readEnd)
	o.life = &e.retired
	return true
}

// EmbeddedLife is memory for what an EmbeddedReadable has of its own once somebody looks at it. It lies beside one that
// somebody will look at, such as the answer that a client waits for.
type EmbeddedLife struct{ life life }

// InitIn is Init of a stream that has its own from the start, in room.
func (e *Embedder) InitIn(room *EmbeddedLife, o *EmbeddedReadable, self ReadableStream, hwm int, src Source) {
	e.Init(o, self, hwm, src)
	o.wakeIn(&room.life)
}

// InitEmbedded is Embedder.InitIn of a stream whose events come from s, and that has no Embedder.
func InitEmbedded(o *EmbeddedReadable, s Scheduler, self ReadableStream, hwm int, src Source) {
	NewEmbedder(s).InitIn(new(EmbeddedLife), o, self, hwm, src)
}

// RetireEmbedded is Embedder.Retire of any EmbeddedReadable.
func RetireEmbedded(o *EmbeddedReadable) bool {
	l := o.own()
	if len(l.events.items) > 0 || o.flow != FlowUnset || o.length > 0 || l.ticks.near != 0 ||
		o.state != readOpen || l.state != lifeAlive {
		return false
	}
	o.state.move(readEOF)
	o.state.move(readEnd)
	l.state.move(lifeDestroy)
	l.state.move(lifeDestroyed)
	l.state.move(lifeClose)
	return true
}

// ErrorListened reports whether anybody listens to r with OnError: Node's listenerCount('error').
func ErrorListened(r *Readable) bool { return r.life.events.any(onError) }

// own is r's life to change. As long as it is an Embedder's nothing is buffered, nobody listens, and no tick is scheduled.
func (r *Readable) own() *life {
	if r.life.r == nil {
		r.wake()
	}
	return r.life
}

// wake has an EmbeddedReadable leave its Embedder.
func (r *Readable) wake() { r.wakeIn(new(life)) }

func (r *Readable) wakeIn(l *life) {
	*l = *r.life
	l.r, l.destroy = r, r.source.(*embedded)
	r.life = l
}

// SpliceEmbedded tells a source where its next bytes may be moved to instead of being pushed: a Transport, how many at most,
// and what that is to call for them; to is nil if they have to be pushed. waits says that they would only have to wait here,
// for the destination to drain: the source has been relieved, and is called by ReadMore when it may go on.
func SpliceEmbedded(o *EmbeddedReadable) (to Transport, most int, done func(error), waits bool) {
	if to, most, done, waits = o.splice(); waits {
		o.hold()
	}
	return to, most, done, waits
}

// PushSplicedEmbedded is Push of n bytes that were moved to where SpliceEmbedded has said. With false the source waits for
// ReadMore. It must not be called inside that.
func PushSplicedEmbedded(o *EmbeddedReadable, n int) (more bool) {
	if !o.spliced(n) {
		o.hold()
		return false
	}
	o.queueReadMore()
	return true
}

// embedded is an EmbeddedReadable as the hooks of its Readable.
type embedded EmbeddedReadable

func (o *embedded) read(_ *Readable, n int) {
	if o.flags&readAsked == 0 {
		o.flags = o.flags&^readMoreQueued | readAsked
	}
	o.flags &^= readHeld
	o.src.ReadMore(n)
}

func (o *embedded) destroy(err error, done func(error)) { o.src.Teardown(err, done) }
