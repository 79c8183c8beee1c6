package wholesim

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
)

// exchangesAWorld is how many there may be on average; some visitors leave before.
const exchangesAWorld = 40

func environment(t *testing.T, name string, def uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return def
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// SIM_EXCHANGES is how many exchanges there are at least, over all worlds; SIM_LIVES if that is not set. SIM_SEED is the
// first seed.
func TestSimWholeWorlds(t *testing.T) {
	lives := uint64(4000)
	if testing.Short() || slowBuild {
		lives = 400
	}
	lives = environment(t, "SIM_EXCHANGES", environment(t, "SIM_LIVES", lives))
	first := environment(t, "SIM_SEED", 1)
	workers := min(lives, uint64(runtime.GOMAXPROCS(0)))
	var mu sync.Mutex
	all, worlds := newTally(), 0
	t.Cleanup(func() {
		t.Logf("%d worlds from seed %d on: %v", worlds, first, all)
		if !t.Failed() {
			all.judge(t)
		}
	})
	for i := range workers {
		t.Run(fmt.Sprintf("worker %d", i), func(t *testing.T) {
			t.Parallel()
			at := newSite(t)
			done := uint64(0)
			for seed := first + i; done < lives/workers && !t.Failed(); seed += workers {
				s := live(seed, at, exchangesAWorld, true)
				if len(s.problems) > 0 {
					t.Error(s.report())
				}
				done += max(1, uint64(s.t.exchanges)) // a world may have none: its descriptors are too few
				mu.Lock()
				worlds++
				all.take(s.t)
				mu.Unlock()
			}
		})
	}
}

func TestSimWholeWorldsAreTheSameEveryTime(t *testing.T) {
	seeds := uint64(20)
	if slowBuild {
		seeds = 5
	}
	at := newSite(t)
	for seed := range seeds {
		// The boundaries of several parts are by chance.
		a, b := live(seed, at, exchangesAWorld, false), live(seed, at, exchangesAWorld, false)
		if a.w.TraceHash() != b.w.TraceHash() {
			t.Errorf("seed %d: the traces differ", seed)
		}
		if a.t.String() != b.t.String() {
			t.Errorf("seed %d: what happened differs:\n%v\n%v", seed, a.t, b.t)
		}
	}
}
