// Timers shows what a loop does with time: timers that run once, again and again, or are put off; ticks, which run
// before anything else; and deadlines, for what others keep waiting.
//
//	go run ./examples/timers
//
// Try to break it: stop it with Ctrl-Z for a while. What was due meanwhile is late, and is told once.
package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/weir-go/weir/loop"
)

func main() {
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	show(l, os.Stdout)
	if err := l.Run(); err != nil { // returns when no timer is left
		log.Fatal(err)
	}
	if err := l.Close(); err != nil {
		log.Fatal(err)
	}
}

const unit = 100 * time.Millisecond

func show(l *loop.Loop, w io.Writer) {
	begin := l.Now()
	say := func(what string) { fmt.Fprintf(w, "%4d ms  %s\n", (l.Now() - begin).Milliseconds(), what) }
	// after is a timer that runs once. A timer that is not needed any more is closed.
	after := func(d time.Duration, fn func()) {
		t := l.NewTimer()
		t.Start(func() {
			fn()
			t.Close(nil)
		}, d, 0)
	}

	// Equal times run in the order of starting; a tick runs before the next of them.
	after(1*unit, func() {
		say("once")
		l.NextTick(func() { say("its tick") })
	})
	after(1*unit, func() { say("once, started later") })

	// A timer that repeats goes on until it is stopped or closed.
	beats, beat := 0, l.NewTimer()
	beat.Start(func() {
		if beats++; beats == 3 {
			beat.Close(func() { say("closed") })
		}
		say(fmt.Sprint("beat ", beats))
	}, 2*unit, 2*unit)

	// Again puts a repeating timer off: a dog that barks unless it is fed.
	dog := l.NewTimer()
	dog.Start(func() {
		say("the dog barks")
		dog.Close(nil)
	}, 3*unit, 3*unit)
	after(2*unit+unit/2, func() {
		say("the dog is fed")
		dog.Again()
	})

	// A peer is somebody whose silence is limited. To touch its deadline costs nothing; that it is coarse does not matter.
	p := new(peer)
	p.gone = func() {
		say("the peer has been silent for too long")
		p.deadlines.Close()
	}
	p.deadlines.Init(l, p)
	p.deadlines.Start(loop.DeadlineRead, 3*unit)
	after(3*unit/2, func() {
		say("the peer is heard of")
		p.deadlines.Touch(loop.DeadlineRead)
	})
	after(8*unit, func() {}) // deadlines don't keep a loop alive; connections would
}

// peer has its deadlines in itself.
type peer struct {
	deadlines loop.Deadlines
	gone      func()
}

// OnDeadline is told by the loop.
func (p *peer) OnDeadline(loop.Deadline) { p.gone() }
