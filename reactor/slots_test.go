package reactor

import (
	"math/rand/v2"
	"testing"
	"unsafe"
)

// thing is a source for tests of the table.
type thing struct{ _ int }

func (*thing) step(*Event) bool { return false }
func (*thing) holds(int) bool   { return false }

func TestATokenLeadsToItsSourceUntilItIsDropped(t *testing.T) {
	var table slotTable
	a, b := &thing{}, &thing{}
	ta, tb := table.add(a), table.add(b)
	if table.find(ta) != source(a) || table.find(tb) != source(b) || table.live != 2 {
		t.Fatal("a token leads elsewhere")
	}
	table.drop(ta)
	if table.find(ta) != nil || table.find(tb) != source(b) || table.live != 1 {
		t.Error("after the drop")
	}
	for _, unknown := range []Token{{Slot: 2}, {Slot: 1 << 31}, {Slot: tb.Slot, Gen: tb.Gen + 1}, {Slot: ta.Slot, Gen: ta.Gen + 1}} {
		if got := table.find(unknown); got != nil {
			t.Errorf("%v leads to %v", unknown, got)
		}
	}
}

func TestASlotRestsUntilTheBatchHasEnded(t *testing.T) {
	var table slotTable
	old := table.add(&thing{})
	table.drop(old)
	during := table.add(&thing{})
	if during.Slot == old.Slot {
		t.Error("the slot was used again in the batch in which it was freed")
	}
	table.endBatch()
	after := table.add(&thing{})
	if after.Slot != old.Slot || after.Gen == old.Gen {
		t.Errorf("freed %v, then got %v: want the slot with another generation", old, after)
	}
	if table.find(old) != nil {
		t.Error("the old token leads to the new source")
	}
}

func TestEachSeesWhatIsLiveAndMayChangeIt(t *testing.T) {
	var table slotTable
	var tokens []Token
	for range 5 {
		tokens = append(tokens, table.add(&thing{}))
	}
	table.drop(tokens[1])
	seen := 0
	table.each(func(source) {
		if seen++; seen == 1 {
			table.drop(tokens[4])
			table.add(&thing{}) // not seen: it is younger than the walk
		}
	})
	if seen != 3 {
		t.Errorf("saw %d, want 3", seen)
	}
}

// TestAnIdleConnectionIsSmall: there may be very many. Another word makes a Conn 96 bytes.
func TestAnIdleConnectionIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(Conn{}); size > 80 {
		t.Errorf("a Conn is %d bytes, want at most 80", size)
	}
	if size := unsafe.Sizeof(slots{}) / slotPage; size > 20 {
		t.Errorf("its slot is %d bytes, want at most 20", size)
	}
}

// TestSlotsAgreeWithAMap drives the table and a map of what should be in it.
func TestSlotsAgreeWithAMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var table slotTable
	live := map[Token]*thing{}
	var gone, order []Token
	for range 50_000 {
		switch rng.IntN(5) {
		case 0, 1, 2:
			th := &thing{}
			tok := table.add(th)
			if live[tok] != nil {
				t.Fatalf("%v is given out twice", tok)
			}
			live[tok] = th
			order = append(order, tok)
		case 3:
			if len(order) > 0 {
				i := rng.IntN(len(order))
				tok := order[i]
				order[i] = order[len(order)-1]
				order = order[:len(order)-1]
				table.drop(tok)
				delete(live, tok)
				gone = append(gone, tok)
			}
		case 4:
			table.endBatch()
		}
		if table.live != len(live) {
			t.Fatalf("%d live, want %d", table.live, len(live))
		}
	}
	for tok, th := range live {
		if table.find(tok) != source(th) {
			t.Fatalf("%v leads elsewhere", tok)
		}
	}
	for _, tok := range gone {
		if table.find(tok) != nil {
			t.Fatalf("%v leads to something, and was dropped", tok)
		}
	}
	if int(table.made) > 20_000 || len(table.pages) != (int(table.made)+slotPage-1)/slotPage {
		t.Errorf("%d slots in %d pages", table.made, len(table.pages))
	}
}
