package main

import "slices"

// deviation is a cause for which the Parser differs from what is recorded, on purpose.
type deviation struct {
	how    difference
	why    string
	passes bool // the RFC leaves the choice, and both are as good
	holds  func(c *clash) bool
}

// deviations are all that are known. Each is found in the input, so that nothing else passes for it.
var deviations = slices.Concat(refusals, tolerances, readings)

// findDeviation returns the first that holds.
func findDeviation(how difference, c *clash) *deviation {
	for i := range deviations {
		if d := &deviations[i]; c.off >= 0 && (d.how == how || d.how == anyhow) && d.holds(c) {
			return d
		}
	}
	return nil
}
