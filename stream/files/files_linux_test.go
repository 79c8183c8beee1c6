package files_test

import (
	"errors"
	"testing"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

func TestADeviceThatIsFullIsAFullDisk(t *testing.T) {
	r := newRig(t, loop.Options{})
	in := files.Open(r.l, r.put("a", pattern(1000)), files.ReadOptions{})
	out := files.Create(r.l, "/dev/full", files.WriteOptions{})
	stream.Pipeline(func(err error) { r.note("%v, %t", err, errors.Is(err, reactor.ENOSPC)) }, in, out)
	r.run()
	r.wantLog("files: write /dev/full: no space left on device, true")
	if !in.Destroyed() {
		t.Error("its source is left open")
	}
}

func TestADeviceIsReadAsLongAsItsRangeIs(t *testing.T) {
	r := newRig(t, loop.Options{})
	s := files.Open(r.l, "/dev/zero", files.ReadOptions{Length: 100_000})
	got := r.collect("in", s)
	r.run()
	if len(*got) != 100_000 || !s.ReadableEnded() {
		t.Errorf("got %d bytes, ended %t", len(*got), s.ReadableEnded())
	}
}

// counter counts the calls that touch files.
type counter struct {
	reactor.Kernel
	noWait, bytesNow int
}

func (k *counter) PreadNoWait(fd int, p []byte, off int64) (int, reactor.Errno) {
	n, errno := k.Kernel.PreadNoWait(fd, p, off)
	k.noWait++
	k.bytesNow += n
	return n, errno
}

func TestAFileInMemoryIsReadOnTheLoopAndLeavesTheOthersTheirTurns(t *testing.T) {
	k, err := reactor.System(reactor.SystemOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{Kernel: k}
	r := newRig(t, loop.Options{Kernel: c})
	const size = 4 << 20
	path := r.put("a", pattern(size))
	var turns, most, inTurn int
	s := files.Open(r.l, path, files.ReadOptions{})
	total := 0
	s.OnData(func(p []byte) {
		if total += len(p); inTurn == 0 {
			turns++
			r.l.AtTurnEnd(func() { inTurn = 0 })
		}
		inTurn += len(p)
		most = max(most, inTurn)
	})
	r.run()
	if total != size {
		t.Fatalf("got %d bytes", total)
	}
	// A file system that cannot promise, or a page cache that has let go of it, are no faults of ours.
	if c.bytesNow < size {
		t.Logf("%d of %d bytes were read on the loop, in %d calls", c.bytesNow, size, c.noWait)
	}
	if most > 256<<10+64<<10 {
		t.Errorf("%d bytes were read in one turn", most)
	}
	if turns < size/(256<<10) {
		t.Errorf("it took %d turns", turns)
	}
}
