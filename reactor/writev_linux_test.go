package reactor

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"
)

// Whatever lies where in memory, what arrives is what was given, in the order of the slices; and neighbours are one vector.
func TestWritevOfNeighboursInMemory(t *testing.T) {
	block := []byte("abcdefghijklmnopqrstuvwxyz")
	for _, tc := range []struct {
		name    string
		bufs    [][]byte
		vectors int
	}{
		{"one", [][]byte{block}, 1},
		{"neighbours", [][]byte{block[:3], block[3:4], block[4:20]}, 1},
		{"a gap", [][]byte{block[:3], block[4:6], block[6:9]}, 2},
		{"backwards", [][]byte{block[4:6], block[2:4], block[:2]}, 3},
		{"twice the same", [][]byte{block[:5], block[:5]}, 2},
		{"from another block", [][]byte{block[:5], []byte("12345"), block[5:9]}, 3},
	} {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		var s sockets
		want := bytes.Join(tc.bufs, nil)
		if n, errno := s.Writev(fds[0], tc.bufs); n != len(want) || errno != 0 {
			t.Errorf("%s: Writev returned %d, %v; want %d", tc.name, n, errno, len(want))
		}
		if got := len(s.scratch.iov); got != tc.vectors {
			t.Errorf("%s: got %d vectors, want %d", tc.name, got, tc.vectors)
		}
		got := make([]byte, 100)
		n, err := unix.Read(fds[1], got)
		if err != nil || !bytes.Equal(got[:n], want) {
			t.Errorf("%s: got %q, %v; want %q", tc.name, got[:max(n, 0)], err, want)
		}
		unix.Close(fds[0])
		unix.Close(fds[1])
	}
}
