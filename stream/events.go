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

// events are a stream's listeners, of both its halves and for all events, in the order in which they came: one short list
// costs an idle stream less than a dozen. A call of all works on the list as it is when the call begins: who is removed
// meanwhile is still called, who is added is not.
type events struct {
	items []eventListener
	next  uint32 // the next identity
	busy  event  // what is being told: of such a listener, items is replaced and not edited, but by itself
	dead  bool   // there are items that wait for nothing to be told, to be removed
}

// eventListener is one listener, which may be one for several events.
type eventListener struct {
	fn any // a function of the event's type, or a *pipe
	id uint32
	on event
}

// add appends a listener and returns its identity.
func (x *events) add(on event, fn any) uint32 {
	if x.dead && (x.busy == 0 || len(x.items) == cap(x.items)) {
		x.sweep()
	}
	if x.items == nil {
		x.items = make([]eventListener, 0, 2) // an echo has two: for errors, and its pipe
	}
	x.next++
	x.items = append(x.items, eventListener{fn, x.next, on}) // behind what any call under way looks at
	return x.next
}

// listen is add for those who get a Sub.
func (x *events) listen(on event, fn any) Sub { return Sub{x, x.add(on, fn)} }

// sweep removes what is dead.
func (x *events) sweep() {
	items := x.items
	if x.busy != 0 {
		items = slices.Clone(items)
	}
	x.items = slices.DeleteFunc(items, func(l eventListener) bool { return l.on == 0 })
	x.dead = false
}

// remove ends a subscription.
func (x *events) remove(id uint32) bool { return x.drop(id, ^event(0)) }

// drop has a listener not listen for some events any more, and reports whether it did for any.
func (x *events) drop(id uint32, on event) bool { return x.take(id, on, false) }

// quit is drop by a listener that is being told of one of those events. A call of all that tells of that one alone has got as
// far as this listener, so the list may be edited under it.
func (x *events) quit(id uint32, on event) { x.take(id, on, true) }

func (x *events) take(id uint32, on event, itself bool) bool {
	i := slices.IndexFunc(x.items, func(l eventListener) bool { return l.id == id })
	if i < 0 || x.items[i].on&on == 0 {
		return false
	}
	if told := x.items[i].on & on & x.busy; told != 0 && (!itself || told&(told-1) != 0) {
		x.items = slices.Clone(x.items)
	}
	l := &x.items[i]
	if l.on &^= on; l.on != 0 {
		return true
	}
	if x.busy == 0 {
		x.items = slices.Delete(x.items, i, i+1)
		return true
	}
	l.fn = nil
	x.dead = true
	return true
}

// any reports whether somebody listens for an event.
func (x *events) any(on event) bool {
	for i := range x.items {
		if x.items[i].on&on != 0 {
			return true
		}
	}
	return false
}

// begin returns the list for a call of all, and what end, which must follow, is given. A panic in between costs no more
// than that the list is copied when it is edited.
func (x *events) begin(on event) (items []eventListener, busy event) {
	busy = x.busy
	x.busy |= on
	return x.items, busy
}

func (x *events) end(busy event) { x.busy = busy }

// emit tells of an event that has no arguments.
func (x *events) emit(on event) {
	items, busy := x.begin(on)
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
	x.end(busy)
}

// emitData gives p out.
func (x *events) emitData(p []byte) {
	items, busy := x.begin(onData)
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
	x.end(busy)
}

// emitPipe tells of a pipe that comes or goes.
func (x *events) emitPipe(on event, src ReadableStream) {
	items, busy := x.begin(on)
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
	x.end(busy)
}

// emitError tells of an error, the watchers first, and s if nobody else is there to be told.
func (x *events) emitError(err error, s Scheduler) {
	items, busy := x.begin(onError | onWatch)
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
		s.Uncaught(err)
	}
	for i := range items {
		if fn, ok := items[i].fn.(func(error)); ok && items[i].on&onError != 0 {
			fn(err)
		}
	}
	x.end(busy)
}
