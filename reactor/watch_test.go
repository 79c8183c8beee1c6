package reactor

import "testing"

// TestTarget is the table of what the kernel is told, by what it holds, what is wanted, and whether something unwanted
// has come.
func TestTarget(t *testing.T) {
	const (
		r  = ArmedRead
		w  = ArmedWrite
		rw = ArmedRead | ArmedWrite
	)
	for _, test := range []struct {
		armed     Armed
		want      Interest
		squelched bool
		to        Armed
	}{
		// Nothing was ever wanted: the kernel need not know.
		{Unarmed, 0, false, Unarmed},
		{Unarmed, WantRead, false, r},
		{Unarmed, WantWrite, false, w},
		{Unarmed, WantRead | WantWrite, false, rw},
		// Gaining is told at once, and with it the whole truth.
		{Parked, WantRead, false, r},
		{Parked, WantWrite, false, w},
		{Parked, 0, false, Parked},
		{r, WantRead | WantWrite, false, rw},
		{r, WantWrite, false, w},
		{w, WantRead, false, r},
		// Losing the interest in writing is told at once, in reading not.
		{r, 0, false, r},
		{rw, WantWrite, false, rw},
		{w, 0, false, Parked},
		{rw, 0, false, Parked},
		{rw, WantRead, false, r},
		// Unless something has come that nobody wanted.
		{r, 0, true, Parked},
		{rw, WantWrite, true, w},
		{r, WantRead, true, r},
	} {
		c := &watch{armed: test.armed, want: test.want}
		c.mark(markSquelched, test.squelched)
		if got := c.target(); got != test.to {
			t.Errorf("armed %v, want %v, squelched %v: got %v, want %v", test.armed, test.want, test.squelched, got, test.to)
		}
	}
}

// TestTheKernelIsNeverArmedWithNothing: an empty mask would report hang-ups for ever, and no descriptor that is known
// becomes unknown but by Remove.
func TestTheKernelIsNeverArmedWithNothing(t *testing.T) {
	for armed := ArmedRead; armed <= Parked; armed++ {
		for want := range WantRead | WantWrite + 1 {
			for _, squelched := range []bool{false, true} {
				w := &watch{armed: armed, want: want}
				w.mark(markSquelched, squelched)
				to := w.target()
				if to == Unarmed || to&Parked != 0 && to != Parked {
					t.Errorf("armed %v, want %v, squelched %v: %v", armed, want, squelched, to)
				}
				if missing := Armed(want) &^ to; missing != 0 {
					t.Errorf("armed %v, want %v, squelched %v: %v lacks %v", armed, want, squelched, to, missing)
				}
			}
		}
	}
}

func TestSetsNameTheirMembers(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{Interest(0).String(), "none"},
		{(WantRead | WantWrite).String(), "WantRead|WantWrite"},
		{(CanRead | HungUp).String(), "CanRead|HungUp"},
		{(CanWrite | Ended).String(), "CanWrite|Ended"},
		{Unarmed.String(), "Unarmed"},
		{(ArmedRead | ArmedWrite).String(), "ArmedRead|ArmedWrite"},
		{Parked.String(), "Parked"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
