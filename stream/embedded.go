package stream

// EmbeddedReadable is a Readable that lies inside something larger, such as a message, with all its memory: no allocation
// of its own, and its hooks are a Source's. InitEmbedded makes it, and it must not be copied after that. What only the
// larger thing may do with it are functions, not methods, so that those who read do not find them.
//
// It is for what is made of streams and made often; everybody else has NewReadable.
type EmbeddedReadable struct {
	Readable
	life   life
	src    Source
	wanted bool // somebody has read
}

// Source is the hooks of an EmbeddedReadable. They are called on the loop's goroutine.
type Source interface {
	// ReadMore is the Read hook: it is called when more is wanted, and again only after a Push. Before somebody reads it
	// is not: nothing is read ahead for nobody.
	ReadMore(n int)
	// Teardown is the Destroy hook: see ReadableOptions.
	Teardown(err error, done func(error))
}

// InitEmbedded makes o a stream that gives what src pushes, with a mark of hwm as in ReadableOptions. self is what
// listeners are told of as this stream: what o lies in.
func InitEmbedded(o *EmbeddedReadable, s Scheduler, self ReadableStream, hwm int, src Source) {
	o.life.begin(s, false, false, nil)
	o.Readable.begin(&o.life, hwm, nil)
	w := (*embedded)(o)
	o.life.destroy, o.source = w, w
	o.self, o.src, o.wanted = self, src, false
	o.flags |= readMoreQueued
}

// ErrorListened reports whether anybody listens to r with OnError: Node's listenerCount('error').
func ErrorListened(r *Readable) bool { return r.life.events.any(onError) }

// RetireEmbedded ends a stream that nobody has ever looked at, as if its end had been read and it were closed: without
// ticks, as nobody would be told. It reports false, and does nothing, if anybody listens, has read, or has pushed.
func RetireEmbedded(o *EmbeddedReadable) bool {
	if len(o.life.events.items) > 0 || o.flow != FlowUnset || o.length > 0 || o.life.ticks.near != 0 ||
		o.state != readOpen || o.life.state != lifeAlive {
		return false
	}
	o.state.move(readEOF)
	o.state.move(readEnd)
	o.life.state.move(lifeDestroy)
	o.life.state.move(lifeDestroyed)
	o.life.state.move(lifeClose)
	return true
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
	if !o.wanted {
		o.wanted = true
		o.flags &^= readMoreQueued
	}
	o.flags &^= readHeld
	o.src.ReadMore(n)
}

func (o *embedded) destroy(err error, done func(error)) { o.src.Teardown(err, done) }
