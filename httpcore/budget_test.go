package httpcore

import "testing"

func TestRoomIsOfferedToWhoeverThereIsRoomFor(t *testing.T) {
	var b budget
	b.init(1, 2)
	p := &pool{}
	to := func(name string) originKey { return originKey{network: "tcp", address: name} }
	take := func(name string, want bool) {
		t.Helper()
		if ok, _ := b.take(p, to(name)); ok != want {
			t.Fatalf("room for %s: %v, want %v", name, ok, want)
		}
	}
	next := func(want string) {
		t.Helper()
		if x, ok := b.next(); x.key.address != want || ok != (want != "") {
			t.Fatalf("the room goes to %q, want %q", x.key.address, want)
		}
	}
	take("a", true)
	take("x", true)
	take("d", false)
	take("e", false)
	next("") // there is no room: who asked just now would ask for ever
	b.give(to("x"))
	next("d") // which has it from now on: nobody is quicker
	take("d", false)
	take("a", false) // by the limit for one origin, this time
	b.give(to("a"))
	next("e") // and if it does not want it any more:
	b.give(to("e"))
	next("a")
	next("")
}
