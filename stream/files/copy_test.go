package files_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"runtime"
	"testing"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

func TestALargeFileIsCopiedInLittleMemory(t *testing.T) {
	size := int64(256 << 20)
	if testing.Short() {
		size = 32 << 20
	}
	r := newRig(t, loop.Options{})
	f, err := os.Create(r.path("a"))
	if err != nil {
		t.Fatal(err)
	}
	piece := pattern(1<<20 + 13)
	for left := size; left > 0; left -= int64(len(piece)) {
		if _, err := f.Write(piece[:min(left, int64(len(piece)))]); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, most := m.HeapAlloc, uint64(0)
	in := files.Open(r.l, r.path("a"), files.ReadOptions{})
	out := files.Replace(r.l, r.path("b"), files.ReplaceOptions{})
	waits := 0
	n := 0
	in.OnData(func([]byte) {
		waits = max(waits, in.ReadableLength()+out.WritableLength())
		if n++; n%256 == 0 {
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	})
	stream.Pipeline(func(err error) { r.note("done %v", err) }, in, out)
	r.run()
	r.wantLog("done <nil>")
	if bound := in.ReadableHighWaterMark() + out.WritableHighWaterMark() + 2*64<<10; waits > bound {
		t.Errorf("%d bytes wait, with bounds of %d", waits, bound)
	}
	// The collector lets a heap of nothing grow to 4 MiB before it looks.
	if most > before+16<<20 {
		t.Errorf("the heap has grown by %d bytes", most-before)
	}
	if a, b := sum(t, r.path("a")), sum(t, r.path("b")); !bytes.Equal(a, b) {
		t.Error("the copy differs")
	}
}

func sum(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}
	return h.Sum(nil)
}

// onLoop runs what is to be measured on a loop.
func onLoop(b *testing.B, dir string, begin func(l *loop.Loop, done func(error))) {
	b.Helper()
	l, err := loop.New(loop.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		begin(l, func(err error) {
			if err != nil {
				b.Error(err)
			}
		})
		if err := l.Run(); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}

const benchSize = 64 << 20

func benchFile(b *testing.B) (dir, path string) {
	b.Helper()
	dir = b.TempDir()
	path = dir + "/a"
	if err := os.WriteFile(path, pattern(benchSize), 0o644); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(benchSize)
	return dir, path
}

// plain hides what io.Copy would use to have the kernel copy.
type (
	plainReader struct{ io.Reader }
	plainWriter struct{ io.Writer }
)

func BenchmarkRead(b *testing.B) {
	b.Run("stream", func(b *testing.B) {
		dir, path := benchFile(b)
		onLoop(b, dir, func(l *loop.Loop, done func(error)) {
			s := files.Open(l, path, files.ReadOptions{})
			s.OnData(func([]byte) {})
			s.OnError(done)
		})
	})
	b.Run("os", func(b *testing.B) {
		_, path := benchFile(b)
		buf := make([]byte, 64<<10)
		for b.Loop() {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.CopyBuffer(plainWriter{io.Discard}, plainReader{f}, buf); err != nil {
				b.Fatal(err)
			}
			f.Close()
		}
	})
}

func BenchmarkCopy(b *testing.B) {
	b.Run("stream", func(b *testing.B) {
		dir, path := benchFile(b)
		onLoop(b, dir, func(l *loop.Loop, done func(error)) {
			stream.Pipeline(done, files.Open(l, path, files.ReadOptions{}), files.Create(l, dir+"/b", files.WriteOptions{}))
		})
	})
	b.Run("os", func(b *testing.B) {
		dir, path := benchFile(b)
		buf := make([]byte, 64<<10)
		for b.Loop() {
			in, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			out, err := os.Create(dir + "/b")
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.CopyBuffer(plainWriter{out}, plainReader{in}, buf); err != nil {
				b.Fatal(err)
			}
			in.Close()
			out.Close()
		}
	})
}
