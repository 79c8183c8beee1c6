package simkernel

import "reflect"

// Happened is how often each fault has struck since the world began, by the name of its knob in Faults: a test that is
// said to stand faults shows with it that there were any. Only worlds that Options.CountFaults asks for it count.
//
// A fault is told by its probability, so knobs that have the same are counted together, under the name of each. Swarm
// never gives the same twice.
func (w *World) Happened() map[string]int {
	counts := map[string]int{}
	for knob := range reflect.TypeFor[Faults]().Fields() {
		if knob.Type.Kind() != reflect.Float64 {
			continue
		}
		counts[knob.Name] += w.random.struck[reflect.ValueOf(w.faults).FieldByIndex(knob.Index).Float()]
	}
	return counts
}
