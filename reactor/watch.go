package reactor

// watch is what a Conn, a Listener, a Datagram and a Poll have in common: a descriptor, what is wanted of it, what the
// kernel holds, and whether it keeps the loop.
// want is edited freely; armed changes in one place only, when the dirty watches are flushed right before waiting.
type watch struct {
	r     *Reactor
	tok   Token
	fd    int32 // -1 once closed
	want  Interest
	armed Armed
	marks marks
}

// marks are what is true of a watch. They are bits because there are very many watches.
type marks uint8

const (
	markSquelched marks = 1 << iota // an event came that nobody wanted, or surely will come: the next flush makes armed exact
	markDirty                       // in r.dirty
	markTell                        // somebody wants to know of a hang-up even while nothing else is wanted
	markExact                       // the kernel is told of every change, and nothing is parked: the descriptor is not ours
	markEdited                      // want has changed since the last flush
	markKeeps                       // the handle is active, which keeps the loop alive unless it is unref'd: see ref.go
	markUnref
)

func (w *watch) is(m marks) bool { return w.marks&m != 0 }

func (w *watch) mark(m marks, on bool) {
	w.marks &^= m
	if on {
		w.marks |= m
	}
}

// setWant replaces the interest. It costs no system call; the next flush compares.
func (w *watch) setWant(want Interest) {
	if w.want != want {
		w.want = want
		w.r.stats.InterestSaved++ // the flush takes it back if it comes to a system call
		w.marks |= markEdited
		w.touch()
	}
}

// squelch is called when the kernel reports, or is known to go on reporting, what is not wanted.
func (w *watch) squelch() {
	if w.armed&(ArmedRead|ArmedWrite) != 0 {
		w.marks |= markSquelched
		w.r.stats.Squelches++
		w.touch()
	}
}

// touch puts the watch on the list of those to compare at the next flush.
func (w *watch) touch() {
	if !w.is(markDirty) && w.fd >= 0 {
		w.marks |= markDirty
		w.r.dirty = append(w.r.dirty, w)
	}
}

// target is the mask the kernel should hold for what is wanted.
//
// Gaining an interest and losing WantWrite are told at once: a writable socket would fire for ever. Losing WantRead
// alone is not told: a silent peer then costs nothing, however often reading is turned off and on, and a busy one is
// found out by its first unwanted event. When the kernel must be told anyway, it is told the whole truth.
func (w *watch) target() Armed {
	exact := Armed(0)
	if w.want&WantRead != 0 {
		exact |= ArmedRead
	}
	if w.want&WantWrite != 0 {
		exact |= ArmedWrite
	}
	if w.is(markExact) {
		return exact | foreignMask(w.want)
	}
	if exact == 0 {
		if w.armed == Unarmed && !w.is(markTell) {
			return Unarmed // never registered: there is nothing to park
		}
		exact = Parked
	}
	if w.armed == Unarmed {
		return exact
	}
	gains := exact &^ Parked &^ w.armed
	losesWrite := w.armed & ArmedWrite &^ exact
	if gains|losesWrite != 0 || w.is(markSquelched) {
		return exact
	}
	return w.armed
}

// forget removes the descriptor from the poller and from the slots, at once.
func (w *watch) forget() {
	if w.armed != Unarmed {
		w.remove()
	}
	w.r.slots.drop(w.tok)
	w.want = 0
	w.fd = -1
}

// holds is for source. A descriptor that is not ours is held only while it is watched.
func (w *watch) holds(fd int) bool { return int(w.fd) == fd && (!w.is(markExact) || w.is(markKeeps)) }

// remove takes the descriptor out of the poller.
func (w *watch) remove() {
	r := w.r
	r.k.Remove(int(w.fd), w.armed)
	w.armed = Unarmed
	r.stats.InterestChanges++
	w.settled()
}

// settled takes back that the last change of want was saved: it has come to a system call.
func (w *watch) settled() {
	if w.is(markEdited) {
		w.marks &^= markEdited
		w.r.stats.InterestSaved--
	}
}

// foreignMask is the part of the mask that only a Poll asks for.
func foreignMask(want Interest) (mask Armed) {
	if want&WantEnd != 0 {
		mask |= ArmedEnd
	}
	if want&WantPriority != 0 {
		mask |= ArmedPriority
	}
	return mask
}
