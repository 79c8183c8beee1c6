// Package tidy holds the house rules that a compiler can't: its tests read the repository and say what is broken and why.
//
// Each rule is a function from a tree of files to a list of problems, so that each is tested twice: on this repository,
// where it must find nothing, and on a few lines made up to break it, where it must find exactly that. The rules:
//
//   - floors.go: which package may import which; what the root go.mod may require
//   - kernel.go: system calls, unsafe and build tags stay in reactor
//   - time.go: the clock, goroutines and chance stay where they are named
//   - words.go: no notes to self and no race-detector opt-outs
//   - docs.go: each package explains itself and shows an example
//   - files.go: the files that people and machines look for by name are there
//   - api.go: the exported surface is the one in docs/api.txt
//   - changelog.go, links.go, commands.go, reading.go: the pages for people are well formed and true
//   - skips.go: a test that CI may skip exists
//
// After a change of the exported surface:
//
//	go test ./internal/tidy -run API -update
package tidy
