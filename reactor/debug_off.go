//go:build !weirdebug

package reactor

// debug turns on checks that cost time: see the build tag weirdebug.
const debug = false

type goroutineGuard struct{}

func (goroutineGuard) enter() {}
func (goroutineGuard) leave() {}
func (goroutineGuard) check() {}
