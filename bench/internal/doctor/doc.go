// Package doctor looks at a machine before it is measured: what would spoil figures, or keep a scenario from running, and
// what to do about it. [Look] asks the machine, [Examine] judges, so that the judging can be tested.
package doctor
