package loop

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestPostManyFromFourGoroutines: nothing is lost, each sender's posts run in its order, none allocates, and the loop is
// woken at most once for each time that it waits: that it sleeps, or was about to when a post came in between. WEIR_POSTS=10000000
// is the long version.
func TestPostManyFromFourGoroutines(t *testing.T) {
	posts := 400_000
	if s := os.Getenv("WEIR_POSTS"); s != "" {
		posts, _ = strconv.Atoi(s)
	} else if testing.Short() || slowBuild {
		posts /= 10
	}
	const (
		senders = 4
		fns     = 1024 // different functions of a sender, made beforehand: they tell the order, and cost nothing
		rest    = 4096 // after so many posts a sender waits for them, so that the loop sleeps now and then
	)
	k, l := newCounting(t)
	sleeps := int64(0)
	k.waiting = func(timeout time.Duration) {
		if timeout != 0 {
			sleeps++
		}
	}
	keep := l.NewAsync(nil)
	var next [senders]struct {
		ran     atomic.Int64
		_       [7]uint64 // a cache line of its own: it is the mailbox that is tested
		wrong   int
		posting [fns]func()
	}
	for s := range next {
		n := &next[s]
		for i := range n.posting {
			n.posting[i] = func() {
				if n.ran.Add(1)%fns != int64(i+1)%fns {
					n.wrong++
				}
			}
		}
	}
	longest := 0
	prepare := l.NewPrepare()
	begin(t, prepare, func() { longest = max(longest, cap(l.mail.out)) })
	prepare.Unref()
	each := int64(posts / senders)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	started := time.Now()
	var wg sync.WaitGroup
	var left atomic.Int64
	left.Store(senders)
	for s := range next {
		wg.Go(func() {
			n := &next[s]
			for i := range each {
				l.Post(n.posting[i%fns])
				for i%rest == rest-1 && n.ran.Load() <= i {
					runtime.Gosched()
				}
			}
			if left.Add(-1) == 0 {
				l.Post(func() { keep.Close(nil) })
			}
		})
	}
	limit := time.AfterFunc(2*patience, l.Stop)
	if err := l.Run(); err != nil || !limit.Stop() {
		t.Fatalf("Run returned %v, or had to be stopped", err)
	}
	wg.Wait()
	took := time.Since(started)
	runtime.ReadMemStats(&after)
	for s := range next {
		if got := next[s].ran.Load(); got != each || next[s].wrong != 0 {
			t.Errorf("sender %d: %d posts have run, %d of them out of order; want %d, 0", s, got, next[s].wrong, each)
		}
	}
	if wakes := k.wakes.Load(); wakes > int64(k.waits) {
		t.Errorf("got %d wakes for %d waits, %d of them sleeps", wakes, k.waits, sleeps)
	}
	mallocs := after.Mallocs - before.Mallocs
	if !slowBuild && mallocs > uint64(1000+posts/1000) { // what the queue needs to grow, and the runtime by itself
		t.Errorf("got %d allocations for %d posts", mallocs, posts)
	}
	t.Logf("%d posts: %v each; %d wakes, %d sleeps, %d waits; %d allocations; at most %d waited at once",
		posts, took/time.Duration(posts), k.wakes.Load(), sleeps, k.waits, mallocs, longest)
}
