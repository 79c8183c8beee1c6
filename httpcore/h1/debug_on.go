//go:build weirdebug

package h1

// steps counts what a Parser does: states entered, and bytes looked at inside them.
type steps struct{ n int }

func (s *steps) add(n int) { s.n += n }
