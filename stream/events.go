package stream

import "slices"

// event is what a stream's listeners listen for, one bit each.
type event uint16

const (
	onData event = 1 << iota
	onReadable
	onEnd
	onPause
	onResume
	onDrain
	onFinish
	onPrefinish
	onPipe
	onUnpipe
	onError
	onWatch // 'error' too: called before those of onError, the last one first; they don't count as somebody who listens
	onClose
)

// A stream's listeners, of both its halves and for all events, are in the order in which they came: one short list costs an
// idle stream less than a dozen. A call of all works on the list as it is when the call begins: who is removed meanwhile is
// still called, who is added is not.

// eventListener is one listener, which may be one for several events.
type eventListener struct {
	fn any // a function of the event's type, or a *pipe
	id uint32
	on event
}

// add appends a listener and returns its identity.
func (l *life) add(on event, fn any) uint32 {
	if l.flags&lifeDeadItems != 0 && (l.telling == 0 || len(l.items) == cap(l.items)) {
		l.sweep()
	}
	if l.items == nil {
		l.items = make([]eventListener, 0, 2) // an echo has two: for errors, and its pipe
	}
	l.next++
	l.items = append(l.items, eventListener{fn, l.next, on}) // behind what any call under way looks at
	return l.next
}

// listen is add for those who get a Sub.
func (l *life) listen(on event, fn any) Sub { return Sub{l, l.add(on, fn)} }

// sweep removes what is dead.
func (l *life) sweep() {
	items := l.items
	if l.telling != 0 {
		items = slices.Clone(items)
	}
	l.items = slices.DeleteFunc(items, func(x eventListener) bool { return x.on == 0 })
	l.flags &^= lifeDeadItems
}

// remove ends a subscription.
func (l *life) remove(id uint32) bool { return l.drop(id, ^event(0)) }

// drop has a listener not listen for some events any more, and reports whether it did for any.
func (l *life) drop(id uint32, on event) bool {
	i := slices.IndexFunc(l.items, func(x eventListener) bool { return x.id == id })
	if i < 0 || l.items[i].on&on == 0 {
		return false
	}
	l.dropAt(i, on, false)
	return true
}

// leave is drop for a pipe, of which no two listeners here are for the same event. quits says that the pipe is being told of one of
// those events. A call of all that tells of that one alone has got as far as this listener, so the list may be edited under it.
func (l *life) leave(p *pipe, on event, quits bool) {
	for i := range l.items {
		if l.items[i].on&on != 0 && l.items[i].fn == any(p) {
			l.dropAt(i, on, quits)
			return
		}
	}
}

func (l *life) dropAt(i int, on event, quits bool) {
	if told := l.items[i].on & on & l.telling; told != 0 && (!quits || told&(told-1) != 0) {
		l.items = slices.Clone(l.items)
	}
	x := &l.items[i]
	if x.on &^= on; x.on != 0 {
		return
	}
	if l.telling == 0 {
		l.items = slices.Delete(l.items, i, i+1)
		return
	}
	x.fn = nil
	l.flags |= lifeDeadItems
}

// hears reports whether somebody listens for an event.
func (l *life) hears(on event) bool {
	for i := range l.items {
		if l.items[i].on&on != 0 {
			return true
		}
	}
	return false
}

// beginTelling returns the list for a call of all, and what endTelling, which must follow, is given. A panic in between costs no more
// than that the list is copied when it is edited.
func (l *life) beginTelling(on event) (items []eventListener, busy event) {
	busy = l.telling
	l.telling |= on
	return l.items, busy
}

func (l *life) endTelling(busy event) { l.telling = busy }

// emit tells of an event that has no arguments.
func (l *life) emit(on event) {
	items, busy := l.beginTelling(on)
	for i := range items {
		if items[i].on&on == 0 {
			continue
		}
		switch fn := items[i].fn.(type) {
		case func():
			fn()
		case *pipe:
			fn.told(on)
		}
	}
	l.endTelling(busy)
}

// emitData gives p out.
func (l *life) emitData(p []byte) {
	items, busy := l.beginTelling(onData)
	for i := range items {
		if items[i].on&onData == 0 {
			continue
		}
		switch fn := items[i].fn.(type) {
		case func([]byte):
			fn(p)
		case *pipe:
			fn.onData(p)
		}
	}
	l.endTelling(busy)
}

// emitPipe tells of a pipe that comes or goes.
func (l *life) emitPipe(on event, src ReadableStream) {
	items, busy := l.beginTelling(on)
	for i := range items {
		if items[i].on&on == 0 {
			continue
		}
		switch fn := items[i].fn.(type) {
		case func(ReadableStream):
			fn(src)
		case *pipe:
			fn.told(on)
		}
	}
	l.endTelling(busy)
}

// tellError tells of an error, the watchers first, and the Scheduler if nobody else is there to be told.
func (l *life) tellError(err error) {
	items, busy := l.beginTelling(onError | onWatch)
	listened := false
	for i := len(items) - 1; i >= 0; i-- {
		listened = listened || items[i].on&onError != 0
		if items[i].on&onWatch == 0 {
			continue
		}
		switch fn := items[i].fn.(type) {
		case func(error):
			fn(err)
		case *pipe:
			fn.told(onWatch)
		}
	}
	if !listened {
		l.s.Uncaught(err)
	}
	for i := range items {
		if fn, ok := items[i].fn.(func(error)); ok && items[i].on&onError != 0 {
			fn(err)
		}
	}
	l.endTelling(busy)
}
