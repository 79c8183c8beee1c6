package files_test

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

func TestAFileIsWrittenWithEventsInNodesOrder(t *testing.T) {
	for _, sync := range []bool{false, true} {
		onBoth(t, func(r *rig) {
			s := files.Create(r.l, r.path("a"), files.WriteOptions{Sync: sync})
			r.watch("out", s)
			s.WriteChunk([]byte("one "), func(err error) { r.note("one %v, %d", err, s.BytesWritten()) })
			s.WriteChunk([]byte("two "), func(err error) { r.note("two %v", err) })
			s.EndWith([]byte("three"), func(err error) { r.note("end %v", err) })
			if !s.Pending() || s.Path() != r.path("a") {
				r.Error("it is open before a turn has passed")
			}
			r.run()
			r.wantLog("out open", "out ready", "one <nil>, 13", "two <nil>", "end <nil>", "out finish", "out close") // as Node's
			r.wantFile("a", []byte("one two three"))
			if s.BytesWritten() != 13 || s.Pending() {
				r.Errorf("BytesWritten %d, pending %t", s.BytesWritten(), s.Pending())
			}
			if r.w != nil {
				if n := r.w.Calls().Fsync; (n == 1) != sync || n > 1 {
					r.Errorf("%d calls of fsync", n)
				}
			}
		})
	}
}

func TestAFileWithNothingInItIsMade(t *testing.T) {
	onBoth(t, func(r *rig) {
		s := files.Create(r.l, r.path("a"), files.WriteOptions{})
		r.watch("out", s)
		s.End()
		r.run()
		r.wantLog("out open", "out ready", "out finish", "out close")
		r.wantNames("a")
	})
}

func TestWhatWaitsIsWrittenTogether(t *testing.T) {
	onBoth(t, func(r *rig) {
		s := files.Create(r.l, r.path("a"), files.WriteOptions{})
		var want []byte
		for i := range 3000 { // more than one call takes
			p := pattern(i % 50)
			s.Write(p)
			want = append(want, p...)
		}
		s.End()
		r.run()
		r.wantFile("a", want)
		if r.w != nil {
			if n := r.w.Calls().Pwritev; n > 3 { // of 1,024 at most
				r.Errorf("%d calls for 3000 writes", n)
			}
		}
	})
}

func TestFlagsSayWhatBecomesOfAFileThatIsThere(t *testing.T) {
	for _, c := range []struct {
		name string
		o    files.WriteOptions
		want string
		fail error
	}{
		{"the default empties it", files.WriteOptions{}, "new", nil},
		{"append", files.WriteOptions{Flags: os.O_CREATE | os.O_APPEND}, "0123456789new", nil},
		{"exclusive", files.WriteOptions{Flags: os.O_CREATE | os.O_EXCL}, "0123456789", reactor.EEXIST},
		{"a start keeps it", files.WriteOptions{Start: 4}, "0123new789", nil},
		{"in place", files.WriteOptions{Flags: os.O_RDWR}, "new3456789", nil},
		{"behind its end", files.WriteOptions{Start: 12}, "0123456789\x00\x00new", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			onBoth(t, func(r *rig) {
				s := files.Create(r.l, r.put("a", []byte("0123456789")), c.o)
				var failed error
				s.OnError(func(err error) { failed = err })
				s.WriteString("ne")
				s.EndWith([]byte("w"), nil)
				r.run()
				r.wantFile("a", []byte(c.want))
				if !errors.Is(failed, c.fail) {
					r.Errorf("got %v, want %v", failed, c.fail)
				}
			})
		})
	}
}

func TestAFileIsMadeWithItsMode(t *testing.T) {
	r := newRig(t, loop.Options{})
	for name, o := range map[string]files.WriteOptions{"default": {}, "private": {Mode: 0o600}} {
		files.Create(r.l, r.path(name), o).End()
	}
	files.Replace(r.l, r.path("replaced"), files.ReplaceOptions{Mode: 0o600}).End()
	r.run()
	if err := os.WriteFile(r.path("like"), nil, files.DefaultMode); err != nil {
		t.Fatal(err)
	}
	for name, like := range map[string]string{"default": "like", "private": "", "replaced": ""} {
		info, err := os.Stat(r.path(name))
		if err != nil {
			t.Fatal(err)
		}
		want := os.FileMode(0o600)
		if like != "" {
			info, err := os.Stat(r.path(like))
			if err != nil {
				t.Fatal(err)
			}
			want = info.Mode()
		}
		if info.Mode() != want {
			t.Errorf("%s: got %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestAFileThatCannotBeMadeFailsTheStreamAndAllItsCallbacks(t *testing.T) {
	onBoth(t, func(r *rig) {
		s := files.Create(r.l, r.path("no/such/folder"), files.WriteOptions{})
		r.watch("out", s)
		for _, name := range []string{"one", "two"} {
			s.WriteChunk([]byte(name), func(err error) { r.note("%s %t", name, errors.Is(err, reactor.ENOENT)) })
		}
		s.EndWith(nil, func(err error) { r.note("end %t", errors.Is(err, reactor.ENOENT)) })
		r.run()
		r.wantLog("one true", "two true", "end true",
			"out error: files: open DIR/no/such/folder: no such file or directory", "out close")
	})
}

func TestAFullDiskIsAnErrorWithTheOperationAndThePath(t *testing.T) {
	r := newSimRig(t, simkernel.Options{Seed: 1, DiskSpace: 100_000})
	s := files.Create(r.l, r.path("a"), files.WriteOptions{})
	r.watch("out", s)
	files.Open(r.l, r.put("in", pattern(60_000)), files.ReadOptions{}).Pipe(s)
	r.run()
	r.wantLog("out open", "out ready", "out error: files: write DIR/a: no space left on device", "out close")
	if !errors.Is(s.Errored(), reactor.ENOSPC) || stream.CodeOf(s.Errored()) != "ENOSPC" {
		t.Errorf("got %v", s.Errored())
	}
	r.wantFile("a", pattern(60_000)[:40_000])
	r.wantNames("a", "in")
}

func TestAWriterThatIsFullSaysSoAndDrains(t *testing.T) {
	onBoth(t, func(r *rig) {
		s := files.Create(r.l, r.path("a"), files.WriteOptions{HighWaterMark: 1000})
		left, drains := 50, 0
		write := func() {
			for left > 0 {
				left--
				if !s.WriteChunk(pattern(300), nil) {
					return
				}
			}
			s.End()
		}
		s.OnDrain(func() {
			drains++
			if s.WritableLength() != 0 {
				r.Errorf("%d bytes wait at 'drain'", s.WritableLength())
			}
			write()
		})
		write()
		r.run()
		r.wantFile("a", bytes.Repeat(pattern(300), 50))
		if drains < 10 {
			r.Errorf("'drain' came %d times", drains)
		}
	})
}

func TestAFileIsPipedToAnother(t *testing.T) {
	for _, mark := range []int{0, stream.NoBuffer, 1, 1000, 1 << 20} {
		onBoth(t, func(r *rig) {
			size := 700_000
			if mark == 1 {
				size = 300
			}
			want := pattern(size)
			in := files.Open(r.l, r.put("a", want), files.ReadOptions{HighWaterMark: mark})
			out := files.Create(r.l, r.path("b"), files.WriteOptions{HighWaterMark: mark})
			stream.Pipeline(func(err error) { r.note("done %v", err) }, in, out)
			r.run()
			r.wantLog("done <nil>")
			r.wantFile("b", want)
		})
	}
}

func TestAFileThatIsOpenIsWrittenAndClosed(t *testing.T) {
	r := newRig(t, loop.Options{})
	for _, c := range []struct {
		o    files.WriteOptions
		want string
	}{
		{files.WriteOptions{}, "new3456789"},
		{files.WriteOptions{Start: 7}, "0123456new"},
		{files.WriteOptions{Flags: os.O_APPEND}, "0123456789new"},
		{files.WriteOptions{KeepOpen: true}, "new3456789"},
	} {
		f, err := os.OpenFile(r.put("a", []byte("0123456789")), os.O_WRONLY|c.o.Flags, 0)
		if err != nil {
			t.Fatal(err)
		}
		s := files.ToFile(r.l, f, c.o)
		r.watch("out", s)
		s.EndWith([]byte("new"), nil)
		r.run()
		r.wantLog("out open", "out ready", "out finish", "out close")
		r.wantFile("a", []byte(c.want))
		if err := f.Close(); (err == nil) != c.o.KeepOpen {
			t.Errorf("%+v: closing what was given: %v", c.o, err)
		}
	}
}
