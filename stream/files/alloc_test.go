//go:build !weirdebug && !race

package files_test

import (
	"runtime"
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

// The checks of weirdebug cost, and the race detector has pools forget, so these are for the build that is shipped.

// allocations are how many there are from the first to the last call of the result, and how many calls there were.
func allocations(r *rig, run func()) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

func TestAReadCostsNoMemoryOfItsOwn(t *testing.T) {
	const reads = 256
	for _, c := range []struct {
		name   string
		cached float64
		each   float64 // allocations a read
	}{
		{"on the loop", 0, 0.3}, // those of the stream itself
		{"off the loop", 1, 6},  // a Work and its function; and the simulated kernel's job, its script and what drops it
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newSimRig(t, simkernel.Options{Seed: 1, Faults: simkernel.Faults{NotCached: c.cached}})
			s := files.Open(r.l, r.put("a", pattern(reads*64<<10)), files.ReadOptions{})
			n := 0
			s.OnData(func(p []byte) { n += len(p) })
			each := float64(allocations(r, r.run)) / reads
			if n != reads*64<<10 {
				t.Fatalf("read %d bytes", n)
			}
			if each > c.each {
				t.Errorf("%.2f allocations a read, want %.2f at most", each, c.each)
			}
			t.Logf("%.2f allocations a read", each)
		})
	}
}

func TestACopyCostsLittleMemory(t *testing.T) {
	const size = 64 << 20
	r := newRig(t, loop.Options{})
	in := files.Open(r.l, r.put("a", make([]byte, size)), files.ReadOptions{})
	out := files.Create(r.l, r.path("b"), files.WriteOptions{})
	stream.Pipeline(func(err error) { r.note("done %v", err) }, in, out)
	each := float64(allocations(r, r.run)) / (size / (64 << 10))
	r.wantLog("done <nil>")
	if each > 12 {
		t.Errorf("%.2f allocations for 64 KiB, want 12 at most", each)
	}
	t.Logf("%.2f allocations for 64 KiB", each)
}
