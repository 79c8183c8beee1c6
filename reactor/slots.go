package reactor

// slotTable gives every registration a Token and finds it again. The kernel holds tokens for longer than we hold the
// object, so a token is checked, never trusted: a generation that has passed on leads to nothing.
//
// A slot that was freed is not used again before the batch in which it was freed has been dispatched. The generation
// alone would do; the quarantine keeps the two guards independent, and makes the mistake of dropping one harmless.
type slotTable struct {
	pages      []*[slotPage]slot
	free       []uint32 // ready to be used again, last freed first
	quarantine []uint32 // freed during this batch
	made       uint32   // slots ever used; those from here on are untouched
	live       int
}

// slotPage is how many slots are allocated together: a page is 24 KiB, so that growing never copies and a small
// program never pays for a large table.
const slotPage = 1024

type slot struct {
	src source // nil while the slot is free
	gen uint32
}

// source is what a token leads to.
type source interface {
	// step does the next thing that ev asks for, and clears in ev what is done. It reports whether it ran a
	// callback: if so it is called again once the turn has ended, if not the event is finished.
	step(ev *Event) bool
	// holds reports whether the source watches fd, or may at any time.
	holds(fd int) bool
}

// add puts src into a slot.
func (t *slotTable) add(src source) Token {
	var i uint32
	if n := len(t.free); n > 0 {
		i = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		i = t.made
		t.made++
		if int(i/slotPage) == len(t.pages) {
			t.pages = append(t.pages, new([slotPage]slot))
		}
	}
	s := t.at(i)
	s.src = src
	t.live++
	return Token{Slot: i, Gen: s.gen}
}

// find returns what tok leads to; nil if that registration has ended.
func (t *slotTable) find(tok Token) source {
	if tok.Slot >= t.made {
		return nil
	}
	s := t.at(tok.Slot)
	if s.gen != tok.Gen {
		return nil
	}
	return s.src
}

// drop ends a registration. Its slot rests until endBatch.
func (t *slotTable) drop(tok Token) {
	s := t.at(tok.Slot)
	s.src = nil
	s.gen++
	t.quarantine = append(t.quarantine, tok.Slot)
	t.live--
}

// renew ends a registration and begins another of the same source, in the same slot.
func (t *slotTable) renew(tok Token) Token {
	s := t.at(tok.Slot)
	s.gen++
	return Token{Slot: tok.Slot, Gen: s.gen}
}

// endBatch lets the slots freed since the last call be used again.
func (t *slotTable) endBatch() {
	if len(t.quarantine) > 0 {
		t.free = append(t.free, t.quarantine...)
		t.quarantine = t.quarantine[:0]
	}
}

// each calls fn for every live source. fn may add and drop.
func (t *slotTable) each(fn func(source)) {
	for i := range t.made {
		if src := t.at(i).src; src != nil {
			fn(src)
		}
	}
}

func (t *slotTable) at(i uint32) *slot { return &t.pages[i/slotPage][i%slotPage] }
