package weirtest

import (
	"testing"
	"time"
)

// SetMaxSteps has a loop that never rests be found sooner, until the test ends.
func SetMaxSteps(t *testing.T, n int) {
	before := maxSteps
	maxSteps = n
	t.Cleanup(func() { maxSteps = before })
}

// SetLeakPatience has leaks be found sooner, until the test ends.
func SetLeakPatience(t *testing.T, d time.Duration) {
	before := leakPatience
	leakPatience = d
	t.Cleanup(func() { leakPatience = before })
}

// DieAtEach has EveryByte be about every n-th byte. It is for the whole run.
func DieAtEach(n int) { each = n }
