package reactor

import "time"

// clock is the real Clock.
type clock struct{}

// start is the moment that all kernels of the process count from: what one loop has noted another may compare.
var start = time.Now()

// Monotonic is the time since the process began.
func (clock) Monotonic() time.Duration { return time.Since(start) }

// Wall is the time of day.
func (clock) Wall() time.Time { return time.Now() }
