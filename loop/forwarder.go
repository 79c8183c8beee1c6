package loop

import (
	"os"
	"os/signal"
	"slices"
	"sync"
)

// forwarder tells the loops of this process of its signals: signals are the process's, so there is one.
//
// Each signal that somebody watches has a channel and a goroutine of its own. With one channel for all of them, to stop
// watching one would be to stop and start anew, and in between the others would have their default action: they would
// end the process.
var forwarder struct {
	mu      sync.Mutex
	sources map[os.Signal]*source // only those that somebody watches
}

// source is one signal that is watched.
type source struct {
	sig     os.Signal
	watches []*watch // in the order they began; guarded by forwarder.mu
	came    chan os.Signal
	ended   chan struct{}
}

// forward has w told of its signal.
func forward(w *watch) {
	f := &forwarder
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.sources[w.sig]
	if s == nil {
		// One place is enough: if it is taken the goroutine has yet to look, and tells of both.
		s = &source{sig: w.sig, came: make(chan os.Signal, 1), ended: make(chan struct{})}
		if f.sources == nil {
			f.sources = map[os.Signal]*source{}
		}
		f.sources[w.sig] = s
		signal.Notify(s.came, s.sig)
		go s.serve()
	}
	s.watches = append(s.watches, w)
}

// unforward has w not told any more. If nobody else watches the signal, it has its default action when this returns.
func unforward(w *watch) {
	f := &forwarder
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.sources[w.sig]; s != nil {
		s.watches = slices.DeleteFunc(s.watches, func(x *watch) bool { return x == w })
		s.endUnlessWatched()
	}
}

// serve tells of the signal until nobody watches it.
func (s *source) serve() {
	for {
		select {
		case <-s.came:
			s.tell()
		case <-s.ended:
			return
		}
	}
}

// tell tells all who watch. Under the lock, so that nobody is told after unforward. Those who wanted one signal have had
// it: a second Ctrl-C ends a program whose loop is too busy to hear of the first.
func (s *source) tell() {
	f := &forwarder
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(s.watches) == 0 {
		return // it has ended meanwhile
	}
	for _, w := range s.watches {
		w.arrive()
	}
	s.watches = slices.DeleteFunc(s.watches, func(w *watch) bool { return w.oneShot })
	s.endUnlessWatched()
}

// endUnlessWatched gives the signal its default action back. The lock is held.
func (s *source) endUnlessWatched() {
	if len(s.watches) == 0 {
		signal.Stop(s.came)
		delete(forwarder.sources, s.sig)
		close(s.ended)
	}
}
