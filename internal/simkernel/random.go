package simkernel

import "time"

// random is splitmix64: one word of state, so that a seed is a run.
type random struct {
	state  uint64
	struck map[float64]int // how often chance was true, by its p; nil if nobody asks
}

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number in [0, n); 0 if n is not positive.
func (r *random) below(n int) int {
	if n <= 0 {
		return 0
	}
	return int(r.next() >> 1 % uint64(n))
}

// span returns a time in [0, d); 0 if d is not positive.
func (r *random) span(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(r.next() >> 1 % uint64(d))
}

// unit returns a number in [0, 1).
func (r *random) unit() float64 { return float64(r.next()>>11) / (1 << 53) }

// chance is true with probability p. A knob at 0 draws nothing: turning it off doesn't cost the hot path.
func (r *random) chance(p float64) bool {
	if p <= 0 || r.unit() >= p {
		return false
	}
	if r.struck != nil {
		r.struck[p]++
	}
	return true
}

// coin is true half of the time. It is no fault, and so not counted as one.
func (r *random) coin() bool { return r.unit() < 0.5 }
