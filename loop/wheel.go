package loop

import (
	"math/bits"
	"time"
)

// wheel keeps Deadlines by when to look at them next, in steps of time: hashed, coarse, intrusive. Putting one in, moving
// it and taking it out cost the same however many there are, and allocate nothing.
//
// The slots are the steps after the one the wheel stands at, less than a round of them. What is to be looked at later
// than that waits in the last slot of this round whose step is a multiple of wheelFar, and is looked at and put in anew
// there. So nodes that are far away share few slots, and the loop wakes for them once in wheelFar steps at most.
//
// A node may be in a slot earlier than it has to, never later: see Deadlines.Touch. And it may be in one though no clock of
// it runs any more; it goes when that slot comes up.
type wheel struct {
	at      int64                   // the step it stands at: its slot has been emptied, or is being so
	n       int                     // nodes in the slots
	running int                     // Deadlines with a clock that runs
	slots   *[wheelSlots]*Deadlines // each the first of a ring; 8 KiB, made for the first node
	full    [wheelSlots / 64]uint64 // one bit a slot: it is not empty
	pass    deadlinePass
}

const (
	// wheelStep is how coarse deadlines are. A second would do for most servers; a tenth is below what people notice,
	// and a loop that wakes ten times a second for it is still idle.
	wheelStep = 100 * time.Millisecond
	// wheelSlots is a power of two. A round is 102.4 s: longer than the usual limits, so that few nodes wait for
	// another one.
	wheelSlots = 1024
	// wheelFar is a power of two as well. The smaller it is the fewer nodes are looked at in one go, the larger the
	// longer the loop sleeps: 12.8 s.
	wheelFar = 128
)

func slotOf(step int64) uint16 { return uint16(step & (wheelSlots - 1)) }

// stepAfter is the first step that begins at t or later: whoever looks then is not early.
func stepAfter(t time.Duration) int64 {
	step := int64(t / wheelStep)
	if t%wheelStep != 0 {
		step++
	}
	return step
}

// stepOf is the step in which d, which is in the wheel, is looked at.
func (w *wheel) stepOf(d *Deadlines) int64 {
	return w.at + int64((d.slot-slotOf(w.at))&(wheelSlots-1))
}

// due reports whether there is a node to look at, now being the time, or may be: a step has gone by.
func (w *wheel) due(now time.Duration) bool {
	return w.pass.on || w.n > 0 && int64(now/wheelStep) > w.at
}

// looksAt is when that is, if no iteration is late.
func (w *wheel) looksAt(d *Deadlines) time.Duration { return time.Duration(w.stepOf(d)) * wheelStep }

// put has d looked at in step, or earlier: it stays where it is if that is early enough. A step that has gone by means
// the next.
func (w *wheel) put(d *Deadlines, step int64) {
	step = max(step, w.at+1)
	if last := w.at + wheelSlots - 1; step > last {
		step = last &^ (wheelFar - 1)
	}
	if d.next != nil {
		if w.stepOf(d) <= step {
			return
		}
		w.remove(d)
	}
	if w.slots == nil {
		w.slots = new([wheelSlots]*Deadlines)
	}
	d.slot = slotOf(step)
	first := w.slots[d.slot]
	if first == nil {
		d.next, d.prev = d, d
		w.slots[d.slot] = d
		w.full[d.slot>>6] |= 1 << (d.slot & 63)
	} else {
		d.next, d.prev = first, first.prev
		d.prev.next, first.prev = d, d
	}
	w.n++
}

// remove takes d out, if it is in.
func (w *wheel) remove(d *Deadlines) {
	if d.next == nil {
		return
	}
	switch {
	case d.next == d:
		w.slots[d.slot] = nil
		w.full[d.slot>>6] &^= 1 << (d.slot & 63)
	case w.slots[d.slot] == d:
		w.slots[d.slot] = d.next
	}
	d.prev.next, d.next.prev = d.next, d.prev
	d.next, d.prev = nil, nil
	w.n--
}

// next is the first step after the one the wheel stands at whose slot is not empty; ok is false if all are.
func (w *wheel) next() (step int64, ok bool) {
	if w.n == 0 {
		return 0, false
	}
	from := slotOf(w.at + 1)
	word := from >> 6
	set := w.full[word] >> (from & 63) << (from & 63)
	for set == 0 { // it comes back to the first word for what lies before from
		word = (word + 1) % uint16(len(w.full))
		set = w.full[word]
	}
	slot := word<<6 + uint16(bits.TrailingZeros64(set))
	return w.at + 1 + int64((slot-from)&(wheelSlots-1)), true
}

// turn prepares to take what there is up to the step to. After a leap in time each slot is emptied once, however many
// rounds have gone by.
func (w *wheel) turn(to int64) {
	w.at = max(w.at, to-(wheelSlots-1))
}

// take turns the wheel towards the step to and takes out the next node on the way; without one it is there, and take
// returns nil. The order is that of the steps, and within a step that of putting in. Between two calls any node may be
// put in or removed.
func (w *wheel) take(to int64) *Deadlines {
	for w.n > 0 {
		if d := w.slots[slotOf(w.at)]; d != nil {
			w.remove(d)
			return d
		}
		step, _ := w.next()
		if step > to {
			break
		}
		w.at = step
	}
	w.at = max(w.at, to)
	return nil
}
