package files_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

// sends is one world in which files are sent to peers, and everything that can end that does: streams are destroyed, sockets
// closed and reset, files cut, and what is in memory leaves it. All the while others come, who get the numbers of the
// descriptors that were closed.
type sends struct {
	*rig
	r     *rand.Rand
	addr  string
	files [][]byte
	cut   []bool
	sizes []int
	lives []*sent
	count int // bytes sent without reading
}

// sent is a file on its way to a peer.
type sent struct {
	s        *sends
	peer     *simkernel.Peer
	in       *files.ReadStream
	out      *stream.Socket
	file     int
	want     []byte
	ranged   bool
	got      []byte
	end      error
	rest     bool // the peer does not read
	disturbs bool // somebody has destroyed something
	closes   [2]int
}

// TestNoByteOfAFileReachesAnotherSocket runs WEIR_SENDS of them.
func TestNoByteOfAFileReachesAnotherSocket(t *testing.T) {
	many := 400
	if testing.Short() {
		many = 100
	}
	if n, err := strconv.Atoi(os.Getenv("WEIR_SENDS")); err == nil {
		many = n
	}
	count, total := 0, 0
	for seed := uint64(0); total < many; seed++ {
		t.Run(fmt.Sprintf("seed%d", seed), func(t *testing.T) {
			s := runSends(t, seed)
			count += s.count
			total += len(s.lives)
		})
		if t.Failed() {
			return
		}
	}
	if count < many*10_000 {
		t.Errorf("only %d bytes of %d files were sent without reading", count, total)
	}
}

func TestTheSameSeedSendsTheSame(t *testing.T) {
	for seed := range uint64(5) {
		if a, b := runSends(t, seed).w.TraceHash(), runSends(t, seed).w.TraceHash(); a != b {
			t.Errorf("seed %d: traces %016x and %016x", seed, a, b)
		}
	}
}

func runSends(t *testing.T, seed uint64) *sends {
	o := simkernel.SwarmOptions(seed)
	o.Temperament = simkernel.Epoll
	o.Faults.TimeJump, o.Faults.ChangeFail, o.Faults.NotCached = 0, 0, o.Faults.NotCached/2
	o.Workers = 1 + int(seed%4)
	s := &sends{r: rand.New(rand.NewPCG(seed, 0x73656e64))}
	s.rig = newSimRigOver(t, o, func(k reactor.Kernel) reactor.Kernel { return &counted{Kernel: k} })
	for i := range 4 {
		data := make([]byte, 80_000+s.r.IntN(150_000))
		for at := range data {
			data[at] = byte(i<<6) | byte(at*7+at>>8*13)&0x3f
		}
		s.put(fmt.Sprint("a", i), data)
		s.files, s.cut, s.sizes = append(s.files, data), append(s.cut, false), append(s.sizes, len(data))
	}
	ln, err := s.l.Listen("tcp", "127.0.0.1:0", s.accept)
	if err != nil {
		t.Fatal(err)
	}
	s.addr = ln.Addr().String()
	for range 20 {
		s.after(time.Duration(s.r.IntN(40))*time.Millisecond, s.begin)
	}
	for range 30 {
		s.after(time.Duration(s.r.IntN(60))*time.Millisecond, s.disturb)
	}
	s.after(100*time.Millisecond, func() {
		ln.Close(nil)
		for _, x := range s.lives {
			x.wake()
		}
	})
	s.after(20*time.Second, func() {
		for _, x := range s.lives {
			x.giveUp()
		}
	})
	s.run()
	for i, x := range s.lives {
		x.check(i)
	}
	s.count = s.l.Reactor().Kernel().(*counted).sent
	s.uncaught = nil
	return s
}

// begin has a peer come.
func (s *sends) begin() {
	x := &sent{s: s, peer: s.w.Dial(s.addr), file: s.r.IntN(len(s.files)), rest: s.r.IntN(3) == 0}
	s.lives = append(s.lives, x)
	x.peer.Notify(func(*simkernel.Peer) { x.read() })
}

// accept sends a peer its file.
func (s *sends) accept(c *reactor.Conn) {
	var x *sent
	for _, y := range s.lives {
		if y.peer.LocalAddr() == c.RemoteAddr() {
			x = y
		}
	}
	if x == nil {
		s.Fatal("a stranger")
	}
	x.want = s.files[x.file]
	o := files.ReadOptions{}
	if s.r.IntN(3) == 0 {
		o.Start = int64(s.r.IntN(10_000))
		o.Length = int64(66_000 + s.r.IntN(len(x.want)-66_000-int(o.Start)))
		x.want, x.ranged = x.want[o.Start:o.Start+o.Length], true
	}
	x.out = stream.NewSocket(s.l, c, stream.SocketOptions{AllowHalfOpen: s.r.IntN(2) == 0})
	x.in = files.Open(s.l, s.path(fmt.Sprint("a", x.file)), o)
	failed := func(error) { x.disturbs = true }
	x.in.OnError(failed)
	x.out.OnError(failed)
	x.in.OnClose(func() { x.closes[0]++ })
	x.out.OnClose(func() { x.closes[1]++ })
	if s.r.IntN(4) == 0 {
		stream.Pipeline(func(error) {}, x.in, x.out)
		return
	}
	x.in.OnError(func(error) { x.out.Destroy(nil) })
	x.in.Pipe(x.out)
}

// read has the peer read what there is, unless it rests.
func (x *sent) read() {
	for !x.rest && x.end == nil {
		p, err := x.peer.Recv(1 + x.s.r.IntN(64<<10))
		x.got = append(x.got, p...)
		if err != nil {
			x.end = err
			x.peer.Close()
		}
		if len(p) == 0 || err != nil {
			return
		}
	}
}

func (x *sent) wake() {
	x.rest = false
	x.read()
}

// giveUp is the end of all patience.
func (x *sent) giveUp() {
	x.disturbs = true
	if x.in != nil {
		x.in.Destroy(nil)
		x.out.Destroy(nil)
	}
	x.peer.Close()
}

// disturb does something to somebody.
func (s *sends) disturb() {
	if len(s.lives) == 0 {
		return
	}
	x := s.lives[s.r.IntN(len(s.lives))]
	if x.in == nil {
		return
	}
	why := error(nil)
	if s.r.IntN(2) == 0 {
		why = errors.New("disturbed")
	}
	what := s.r.IntN(10)
	x.disturbs = x.disturbs || what < 6
	switch what {
	case 0:
		x.in.Destroy(why)
	case 1:
		x.out.Destroy(why)
	case 2:
		x.out.ResetAndDestroy(why)
	case 3:
		x.peer.Reset()
	case 4:
		x.peer.Close()
	case 5:
		x.in.Unpipe(x.out)
	case 6:
		s.w.EvictFile(s.path(fmt.Sprint("a", x.file)), int64(s.r.IntN(50_000)), 1+s.r.IntN(100_000))
		x.wake()
	case 7:
		if s.r.IntN(3) == 0 {
			s.cut[x.file] = true
			s.sizes[x.file] = s.r.IntN(1 + s.sizes[x.file]) // one that grows again has other bytes
			s.truncate(fmt.Sprint("a", x.file), s.sizes[x.file])
		}
	case 8:
		x.in.Pause()
		s.after(time.Duration(s.r.IntN(5000))*time.Microsecond, x.in.Resume)
	case 9:
		x.wake()
	}
}

func (x *sent) check(i int) {
	s := x.s
	if x.in == nil {
		return // it was reset before it was accepted
	}
	switch {
	case !bytes.HasPrefix(x.want, x.got):
		s.Errorf("peer %d: got %d bytes that are not the beginning of its file", i, len(x.got))
	case x.closes != [2]int{1, 1}:
		s.Errorf("peer %d: its file and its socket have closed %v times", i, x.closes)
	case s.cut[x.file] && x.ranged && x.end == io.EOF && !x.disturbs && len(x.got) < len(x.want):
		s.Errorf("peer %d: a range of %d bytes has ended well after %d", i, len(x.want), len(x.got))
	case !s.cut[x.file] && !x.disturbs && x.end == io.EOF && len(x.got) < len(x.want):
		s.Errorf("peer %d: got %d bytes of %d and a good end", i, len(x.got), len(x.want))
	}
}
