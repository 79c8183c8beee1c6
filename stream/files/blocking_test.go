package files_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

// closer notes its calls of Close, and may have to be waited for.
type closer struct {
	io.Reader
	io.Writer
	closes int
	err    error
}

func (c *closer) Close() error {
	c.closes++
	return c.err
}

func TestAnIOReaderIsReadToItsEndAndClosed(t *testing.T) {
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"plain":           func(r io.Reader) io.Reader { return r },
		"one byte":        iotest.OneByteReader,
		"end comes along": iotest.DataErrReader,
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(r *rig) {
				want := pattern(3000)
				src := &closer{Reader: wrap(bytes.NewReader(want))}
				s := files.From(r.l, src)
				r.watch("in", s)
				got := r.collect("in", s)
				r.run()
				r.wantLog("in data", "in end", "in close")
				if !bytes.Equal(*got, want) || src.closes != 1 {
					r.Errorf("got %d bytes, closed %d times", len(*got), src.closes)
				}
			})
		})
	}
}

func TestAnIOReaderThatFailsGivesWhatItHadFirst(t *testing.T) {
	onBoth(t, func(r *rig) {
		broken := errors.New("broken")
		src := &closer{Reader: io.MultiReader(strings.NewReader("some"), iotest.ErrReader(broken)), err: errors.New("close too")}
		s := files.From(r.l, src)
		r.watch("in", s)
		got := r.collect("in", s)
		r.run()
		r.wantLog("in data", "in error: broken", "in close")
		if string(*got) != "some" || src.closes != 1 {
			r.Errorf("got %q, closed %d times", *got, src.closes)
		}
	})
}

// readFunc is an io.Reader.
type readFunc func(p []byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func TestAnIOReaderThatBreaksItsContractFailsTheStream(t *testing.T) {
	for name, c := range map[string]struct {
		read readFunc
		want func(error) bool
	}{
		"nothing, for ever": {func([]byte) (int, error) { return 0, nil }, func(err error) bool { return errors.Is(err, io.ErrNoProgress) }},
		"too much":          {func(p []byte) (int, error) { return len(p) + 1, nil }, func(err error) bool { return err != nil }},
		"less than nothing": {func([]byte) (int, error) { return -1, nil }, func(err error) bool { return err != nil }},
		"a panic": {func([]byte) (int, error) { panic("oh") }, func(err error) bool {
			p := new(*loop.PanicError)
			return errors.As(err, p) && (*p).Value == "oh"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(r *rig) {
				s := files.From(r.l, c.read)
				r.collect("in", s)
				s.OnError(func(error) {})
				r.run()
				if !c.want(s.Errored()) || !s.Closed() {
					r.Errorf("got %v, closed %t", s.Errored(), s.Closed())
				}
			})
		})
	}
}

func TestAReaderOfFewBytesAtATimeDoesNotHoldALargeBlockForEach(t *testing.T) {
	r := newRig(t, loop.Options{})
	s := files.From(r.l, iotest.OneByteReader(bytes.NewReader(pattern(2000))))
	s.OnReadable(func() {})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r.run()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if n := s.ReadableLength(); n != 2000 {
		t.Fatalf("%d bytes wait", n)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("2000 bytes lie in %d bytes of memory", grown)
	}
	s.Destroy(nil)
	r.run()
}

func TestAnIOWriterIsWrittenAndClosedBeforeTheFinish(t *testing.T) {
	onBoth(t, func(r *rig) {
		var out bytes.Buffer
		dst := &closer{Writer: &out}
		s := files.To(r.l, dst)
		r.watch("out", s)
		s.WriteString("one ")
		s.WriteString("two ")
		s.OnFinish(func() { r.note("closed %d", dst.closes) })
		s.EndWith([]byte("three"), nil)
		r.run()
		r.wantLog("out finish", "closed 1", "out close")
		if out.String() != "one two three" || dst.closes != 1 {
			r.Errorf("got %q, closed %d times", out.String(), dst.closes)
		}
	})
}

func TestWhatAnEncoderWritesWhenItIsClosedIsPartOfIt(t *testing.T) {
	onBoth(t, func(r *rig) {
		var out bytes.Buffer
		want := pattern(100_000)
		stream.Pipeline(func(err error) { r.note("done %v", err) },
			files.Open(r.l, r.put("a", want), files.ReadOptions{}), files.To(r.l, gzip.NewWriter(&out)))
		r.run()
		r.wantLog("done <nil>")
		z, err := gzip.NewReader(&out)
		if err != nil {
			r.Fatal(err)
		}
		if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, want) {
			r.Errorf("got %d bytes, %v", len(got), err)
		}
	})
}

// writeFunc is an io.Writer.
type writeFunc func(p []byte) (int, error)

func (f writeFunc) Write(p []byte) (int, error) { return f(p) }

func TestAnIOWriterThatFailsFailsTheStream(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		dst  io.Writer
		want error
	}{
		"an error":    {writeFunc(func([]byte) (int, error) { return 0, broken }), broken},
		"too little":  {writeFunc(func(p []byte) (int, error) { return len(p) - 1, nil }), io.ErrShortWrite},
		"in its end":  {&closer{Writer: io.Discard, err: broken}, broken},
		"in its wake": {&closer{Writer: writeFunc(func([]byte) (int, error) { return 0, broken }), err: errors.New("close too")}, broken},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(r *rig) {
				s := files.To(r.l, c.dst)
				s.WriteChunk([]byte("a"), nil)
				s.EndWith([]byte("b"), func(err error) { r.note("end %v", err) })
				s.OnError(func(err error) { r.note("error %v", err) })
				r.run()
				r.wantLog("end "+c.want.Error(), "error "+c.want.Error())
			})
		})
	}
}

func TestAPipeThatIsCutOffSaysSoToItsReader(t *testing.T) {
	r := newRig(t, loop.Options{})
	p, q := io.Pipe()
	said := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, p)
		said <- err
	}()
	why := errors.New("cut off")
	s := files.To(r.l, q)
	s.OnError(func(error) {})
	s.WriteChunk([]byte("half"), func(error) { s.Destroy(why) })
	r.run()
	if err := <-said; err != why {
		t.Errorf("its reader: got %v", err)
	}
}

func TestWhatBlocksIsReadThroughAPipe(t *testing.T) {
	r := newRig(t, loop.Options{})
	p, q, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in, out := files.From(r.l, p), files.To(r.l, q)
	want := pattern(300_000) // more than a pipe holds
	got := r.collect("in", in)
	out.EndWith(want, nil)
	r.run()
	if !bytes.Equal(*got, want) {
		t.Errorf("got %d bytes", len(*got))
	}
}

func TestADestroyWaitsForTheReadUnderWayBeforeItCloses(t *testing.T) {
	r := newRig(t, loop.Options{})
	var s *stream.Readable
	release := make(chan struct{})
	src := &closer{Reader: readFunc(func(p []byte) (int, error) {
		if err := r.l.Post(func() {
			s.Destroy(nil)
			r.after(time.Millisecond, func() {
				r.note("released")
				close(release)
			})
		}); err != nil {
			t.Error(err)
		}
		<-release
		return copy(p, "late"), nil
	})}
	s = files.From(r.l, src)
	r.watch("in", s)
	r.collect("in", s)
	r.run()
	r.wantLog("released", "in close")
	if src.closes != 1 {
		t.Errorf("closed %d times", src.closes)
	}
}
