package reactor

import "time"

// clock is the real Clock.
type clock struct{ start time.Time }

func newClock() clock { return clock{start: time.Now()} }

// Monotonic is the time since the kernel was made.
func (c clock) Monotonic() time.Duration { return time.Since(c.start) }

// Wall is the time of day.
func (clock) Wall() time.Time { return time.Now() }
