// Package stats has the little arithmetic a comparison needs: medians, the middle half, and ratios paired by round.
//
// A shared machine drifts by tens of per cent within minutes, so subjects are never compared by their own medians. They
// take turns, and [Ratios] divides what was measured in one round by what was measured in the same round.
package stats
