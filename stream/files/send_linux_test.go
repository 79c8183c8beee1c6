package files_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

// evict has what is clean of a file leave memory, if the file system has any that is not.
func evict(t *testing.T, f *os.File) {
	t.Helper()
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		t.Fatal(err)
	}
}

// kept makes a file that lies on the disk, and can be evicted.
func (r *rig) kept(name string, data []byte) (path string, f *os.File) {
	r.Helper()
	path = r.put(name, data)
	f, err := os.Open(path)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { f.Close() })
	if err := f.Sync(); err != nil {
		r.Fatal(err)
	}
	return path, f
}

// TestNoByteOfAFileReachesAnotherSocketOfTheSystem does on the real kernel what TestNoByteOfAFileReachesAnotherSocket does
// in simulation, a hundredth as often: files that are not in memory are sent, and everything is closed in the middle of it, while others come.
func TestNoByteOfAFileReachesAnotherSocketOfTheSystem(t *testing.T) {
	lives := 200
	if n, err := strconv.Atoi(os.Getenv("WEIR_SENDS")); err == nil {
		lives = n / 100
	}
	sys, err := reactor.System(reactor.SystemOptions{})
	if err != nil {
		t.Fatal(err)
	}
	k := &counted{Kernel: sys}
	r := newRig(t, loop.Options{Kernel: k})
	random := rand.New(rand.NewPCG(1, 2))
	const size = 600_000
	var paths []string
	var handles []*os.File
	var wants [][]byte
	for i := range 4 {
		want := make([]byte, size)
		for at := range want {
			want[at] = byte(i<<6) | byte(at*7+at>>8*13)&0x3f
		}
		path, f := r.kept(fmt.Sprint("a", i), want)
		paths, handles, wants = append(paths, path), append(handles, f), append(wants, want)
	}
	begun, whole := 0, 0
	var begin func()
	begin = func() {
		if begun == lives {
			return
		}
		begun++
		i := begun % len(paths)
		closed := 0
		over := func() {
			if closed++; closed == 2 {
				r.l.Post(begin)
			}
		}
		r.connect(func(x *link) {
			in := files.Open(r.l, paths[i], files.ReadOptions{})
			in.OnError(func(error) {})
			x.near.OnError(func(error) {})
			in.OnClose(func() {
				if !bytes.HasPrefix(wants[i], x.got) {
					t.Errorf("%d bytes have come that are not the beginning of the file", len(x.got))
				}
				over()
			})
			x.near.OnClose(over)
			stream.Pipeline(func(err error) {
				if err == nil {
					whole++
				}
			}, in, x.near)
			evict(t, handles[i])
			pause := random.IntN(3) == 0
			if pause {
				x.far.ReadStop()
			}
			what := random.IntN(6)
			r.after(time.Duration(random.IntN(3000))*time.Microsecond, func() {
				evict(t, handles[i])
				if pause {
					x.read()
				}
				switch what {
				case 0:
					in.Destroy(nil)
					x.near.Destroy(nil)
				case 1:
					x.near.Destroy(nil)
				case 2:
					x.near.ResetAndDestroy(nil)
				case 3:
					if !x.far.Closing() {
						x.far.CloseReset(nil)
					}
				case 4:
					if !x.far.Closing() {
						x.far.Close(nil)
					}
				}
			})
		})
	}
	for range 16 {
		begin()
	}
	r.run()
	if begun != lives {
		t.Errorf("%d of %d have begun", begun, lives)
	}
	t.Logf("%d of %d files have arrived whole; %d calls have sent %d bytes, and %d have read", whole, lives, k.sends, k.sent, k.reads.Load())
	r.uncaught = nil
}

func TestAFileThatHasLeftMemoryIsReadByAWorkerAndThenSent(t *testing.T) {
	sys, err := reactor.System(reactor.SystemOptions{})
	if err != nil {
		t.Fatal(err)
	}
	k := &counted{Kernel: sys}
	r := newRig(t, loop.Options{Kernel: k})
	want := pattern(8 << 20)
	path, f := r.kept("a", want)
	evict(t, f)
	x := r.connect(func(x *link) {
		x.far.ReadStop()
		files.Open(r.l, path, files.ReadOptions{}).Pipe(x.near)
		r.after(50*time.Millisecond, func() {
			evict(t, f)
			x.read()
		})
	})
	r.run()
	if !bytes.Equal(x.got, want) {
		t.Errorf("%d bytes have come, of %d, or others", len(x.got), len(want))
	}
	t.Logf("%d calls have sent %d of %d bytes, and %d have read", k.sends, k.sent, len(want), k.reads.Load())
}

// TestAFileOfAFileSystemThatDoesNotTellIsRead has tmpfs, which is none of those that read without waiting.
func TestAFileOfAFileSystemThatDoesNotTellIsRead(t *testing.T) {
	f, err := os.CreateTemp("/dev/shm", "weir")
	if err != nil {
		f, err = os.CreateTemp(t.TempDir(), "weir")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(f.Name())
	want := pattern(1 << 20)
	if _, err := f.Write(want); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, loop.Options{})
	x := r.connect(func(x *link) { files.FromFile(r.l, f, files.ReadOptions{}).Pipe(x.near) })
	r.run()
	if !bytes.Equal(x.got, want) {
		t.Errorf("%d bytes have come, of %d", len(x.got), len(want))
	}
}
