package weirtest

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// leakPatience is how long what ends by itself has for that when a test ends: it may have just been told to. Tests of this package
// change it.
var leakPatience = 5 * time.Second

// CheckLeaks remembers the descriptors and goroutines that this process has, and fails the test if there are others when it
// ends, five seconds of real time after its other cleanups at the latest. It is for tests with real sockets, and for the first line of
// a test, which may not run in parallel with others.
//
// Descriptors are those that /proc/self/fd or /dev/fd shows; where there is neither, and on FreeBSD without fdescfs, only goroutines
// are looked at.
func CheckLeaks(t testing.TB) {
	t.Helper()
	wakePoller()
	fds, goroutines := openFDs(), goroutineStacks()
	t.Cleanup(func() {
		t.Helper()
		var left []string
		for end := time.Now().Add(leakPatience); ; time.Sleep(5 * time.Millisecond) {
			if left = leaks(fds, goroutines); len(left) == 0 || time.Now().After(end) {
				break
			}
		}
		for _, what := range left {
			t.Errorf("weirtest: %s", what)
		}
	})
}

// wakePoller has the runtime open what it opens once in a process, with the first descriptor that it waits for.
func wakePoller() {
	if r, w, err := os.Pipe(); err == nil {
		r.Close()
		w.Close()
	}
}

// leaks describes what is there and was not.
func leaks(fds map[int]string, goroutines map[int]string) []string {
	var all []string
	now := openFDs()
	for _, fd := range slices.Sorted(maps.Keys(now)) {
		if was, ok := fds[fd]; !ok || was != now[fd] {
			all = append(all, fmt.Sprintf("descriptor %d is open: %s", fd, now[fd]))
		}
	}
	stacks := goroutineStacks()
	for _, id := range slices.Sorted(maps.Keys(stacks)) {
		if _, ok := goroutines[id]; !ok {
			all = append(all, "a goroutine is left:\n"+stacks[id])
		}
	}
	return all
}

// openFDs are the open descriptors, and what they lead to where that is known.
func openFDs() map[int]string {
	found := map[int]string{}
	for _, folder := range []string{"/proc/self/fd", "/dev/fd"} {
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue
		}
		for _, e := range entries {
			fd, err := strconv.Atoi(e.Name())
			if err != nil {
				continue
			}
			to, err := os.Readlink(folder + "/" + e.Name())
			if err != nil {
				if _, err := os.Stat(folder + "/" + e.Name()); err != nil {
					continue // that of the folder itself, which is closed by now
				}
			}
			found[fd] = to
		}
		break
	}
	return found
}

// goroutineStacks are the goroutines that somebody has started, by number; not the runtime's.
func goroutineStacks() map[int]string {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	found := map[int]string{}
	for text := range bytes.SplitSeq(buf, []byte("\n\n")) {
		stack := string(text)
		rest, ok := strings.CutPrefix(stack, "goroutine ")
		if !ok || strings.Contains(stack, "os/signal.signal_recv") || strings.Contains(stack, "created by testing.") {
			continue // the first watches signals for the whole process; the others are tests
		}
		number, _, _ := strings.Cut(rest, " ")
		if id, err := strconv.Atoi(number); err == nil {
			found[id] = stack
		}
	}
	return found
}
