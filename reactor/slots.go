package reactor

// slotTable gives every registration a Token and finds it again. The kernel holds tokens for longer than we hold the
// object, so a token is checked, never trusted: a generation that has passed on leads to nothing.
//
// A slot that was freed is not used again before the batch in which it was freed has been dispatched. The generation
// alone would do; the quarantine keeps the two guards independent, and makes the mistake of dropping one harmless.
type slotTable struct {
	pages      []*slots
	free       []uint32 // ready to be used again, last freed first
	quarantine []uint32 // freed during this batch
	made       uint32   // slots ever used; those from here on are untouched
	live       int
}

// slotPage is how many slots are allocated together: a page is 40 KiB, so that growing never copies, and of which a small
// program only touches the beginnings. It is five of the allocator's pages: what is smaller is rounded up, by a tenth.
const slotPage = 2048

// slots are a page of them, apart, so that one takes 20 bytes and not 24.
type slots struct {
	src [slotPage]source // nil while the slot is free
	gen [slotPage]uint32
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
			t.pages = append(t.pages, new(slots))
		}
	}
	p, at := t.at(i)
	p.src[at] = src
	t.live++
	return Token{Slot: i, Gen: p.gen[at]}
}

// find returns what tok leads to; nil if that registration has ended.
func (t *slotTable) find(tok Token) source {
	if tok.Slot >= t.made {
		return nil
	}
	p, at := t.at(tok.Slot)
	if p.gen[at] != tok.Gen {
		return nil
	}
	return p.src[at]
}

// drop ends a registration. Its slot rests until endBatch.
func (t *slotTable) drop(tok Token) {
	p, at := t.at(tok.Slot)
	p.src[at] = nil
	p.gen[at]++
	t.quarantine = append(t.quarantine, tok.Slot)
	t.live--
}

// renew ends a registration and begins another of the same source, in the same slot.
func (t *slotTable) renew(tok Token) Token {
	p, at := t.at(tok.Slot)
	p.gen[at]++
	return Token{Slot: tok.Slot, Gen: p.gen[at]}
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
		if p, at := t.at(i); p.src[at] != nil {
			fn(p.src[at])
		}
	}
}

// at is where slot i is.
func (t *slotTable) at(i uint32) (p *slots, at uint32) { return t.pages[i/slotPage], i % slotPage }
