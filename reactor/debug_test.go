//go:build weirdebug

package reactor_test

import (
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// TestACallFromAnotherGoroutineIsCaught while the loop runs, and only then.
func TestACallFromAnotherGoroutineIsCaught(t *testing.T) {
	w := simkernel.New(simkernel.Options{})
	r := reactor.New(w.Kernel(), reactor.Options{})
	c, err := r.Connect("tcp", "127.0.0.1:1", nil)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := func(fn func()) (panicked any) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() { panicked = recover() }()
			fn()
		}()
		<-done
		return panicked
	}
	if v := elsewhere(c.ReadStop); v != nil {
		t.Errorf("before the loop runs: %v", v)
	}
	r.Enter()
	v := elsewhere(c.ReadStop)
	if s, _ := v.(string); !strings.HasPrefix(s, "reactor: called from goroutine ") {
		t.Errorf("while it runs: %v", v)
	}
	if v := elsewhere(r.Wake); v != nil {
		t.Errorf("Wake: %v", v)
	}
	r.Leave()
	if v := elsewhere(func() { c.Close(nil) }); v != nil {
		t.Errorf("afterwards: %v", v)
	}
}
