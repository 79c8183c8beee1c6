package stream

// Listeners is a list of functions to call when something happens. The zero value is an empty list and costs one word. A
// call of all works on the list as it is when the call begins: who is removed meanwhile is still called, who is added is
// not. It belongs to one goroutine.
//
// It is exported for what is a stream without being made of this package's, such as the messages of package httpcore.
type Listeners[F any] struct{ l *listeners[F] }

type listeners[F any] struct {
	items []listener[F]
	next  uint32 // the next identity
	calls int32  // calls of all that are under way: while there are any, items is replaced and never edited
	first [2]listener[F]
}

type listener[F any] struct {
	fn F
	id uint32
}

// Sub is one subscription: what OnData and its like return. The zero Sub is of nothing.
type Sub struct {
	of interface{ remove(id uint32) bool }
	id uint32
}

// Off ends the subscription. Ending it twice does nothing.
func (s Sub) Off() {
	if s.of != nil {
		s.of.remove(s.id)
	}
}

// Add appends fn.
func (x *Listeners[F]) Add(fn F) Sub { return x.add(fn, false) }

// Prepend puts fn before all others.
func (x *Listeners[F]) Prepend(fn F) Sub { return x.add(fn, true) }

func (x *Listeners[F]) add(fn F, first bool) Sub {
	x.make()
	l := x.l
	l.next++
	item := listener[F]{fn, l.next}
	if !first || len(l.items) == 0 {
		l.items = append(l.items, item) // behind what any call under way looks at
		return Sub{l, item.id}
	}
	items := make([]listener[F], 0, len(l.items)+1)
	l.items = append(append(items, item), l.items...)
	return Sub{l, item.id}
}

func (l *listeners[F]) remove(id uint32) bool {
	for i := range l.items {
		if l.items[i].id != id {
			continue
		}
		if l.calls > 0 && len(l.items) == 1 {
			l.items = nil
			return true
		}
		if l.calls > 0 {
			items := make([]listener[F], 0, len(l.items)-1)
			l.items = append(append(items, l.items[:i]...), l.items[i+1:]...)
			return true
		}
		n := copy(l.items[i:], l.items[i+1:])
		l.items[i+n] = listener[F]{}
		l.items = l.items[:i+n]
		return true
	}
	return false
}

// Len is how many there are.
func (x *Listeners[F]) Len() int {
	if x.l == nil {
		return 0
	}
	return len(x.l.items)
}

// Each calls call with every function, in order.
func (x *Listeners[F]) Each(call func(F)) {
	if x.l == nil {
		return
	}
	for _, item := range x.begin() {
		call(item.fn)
	}
	x.end()
}

// begin returns the list for a call of all; end must follow. A panic in between costs no more than that the list is
// copied when it is edited from then on.
func (x *Listeners[F]) begin() []listener[F] {
	x.l.calls++
	return x.l.items
}

func (x *Listeners[F]) end() { x.l.calls-- }

func (x *Listeners[F]) make() {
	if x.l == nil {
		x.l = new(listeners[F])
		x.l.items = x.l.first[:0]
	}
}
