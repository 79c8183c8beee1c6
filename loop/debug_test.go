//go:build weirdebug

package loop

import (
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/reactor"
)

// Under weirdebug a call from another goroutine than the loop's panics, with a sentence that says what to do instead.
func TestCallFromAForeignGoroutinePanics(t *testing.T) {
	l := newLoop(t, Options{})
	timer, idle := l.NewTimer(), l.NewIdle()
	signal := l.NewSignal()
	work := queue(t, l, func() {}, nil)
	client, _ := pair(t, l, "tcp")
	calls := map[string]func(){
		"NewTimer":    func() { l.NewTimer() },
		"Timer.Start": func() { timer.Start(func() {}, time.Hour, 0) },
		"Timer.Close": func() { timer.Close(nil) },
		"Idle.Start":  func() { idle.Start(func() {}) },
		"Unref":       func() { idle.Unref() },
		"NextTick":    func() { l.NextTick(func() {}) },
		"EndTurn":     func() { l.EndTurn() },
		"Walk":        func() { l.Walk(func(Handle) {}) },
		"Listen":      func() { l.Listen("tcp", "127.0.0.1:0", func(*reactor.Conn) {}) },
		"QueueWork":   func() { l.QueueWork(func() {}, nil) },
		"Work.Cancel": func() { work.Cancel() },
		"Signal.Start": func() {
			signal.Start(syscall.SIGUSR1, func(os.Signal) {})
		},
		"Signal.Stop": func() { signal.Stop() },
		"Lookup":      func() { l.Lookup("ip", "192.0.2.1", func([]netip.Addr, error) {}) },
		"Dial":        func() { l.Dial("tcp", "192.0.2.1:1", DialOptions{}, func(*reactor.Conn, error) {}) },
		"Conn.Write":  func() { client.Write([][]byte{{1}}, nil) },
	}
	l.Post(func() {
		var wg sync.WaitGroup
		for name, call := range calls {
			wg.Go(func() {
				defer func() {
					if s, _ := recover().(string); !strings.Contains(s, "use Loop.Post") {
						t.Errorf("%s: got %q, want the advice to use Loop.Post", name, s)
					}
				}()
				call()
			})
		}
		wg.Wait()
	})
	run(t, l)
	timer.Start(func() {}, 0, 0) // while it does not run, whoever holds the loop may use it
	run(t, l)
}
