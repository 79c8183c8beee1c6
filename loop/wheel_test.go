package loop

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestStepAfterIsNeverEarly(t *testing.T) {
	for _, tc := range []struct {
		at   time.Duration
		want int64
	}{{0, 0}, {1, 1}, {wheelStep - 1, 1}, {wheelStep, 1}, {wheelStep + 1, 2}, {1<<63 - 1, int64((1<<63-1)/wheelStep) + 1}} {
		if got := stepAfter(tc.at); got != tc.want {
			t.Errorf("stepAfter(%v): got %d, want %d", tc.at, got, tc.want)
		}
	}
}

// What is far away shares few slots, or the loop would wake for each as it comes up.
func TestWheelPutsWhatIsFarIntoFewSlots(t *testing.T) {
	w := &wheel{at: 1000}
	used := map[uint16]bool{}
	for i := range 10_000 {
		w.at++
		d := new(Deadlines)
		w.put(d, w.at+wheelSlots+int64(i)*17)
		used[d.slot] = true
		if step := w.stepOf(d); step <= w.at || step > w.at+wheelSlots-1 {
			t.Fatalf("at %d, put into the slot of %d", w.at, step)
		}
		w.remove(d)
	}
	if len(used) > wheelSlots/wheelFar {
		t.Errorf("got %d slots, want %d at most", len(used), wheelSlots/wheelFar)
	}
}

// However long the leap, a slot is emptied once.
func TestWheelLeapsOverRoundsThatHaveGoneBy(t *testing.T) {
	w := new(wheel)
	for step := range int64(wheelSlots - 1) {
		w.put(new(Deadlines), step+1)
	}
	const hour = int64(time.Hour / wheelStep)
	w.turn(hour)
	if left := hour - w.at; left >= wheelSlots {
		t.Errorf("%d steps are left to turn, want less than a round", left)
	}
	taken := 0
	for w.take(hour) != nil {
		taken++
	}
	if taken != wheelSlots-1 || w.at != hour || w.n != 0 {
		t.Errorf("took %d, at %d, %d left; want %d, %d, 0", taken, w.at, w.n, wheelSlots-1, hour)
	}
}

// wheelModel is the reference: a list, looked through each time.
type wheelModel struct {
	items []modelNode
	put   int
}

type modelNode struct {
	d     *Deadlines
	step  int64
	order int
}

func (m *wheelModel) index(d *Deadlines) int {
	return slices.IndexFunc(m.items, func(x modelNode) bool { return x.d == d })
}

func (m *wheelModel) first() modelNode {
	return slices.MinFunc(m.items, func(a, b modelNode) int { return cmp.Or(cmp.Compare(a.step, b.step), cmp.Compare(a.order, b.order)) })
}

// TestWheelModel does at random what can be done with a wheel, in the middle of a turn too, and compares with the
// reference.
func TestWheelModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, m := new(wheel), new(wheelModel)
		nodes := make([]*Deadlines, rapid.IntRange(1, 20).Draw(t, "nodes"))
		for i := range nodes {
			nodes[i] = new(Deadlines)
		}
		change := func() {
			d := rapid.SampledFrom(nodes).Draw(t, "node")
			i := m.index(d)
			if rapid.IntRange(0, 3).Draw(t, "what") == 0 {
				w.remove(d)
				if i >= 0 {
					m.items = slices.Delete(m.items, i, i+1)
				}
				return
			}
			step := w.at + rapid.OneOf(rapid.Int64Range(-3, 6), rapid.Int64Range(0, 3000)).Draw(t, "step")
			w.put(d, step)
			step = max(step, w.at+1)
			if step >= w.at+wheelSlots {
				step = (w.at + wheelSlots - 1) / wheelFar * wheelFar
			}
			if i >= 0 && m.items[i].step <= step {
				return
			}
			if i >= 0 {
				m.items = slices.Delete(m.items, i, i+1)
			}
			m.put++
			m.items = append(m.items, modelNode{d, step, m.put})
		}
		check := func() {
			if w.n != len(m.items) {
				t.Fatalf("got %d nodes, want %d", w.n, len(m.items))
			}
			for _, x := range m.items {
				if got := w.stepOf(x.d); got != x.step {
					t.Fatalf("at %d: got step %d, want %d", w.at, got, x.step)
				}
			}
			for slot := range uint16(wheelSlots) {
				if got, want := w.full[slot>>6]>>(slot&63)&1 == 1, w.slots != nil && w.slots[slot] != nil; got != want {
					t.Fatalf("the bit of slot %d is %v, want %v", slot, got, want)
				}
			}
			later := slices.DeleteFunc(slices.Clone(m.items), func(x modelNode) bool { return x.step <= w.at })
			step, ok := w.next()
			if len(later) == 0 {
				return // empty, or only the slot of this step is not
			}
			if want := (&wheelModel{items: later}).first().step; !ok || step != want {
				t.Fatalf("at %d: the next is %d, %v; want %d", w.at, step, ok, want)
			}
		}
		for range rapid.IntRange(1, 40).Draw(t, "rounds") {
			for range rapid.IntRange(0, 5).Draw(t, "changes") {
				change()
				check()
			}
			to := w.at + rapid.OneOf(rapid.Int64Range(0, 5), rapid.Int64Range(0, 1100), rapid.Int64Range(1000, 1<<40)).Draw(t, "turn")
			w.turn(to)
			for i := range m.items {
				for m.items[i].step < w.at {
					m.items[i].step += wheelSlots * max(1, (w.at-m.items[i].step)/wheelSlots)
				}
			}
			for {
				d := w.take(to)
				if d == nil {
					break
				}
				want := m.first()
				if d != want.d || want.step > to {
					t.Fatalf("at %d: took the node of %d, want that of %d", w.at, m.items[m.index(d)].step, want.step)
				}
				m.items = slices.Delete(m.items, m.index(d), m.index(d)+1)
				check()
				if rapid.Bool().Draw(t, "in the middle") {
					change()
					check()
				}
			}
			if w.at != to || len(m.items) > 0 && m.first().step <= to {
				t.Fatalf("turned to %d, want %d", w.at, to)
			}
		}
	})
}
