package reactor

// keep says whether the handle is active by itself: a connection or a datagram socket that reads, a listener that is
// open, a Poll that is started. Unless it is unref'd that is a reason to go on running. Requests under way are counted
// apart.
func (w *watch) keep(on bool) {
	if w.is(markKeeps) == on {
		return
	}
	w.mark(markKeeps, on)
	switch {
	case w.is(markUnref):
	case on:
		w.r.refs++
	default:
		w.r.refs--
	}
}

// Ref lets an active handle keep the loop running; that is the default. It is for the loop's goroutine.
func (w *watch) Ref() { w.setUnref(false) }

// Unref stops it from doing so: by reading, listening or being started, that is. Requests under way still do, and so does
// a handle that is closing. It is for the loop's goroutine.
func (w *watch) Unref() { w.setUnref(true) }

// HasRef reports which of the two holds.
func (w *watch) HasRef() bool { return !w.is(markUnref) }

func (w *watch) setUnref(unref bool) {
	w.r.guard.check()
	keeps := w.is(markKeeps)
	w.keep(false)
	w.mark(markUnref, unref)
	w.keep(keeps)
}

// setReading turns the interest in reading on or off, and with it the reason to keep the loop.
func (w *watch) setReading(on bool) {
	want := w.want &^ WantRead
	if on {
		want |= WantRead
	}
	w.setWant(want)
	w.keep(on)
}
