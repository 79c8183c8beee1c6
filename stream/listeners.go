package stream

// Listeners is a list of functions to call when something happens. The zero value is an empty list and costs two words, and so does
// one function. A call of all works on the list as it is when the call begins: who is removed meanwhile is still called, who is
// added is not. It belongs to one goroutine.
//
// It is exported for what is a stream without being made of this package's, such as the messages of package httpcore.
type Listeners[F any] struct {
	v any // nil; the first function, while it is alone; once that has gone nobody; or a *listeners[F]
}

// nobody is a list that had one function: the next one must not be taken for that.
type nobody struct{}

// firstID is the identity of a list's first function.
const firstID = 1

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
	if x.v == nil {
		x.v = fn
		return Sub{x, firstID}
	}
	l := x.list()
	l.next++
	item := listener[F]{fn, l.next}
	if !first || len(l.items) == 0 {
		l.items = append(l.items, item) // behind what any call under way looks at
		return Sub{x, item.id}
	}
	items := make([]listener[F], 0, len(l.items)+1)
	l.items = append(append(items, item), l.items...)
	return Sub{x, item.id}
}

// list has what is in x be a list.
func (x *Listeners[F]) list() *listeners[F] {
	if l, ok := x.v.(*listeners[F]); ok {
		return l
	}
	l := &listeners[F]{next: firstID}
	l.items = l.first[:0]
	if fn, ok := x.v.(F); ok {
		l.items = append(l.items, listener[F]{fn, firstID})
	}
	x.v = l
	return l
}

func (x *Listeners[F]) remove(id uint32) bool {
	switch v := x.v.(type) {
	case *listeners[F]:
		return v.remove(id)
	case F:
		if id == firstID {
			x.v = nobody{}
			return true
		}
	}
	return false
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
	switch v := x.v.(type) {
	case *listeners[F]:
		return len(v.items)
	case F:
		return 1
	}
	return 0
}

// Each calls call with every function, in order. A panic in between costs no more than that the list is copied when it is edited
// from then on.
func (x *Listeners[F]) Each(call func(F)) {
	switch v := x.v.(type) {
	case *listeners[F]:
		v.calls++
		for _, item := range v.items {
			call(item.fn)
		}
		v.calls--
	case F:
		call(v)
	}
}
