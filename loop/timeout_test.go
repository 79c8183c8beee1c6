package loop

import (
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
)

func TestTimeoutIsHowLongTheLoopWouldWait(t *testing.T) {
	w := simkernel.New(simkernel.Options{CallCost: -1})
	l, err := New(Options{Kernel: w.Kernel()})
	if err != nil {
		t.Fatal(err)
	}
	want := func(when string, want time.Duration) {
		t.Helper()
		if got := l.PollTimeout(); got != want && (got >= 0 || want >= 0) {
			t.Errorf("%s: got %v, want %v", when, got, want)
		}
	}
	want("with nothing that keeps it", 0)
	async := l.NewAsync(nil)
	want("with nothing to wait for but others", -1)
	timer := l.NewTimer()
	l.Post(func() {
		timer.Start(func() {}, time.Minute, 0)
		w.Advance(20 * time.Second) // long work
		want("in a callback", 40*time.Second)
	})
	if _, err := l.RunNoWait(); err != nil {
		t.Error(err)
	}
	timer.Start(func() {}, time.Second, 0)
	want("with a timer", time.Second)
	w.Advance(400 * time.Millisecond)
	want("with a timer, a while later", 600*time.Millisecond)
	w.Advance(time.Second)
	want("with a timer that is due", 0)
	timer.Stop()
	want("without it", -1)
	l.NextTick(func() {})
	want("with a tick", 0)
	if _, err := l.RunNoWait(); err != nil {
		t.Error(err)
	}
	want("when that has run", -1)
	l.Post(func() {})
	want("with something posted", 0)
	timer.Close(nil)
	async.Close(nil)
	want("with handles that are closing", 0)
	if err := l.Run(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
