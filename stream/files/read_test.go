package files_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

func TestAFileIsReadWholeWithEventsInNodesOrder(t *testing.T) {
	for _, size := range []int{0, 1, 64 << 10, 64<<10 + 1, 300_000} {
		onBoth(t, func(r *rig) {
			want := pattern(size)
			s := files.Open(r.l, r.put("a", want), files.ReadOptions{})
			r.watch("in", s)
			got := r.collect("in", s)
			if !s.Pending() || s.Info().Size != 0 {
				r.Error("it is open before a turn has passed")
			}
			s.OnReady(func() {
				if info := s.Info(); s.Pending() || info.Size != int64(size) || !info.Mode.IsRegular() {
					r.Errorf("ready: pending %t, %+v", s.Pending(), info)
				}
			})
			r.run()
			if !bytes.Equal(*got, want) || s.BytesRead() != uint64(size) {
				r.Errorf("got %d bytes, BytesRead %d, want %d, or they differ", len(*got), s.BytesRead(), size)
			}
			if size == 0 {
				r.wantLog("in open", "in ready", "in end", "in close")
			} else {
				r.wantLog("in open", "in ready", "in data", "in end", "in close")
			}
		})
	}
}

func TestARangeIsReadAndNothingElse(t *testing.T) {
	for _, c := range []struct{ start, length, from, to int }{
		{0, 10, 0, 10},
		{10, 1, 10, 11},
		{99_990, 10, 99_990, 100_000},
		{99_990, 0, 99_990, 100_000},
		{20_000, 70_000, 20_000, 90_000},
		{100_000, 0, 0, 0},
		{200_000, 0, 0, 0},
	} {
		onBoth(t, func(r *rig) {
			all := pattern(100_000)
			s := files.Open(r.l, r.put("a", all), files.ReadOptions{Start: int64(c.start), Length: int64(c.length)})
			r.watch("in", s)
			got := r.collect("in", s)
			r.run()
			if !bytes.Equal(*got, all[c.from:c.to]) {
				r.Errorf("%+v: got %d bytes, or others", c, len(*got))
			}
			if last := r.log[len(r.log)-2:]; last[0] != "in end" || last[1] != "in close" {
				r.Errorf("%+v: events %q", c, r.log)
			}
		})
	}
}

func TestAFileThatEndsBeforeItsRangeIsAnError(t *testing.T) {
	onBoth(t, func(r *rig) {
		s := files.Open(r.l, r.put("a", pattern(1000)), files.ReadOptions{Start: 100, Length: 901})
		r.watch("in", s)
		got := r.collect("in", s)
		r.run()
		if len(*got) != 900 || !errors.Is(s.Errored(), io.ErrUnexpectedEOF) {
			r.Errorf("got %d bytes and %v, want 900 and io.ErrUnexpectedEOF", len(*got), s.Errored())
		}
		r.wantLog("in open", "in ready", "in data",
			"in error: files: read DIR/a: the file ends at byte 1000, before the range does: unexpected EOF", "in close")
	})
}

func TestAFileThatIsCutWhileItIsReadFailsItsRangeAndEndsWithoutOne(t *testing.T) {
	for _, length := range []int64{0, 300_000} {
		onBoth(t, func(r *rig) {
			s := files.Open(r.l, r.put("a", pattern(300_000)), files.ReadOptions{Length: length})
			n, cut := 0, false
			s.OnData(func(p []byte) {
				if n += len(p); !cut {
					cut = true
					r.truncate("a", 10)
				}
			})
			r.watch("in", s)
			r.run()
			if n >= 300_000 {
				r.Fatalf("%d bytes were read before it was cut", n)
			}
			if failed := s.Errored() != nil; failed != (length > 0) || failed && !errors.Is(s.Errored(), io.ErrUnexpectedEOF) {
				r.Errorf("length %d: got %v", length, s.Errored())
			}
			if s.ReadableEnded() == (length > 0) {
				r.Errorf("length %d: ended %t", length, s.ReadableEnded())
			}
		})
	}
}

func TestAFileThatIsNotThereIsAnErrorOfTheStream(t *testing.T) {
	onBoth(t, func(r *rig) {
		s := files.Open(r.l, r.path("nobody"), files.ReadOptions{})
		r.watch("in", s)
		r.collect("in", s)
		r.run()
		err := s.Errored()
		if !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, reactor.ENOENT) || stream.CodeOf(err) != "ENOENT" {
			r.Errorf("got %v with the code %q", err, stream.CodeOf(err))
		}
		r.wantLog("in error: files: open DIR/nobody: no such file or directory", "in close")
	})
}

func TestAFolderOpensAndCannotBeRead(t *testing.T) {
	onBoth(t, func(r *rig) {
		s := files.Open(r.l, r.dir, files.ReadOptions{})
		r.watch("in", s)
		r.collect("in", s)
		r.run()
		r.wantLog("in open", "in ready", "in error: files: read DIR: is a directory", "in close")
	})
}

func TestNothingIsReadForNobody(t *testing.T) {
	onBoth(t, func(r *rig) {
		s := files.Open(r.l, r.put("a", pattern(100)), files.ReadOptions{})
		r.watch("in", s)
		r.run()
		if s.BytesRead() != 0 {
			r.Errorf("%d bytes were read", s.BytesRead())
		}
		r.wantLog("in open", "in ready")
		s.Destroy(nil)
		r.run()
		r.wantLog("in close")
	})
}

func TestAReaderThatStopsHoldsTheMarkAndOneRead(t *testing.T) {
	onBoth(t, func(r *rig) {
		const mark = 10_000
		s := files.Open(r.l, r.put("a", pattern(200_000)), files.ReadOptions{HighWaterMark: mark})
		sub := s.OnData(func([]byte) { s.Pause() })
		r.run()
		sub.Off()
		if n := s.ReadableLength(); n == 0 || n >= 2*mark {
			r.Errorf("%d bytes wait, with a mark of %d", n, mark)
		}
		before := s.BytesRead()
		r.run()
		if s.BytesRead() != before {
			r.Error("it is read on, though nobody wants more")
		}
		s.Destroy(nil)
		r.run()
	})
}

func TestOptionsThatCannotBeFailTheStream(t *testing.T) {
	onBoth(t, func(r *rig) {
		path := r.put("a", nil)
		r.watch("in", files.Open(r.l, path, files.ReadOptions{Start: -1}))
		r.watch("range", files.Open(r.l, path, files.ReadOptions{Length: -1}))
		r.watch("out", files.Create(r.l, path, files.WriteOptions{Start: -1}))
		r.watch("append", files.Create(r.l, path, files.WriteOptions{Start: 1, Flags: os.O_APPEND}))
		r.run()
		r.wantLog(
			"in error: files: open DIR/a: invalid argument", "in close", "range error: files: open DIR/a: invalid argument", "range close",
			"out error: files: open DIR/a: invalid argument", "out close", "append error: files: open DIR/a: invalid argument", "append close")
	})
}

func TestAStreamThatIsLeftOpenAtItsEndClosesWhenItIsDestroyed(t *testing.T) {
	onBoth(t, func(r *rig) {
		s := files.Open(r.l, r.put("a", pattern(10)), files.ReadOptions{NoAutoClose: true})
		r.watch("in", s)
		r.collect("in", s)
		r.run()
		r.wantLog("in open", "in ready", "in data", "in end")
		s.Destroy(nil)
		r.run()
		r.wantLog("in close")
	})
}

func TestNoCloseIsToldIfNobodyWantsTo(t *testing.T) {
	onBoth(t, func(r *rig) {
		s := files.Open(r.l, r.put("a", pattern(10)), files.ReadOptions{NoEmitClose: true})
		r.watch("in", s)
		r.collect("in", s)
		r.run()
		r.wantLog("in open", "in ready", "in data", "in end")
		if !s.Closed() {
			r.Error("it is not closed")
		}
	})
}

func TestAFileThatIsOpenIsReadAndClosed(t *testing.T) {
	r := newRig(t, loop.Options{})
	f, err := os.Open(r.put("a", pattern(1000)))
	if err != nil {
		t.Fatal(err)
	}
	s := files.FromFile(r.l, f, files.ReadOptions{Start: 10})
	r.watch("in", s)
	got := r.collect("in", s)
	r.run()
	r.wantLog("in open", "in ready", "in data", "in end", "in close")
	if !bytes.Equal(*got, pattern(1000)[10:]) || s.Path() != r.path("a") {
		t.Errorf("got %d bytes of %s", len(*got), s.Path())
	}
	if err := f.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file that was given: got %v, want it closed", err)
	}
}

func TestSeveralStreamsReadOneFileThatStaysItsOwners(t *testing.T) {
	r := newRig(t, loop.Options{})
	f, err := os.Open(r.put("a", pattern(1000)))
	if err != nil {
		t.Fatal(err)
	}
	var got [3]*[]byte
	for i := range got {
		got[i] = r.collect("in", files.FromFile(r.l, f, files.ReadOptions{Start: int64(100 * i), Length: 100, KeepOpen: true}))
	}
	r.run()
	for i, p := range got {
		if !bytes.Equal(*p, pattern(1000)[100*i:100*i+100]) {
			t.Errorf("range %d: got %d bytes", i, len(*p))
		}
	}
	if err := f.Close(); err != nil {
		t.Errorf("closing what is ours: %v", err)
	}
	closed := files.FromFile(r.l, f, files.ReadOptions{})
	r.watch("closed", closed)
	r.run()
	r.wantLog("in data", "closed error: files: open DIR/a: use of closed file", "closed close")
}

func TestAPipeIsNoFile(t *testing.T) {
	r := newRig(t, loop.Options{})
	p, q, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	s := files.FromFile(r.l, p, files.ReadOptions{})
	r.watch("in", s)
	r.collect("in", s)
	r.run()
	r.wantLog("in open", "in ready", "in error: files: read |0: illegal seek", "in close")
}

func TestAFileThatWasGivenIsClosedWhateverIsWrong(t *testing.T) {
	r := newRig(t, loop.Options{})
	path := r.put("a", pattern(10))
	for what, open := range map[string]func(f *os.File) stream.Stream{
		"a start before the file": func(f *os.File) stream.Stream {
			return files.FromFile(r.l, f, files.ReadOptions{Start: -1})
		},
		"a negative length": func(f *os.File) stream.Stream {
			return files.FromFile(r.l, f, files.ReadOptions{Length: -1})
		},
		"a write before the file": func(f *os.File) stream.Stream {
			return files.ToFile(r.l, f, files.WriteOptions{Start: -1})
		},
		"an append somewhere": func(f *os.File) stream.Stream {
			return files.ToFile(r.l, f, files.WriteOptions{Start: 1, Flags: os.O_APPEND})
		},
	} {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		r.watch("s", open(f))
		r.run()
		r.wantLog("s error: files: open DIR/a: invalid argument", "s close")
		if err := f.Close(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: closing the file that was given: got %v, want it closed", what, err)
		}
	}
}

func TestAFileThatWasGivenIsClosedWhenThereIsNoDescriptorForIt(t *testing.T) {
	r := newSimRig(t, simkernel.Options{Seed: 1})
	for _, keep := range []bool{false, true} {
		f, err := os.Open(t.TempDir()) // the simulated kernel knows nothing of it
		if err != nil {
			t.Fatal(err)
		}
		s := files.FromFile(r.l, f, files.ReadOptions{KeepOpen: keep})
		s.OnError(func(err error) { r.note("%t", errors.Is(err, reactor.EBADF)) })
		r.run()
		r.wantLog("true")
		if err := f.Close(); (err == nil) != keep {
			t.Errorf("KeepOpen %t: closing the file that was given: %v", keep, err)
		}
	}
}
