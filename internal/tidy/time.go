package tidy

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
)

// clockFiles may ask the system for the time or for a timer, each with its reason. Everything else on the floors takes
// the time from the Kernel's clock or from the loop, which is what makes a run on the simulated kernel repeatable.
var clockFiles = map[string]string{
	"reactor/clock.go":  "it is the clock",
	"loop/watchdog.go":  "it watches a loop that does not turn, so the loop can't tell it the time, and a simulated clock stands still",
	"weirtest/leaks.go": "it waits for goroutines of a process with real sockets, which end in real time",
}

// goroutineFiles may start goroutines, each with its reason: one loop is one goroutine, and all others are named here.
var goroutineFiles = map[string]string{
	"loop/pool.go":               "the work pool is made of them",
	"loop/group.go":              "Group.Run runs each loop on one",
	"loop/forwarder.go":          "a signal that somebody watches is received by one",
	"httpcore/stdhttp/pool.go":   "a handler of net/http blocks, so it cannot run on the loop; there is one while a request is under way, and a bound",
	"httpcore/stdhttp/sender.go": "a body that net/http's client is given is an io.Reader, which may block; there is one while it is read, and none for a body in memory",
	"httpcore/request.go":        "package context tells of a cancellation on one, which posts it to the loop and ends",
	"stream/finished.go":         "package context tells of a cancellation on one, which posts it to the loop and ends",
	"loop/watchdog.go":           "somebody has to look while a callback blocks the loop; there is one only if asked for, and only while the loop runs",
}

// clockNames are what time and context offer that reads a clock or starts a timer.
var clockNames = map[string][]string{
	"time":    {".", "Now", "Since", "Until", "After", "AfterFunc", "NewTimer", "NewTicker", "Sleep", "Tick"},
	"context": {".", "WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause"},
}

// seededNames are what the fake may take from math/rand/v2: generators with a seed, never the global one.
var seededNames = []string{"New", "NewPCG", "NewChaCha8", "Rand", "PCG", "ChaCha8", "Source"}

// onFloors reports whether f is shipped code of a floor, or the fake. Tests, the suite, programs, tools and nested
// modules are not.
func onFloors(f *goFile) bool {
	_, ok := floorOf(f.dir)
	return ok && f.module == "." && !f.test && f.dir != suite
}

// checkTime keeps clocks and timers in clockFiles.
func checkTime(t *tree) []problem {
	seen := map[string]bool{}
	var found []problem
	for _, f := range t.goFiles {
		if !onFloors(f) {
			continue
		}
		for _, pkg := range []string{"time", "context"} {
			for _, u := range f.uses(pkg) {
				if !slices.Contains(clockNames[pkg], u.name) {
					continue
				}
				if _, ok := clockFiles[f.path]; ok {
					seen[f.path] = true
					continue
				}
				found = append(found, problem{f.path, t.line(u.pos), fmt.Sprintf(
					"uses %s.%s; time comes from the Kernel's clock or the loop, or a simulated run can't be repeated (clockFiles in internal/tidy/time.go names the exceptions)", pkg, u.name)})
			}
		}
	}
	return append(found, stale(t, clockFiles, seen, "clockFiles")...)
}

// checkGoroutines keeps go statements in goroutineFiles. sync.WaitGroup.Go and context.AfterFunc are such in other words.
func checkGoroutines(t *tree) []problem {
	seen := map[string]bool{}
	var found []problem
	for _, f := range t.goFiles {
		if !onFloors(f) {
			continue
		}
		for _, pos := range goStatements(f) {
			if _, ok := goroutineFiles[f.path]; ok {
				seen[f.path] = true
				continue
			}
			found = append(found, problem{
				f.path, t.line(pos),
				"starts a goroutine; a loop and all it owns live on one, and the exceptions are named in goroutineFiles in internal/tidy/time.go",
			})
		}
	}
	return append(found, stale(t, goroutineFiles, seen, "goroutineFiles")...)
}

// goStatements finds go statements, calls of a method Go with one function, as WaitGroup.Go and errgroup have, and
// context.AfterFunc, whose function is called on a goroutine of its own.
func goStatements(f *goFile) []token.Pos {
	var found []token.Pos
	for _, u := range f.uses("context") {
		if u.name == "AfterFunc" {
			found = append(found, u.pos)
		}
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.GoStmt:
			found = append(found, x.Pos())
		case *ast.CallExpr:
			if sel, ok := x.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Go" && len(x.Args) == 1 {
				found = append(found, x.Pos())
			}
		}
		return true
	})
	return found
}

// checkChance keeps random numbers off the floors. The fake may have them from a seed.
func checkChance(t *tree) []problem {
	var found []problem
	for _, f := range t.goFiles {
		if !onFloors(f) {
			continue
		}
		for _, spec := range f.ast.Imports {
			switch imp := importPath(spec); {
			case imp != "math/rand" && imp != "math/rand/v2" && imp != "crypto/rand" && imp != "hash/maphash":
			case imp == "math/rand/v2" && f.dir == fake:
				for _, u := range f.uses(imp) {
					if !slices.Contains(seededNames, u.name) {
						found = append(found, problem{f.path, t.line(u.pos), "uses rand." + u.name + ", which has no seed of ours: the same seed must give the same trace"})
					}
				}
			default:
				found = append(found, problem{f.path, t.line(spec.Pos()), "imports " + imp + "; what the floors do depends on their input alone, or a failure can't be repeated"})
			}
		}
	}
	return found
}

// stale reports exceptions that are none any more, so that the lists stay as short as they can be.
func stale(t *tree, allowed map[string]string, seen map[string]bool, list string) []problem {
	var found []problem
	for name := range allowed {
		if t.exists(name) && !seen[name] {
			found = append(found, problem{name, 0, "needs no exception any more: drop it from " + list + " in internal/tidy/time.go"})
		}
	}
	return found
}
