// Package stats has the little arithmetic a comparison needs: medians with confidence intervals, by golang.org/x/perf's benchmath, and ratios
// paired by round.
//
// A shared machine drifts by tens of per cent within minutes, so subjects are never compared by their own medians alone. They take turns, and
// [Ratios] divides what was measured in one round by what was measured in the same round.
package stats
