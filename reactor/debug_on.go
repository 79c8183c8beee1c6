//go:build weirdebug

package reactor

import (
	"bytes"
	"runtime"
	"strconv"
	"sync/atomic"
)

// debug turns on checks that cost time: see the build tag weirdebug.
const debug = true

// goroutineGuard catches calls from another goroutine while the loop runs. Before and after, any goroutine may set
// things up or take them down. Whoever is caught reads the number without any order, so it is atomic.
type goroutineGuard struct{ id atomic.Int64 }

func (g *goroutineGuard) enter() { g.id.Store(goroutineID()) }
func (g *goroutineGuard) leave() { g.id.Store(0) }

func (g *goroutineGuard) check() {
	owner := g.id.Load()
	if owner == 0 {
		return
	}
	if id := goroutineID(); id != owner {
		panic("reactor: called from goroutine " + strconv.FormatInt(id, 10) + "; the loop runs on goroutine " +
			strconv.FormatInt(owner, 10) + " (use Loop.Post)")
	}
}

// goroutineID reads the number from the head of a stack trace: there is no other way, and no need for a fast one.
func goroutineID() int64 {
	var buf [64]byte
	head := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	digits, _, _ := bytes.Cut(head, []byte(" "))
	id, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		panic("reactor: no goroutine number in " + string(head))
	}
	return id
}
