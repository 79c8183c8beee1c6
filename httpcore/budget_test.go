package httpcore

import (
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
)

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
	next("d")
	take("a", false) // by the limit for one origin, this time
	take("d", true)
	b.give(to("a"))
	next("e") // and if it does not want it any more:
	next("a")
	next("")
}

// A connection closes, and what waits for another origin is woken; but first somebody else takes the room, and keeps it.
func TestWhoWaitsForRoomDoesNotKeepTheLoopBusy(t *testing.T) {
	w := simkernel.New(simkernel.Options{Seed: 1})
	for _, address := range []string{"203.0.113.1:80", "203.0.113.2:80"} {
		defer w.ListenPeer(address, func(*simkernel.Peer) {})() // they never answer
	}
	l, err := loop.New(loop.Options{Kernel: w.Kernel()})
	if err != nil {
		t.Fatal(err)
	}
	a := NewAgent(AgentOptions{MaxTotalSockets: 1})
	request := func(url string) *ClientRequest {
		r, err := NewRequest(l, "GET", url, RequestOptions{Agent: a})
		if err != nil {
			t.Fatal(err)
		}
		r.OnError(func(error) {})
		r.End()
		return r
	}
	first := request("http://203.0.113.1/")
	request("http://203.0.113.2/")
	after := func(d time.Duration, fn func()) {
		timer := l.NewTimer()
		timer.Start(func() { timer.Close(nil); fn() }, d, 0)
	}
	after(time.Second, func() { first.Destroy(nil) })
	first.OnClose(func() { l.NextTick(func() { request("http://203.0.113.1/") }) })
	after(2*time.Second, func() {
		if m := a.Metrics(); m.Sockets != 1 || m.Queued != 1 {
			t.Errorf("got %+v, want one that has the room and one that waits", m)
		}
		a.Destroy()
	})
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	for _, complaint := range w.Check() {
		t.Error(complaint)
	}
}
