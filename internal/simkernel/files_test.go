package simkernel_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// off runs fn as work of k, and returns when that has ended.
func off(t *testing.T, k *simkernel.Kernel, fn func()) {
	t.Helper()
	ended := false
	k.Work(true, func() {
		fn()
		ended = true
		k.Wake()
	})
	for !ended {
		if _, err := k.Wait(nil, make([]reactor.Event, 1), time.Second); err != nil {
			t.Fatal(err)
		}
	}
}

const create = os.O_WRONLY | os.O_CREATE

func TestAFullDiskTakesWhatFitsAndGivesBackWhatIsRemoved(t *testing.T) {
	w := simkernel.New(simkernel.Options{DiskSpace: 1000})
	k := w.Kernel()
	w.WriteFile("/there", make([]byte, 400))
	off(t, k, func() {
		fd, errno := k.OpenFile("/a", create, 0o600)
		if errno != 0 {
			t.Fatal(errno)
		}
		if n, errno := k.Pwritev(fd, [][]byte{make([]byte, 700)}, 0); n != 600 || errno != 0 {
			t.Errorf("700 bytes where there is room for 600: %d, %v", n, errno)
		}
		if n, errno := k.Pwritev(fd, [][]byte{{1}}, 600); n != 0 || errno != reactor.ENOSPC {
			t.Errorf("one more: %d, %v", n, errno)
		}
		if n, errno := k.Pwritev(fd, [][]byte{{1}}, 0); n != 1 || errno != 0 {
			t.Errorf("one in place: %d, %v", n, errno)
		}
		if errno := k.RemoveFile("/there"); errno != 0 {
			t.Error(errno)
		}
		if n, errno := k.Pwritev(fd, [][]byte{make([]byte, 700)}, 600); n != 400 || errno != 0 {
			t.Errorf("when another file has gone: %d, %v", n, errno)
		}
		k.CloseFile(fd)
	})
	if left := w.Check(); len(left) > 0 {
		t.Error(left)
	}
}

func TestAFileIsDurableWhenItAndItsNameAreSynced(t *testing.T) {
	w := simkernel.New(simkernel.Options{})
	k := w.Kernel()
	w.MakeFolder("/d")
	durable := func(want bool, when string) {
		t.Helper()
		if got := w.Durable("/d/a"); got != want {
			t.Errorf("%s: got %t", when, got)
		}
	}
	off(t, k, func() {
		fd, _ := k.OpenFile("/d/a", create, 0o600)
		k.Pwritev(fd, [][]byte{{1}}, 0)
		folder, errno := k.OpenFile("/d", os.O_RDONLY, 0)
		if errno != 0 {
			t.Fatal(errno)
		}
		durable(false, "written")
		k.Fsync(fd)
		durable(false, "synced")
		k.Fsync(folder)
		durable(true, "and its name")
		k.Pwritev(fd, [][]byte{{1}}, 0)
		durable(false, "written again")
		k.Fsync(fd)
		durable(true, "and synced again")
		k.Rename("/d/a", "/d/b")
		k.Rename("/d/b", "/d/a")
		durable(false, "renamed")
		k.CloseFile(folder)
		k.CloseFile(fd)
	})
}

func TestWhatIsDoneWrongWithFilesIsReported(t *testing.T) {
	for what, c := range map[string]struct {
		do   func(k *simkernel.Kernel)
		want string
	}{
		"a file touched on the loop": {func(k *simkernel.Kernel) { k.OpenFile("/nobody", os.O_RDONLY, 0) }, "OpenFile on the loop"},
		"a file left open": {func(k *simkernel.Kernel) {
			off(t, k, func() { k.OpenFile("/a", create, 0) })
		}, "fd 3 is open: file /a"},
		"a temporary file left": {func(k *simkernel.Kernel) {
			off(t, k, func() {
				fd, _ := k.OpenFile("/.weir-1", create, 0)
				k.CloseFile(fd)
			})
		}, "a temporary file is left: /.weir-1"},
		"a file closed twice": {func(k *simkernel.Kernel) {
			off(t, k, func() {
				fd, _ := k.OpenFile("/a", create, 0)
				k.CloseFile(fd)
				k.CloseFile(fd)
			})
		}, "CloseFile of fd 3, which is not open"},
		"a file closed as a socket": {func(k *simkernel.Kernel) {
			off(t, k, func() {
				fd, _ := k.OpenFile("/a", create, 0)
				k.Close(fd)
				k.CloseFile(fd)
			})
		}, "Close of fd 3, which is a file"},
	} {
		w := simkernel.New(simkernel.Options{})
		c.do(w.Kernel())
		if found := w.Check(); !slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, c.want) }) {
			t.Errorf("%s: got %q, want %q", what, found, c.want)
		}
	}
}

func TestFilesFailAsTheFaultsSay(t *testing.T) {
	w := simkernel.New(simkernel.Options{FDLimit: 4, Faults: simkernel.Faults{NotCached: 1}})
	k := w.Kernel()
	w.WriteFile("/a", []byte("some bytes"))
	off(t, k, func() {
		fd, errno := k.OpenFile("/a", os.O_RDWR, 0)
		if errno != 0 {
			t.Fatal(errno)
		}
		if _, errno := k.OpenFile("/a", os.O_RDONLY, 0); errno != reactor.EMFILE {
			t.Errorf("beyond the limit: %v", errno)
		}
		p := make([]byte, 10)
		if n, errno := k.PreadNoWait(fd, p, 0); n != 0 || errno != 0 && errno != reactor.EAGAIN {
			t.Errorf("what is not in memory: %d, %v", n, errno)
		}
		w.SetFaults(simkernel.Faults{FileError: 1})
		if _, errno := k.Pread(fd, p, 0); errno != reactor.EIO {
			t.Errorf("read: %v", errno)
		}
		if _, errno := k.Pwritev(fd, [][]byte{p}, 0); errno != reactor.EIO {
			t.Errorf("write: %v", errno)
		}
		if errno := k.Fsync(fd); errno != reactor.EIO {
			t.Errorf("fsync: %v", errno)
		}
		if errno := k.CloseFile(fd); errno != reactor.EIO || w.OpenFDs() != 0 {
			t.Errorf("close: %v, %d are open", errno, w.OpenFDs())
		}
		if errno := k.RemoveFile("/a"); errno != 0 {
			t.Errorf("remove: %v", errno)
		}
		w.SetFaults(simkernel.Faults{OpenFail: 1})
		if fd, errno := k.OpenFile("/b", create, 0); errno == 0 || fd != -1 {
			t.Errorf("open: %d, %v", fd, errno)
		}
	})
	if left := w.Check(); len(left) > 0 {
		t.Error(left)
	}
}
