package weirtest

import (
	"fmt"
	"testing"
)

// Swarm runs fn in n worlds with Options.Swarm, with the seeds from 1 on, each as a subtest. Where connections break the answers of
// a test may not come: TryResponse, ReadAll and Err return why, and what else holds must hold in every world. To live one again,
// run its subtest, or set WEIRTEST_SEED.
func Swarm(t *testing.T, n int, o Options, fn func(t *testing.T, w *World)) {
	t.Helper()
	o.Swarm = true
	first, last := uint64(1), uint64(n)
	if seed, ok := fixedSeed(t); ok {
		first, last = seed, seed
	}
	for o.Seed = first; o.Seed <= last; o.Seed++ {
		if !t.Run(fmt.Sprintf("seed=%d", o.Seed), func(t *testing.T) { fn(t, New(t, o)) }) {
			return // the next ones would mostly say the same
		}
	}
}
