package reactor_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/weir-go/weir/reactor"
)

func TestWhatIsInMemoryIsReadWithoutWaitingAndWithoutMemory(t *testing.T) {
	k, err := reactor.System(reactor.SystemOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Release()
	path := filepath.Join(t.TempDir(), "a")
	want := bytes.Repeat([]byte("in memory "), 1000)
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	fd, errno := k.OpenFile(path, os.O_RDONLY, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	defer k.CloseFile(fd)
	p := make([]byte, len(want))
	read := 0
	allocs := testing.AllocsPerRun(100, func() {
		n, errno := k.PreadNoWait(fd, p, 0)
		switch {
		case errno == 0 && !bytes.Equal(p[:n], want[:n]):
			t.Error("it is not what is in the file")
		case errno == 0:
			read += n
		case errno != reactor.EAGAIN && errno != reactor.EOPNOTSUPP: // what file systems say that cannot promise
			t.Errorf("got %v", errno)
		}
	})
	if allocs != 0 && !raceEnabled {
		t.Errorf("%v allocations", allocs)
	}
	t.Logf("%d bytes a call", read/101)
	if n, errno := k.PreadNoWait(fd, p, int64(len(want))); n != 0 {
		t.Errorf("behind the end: %d, %v", n, errno)
	}
}
