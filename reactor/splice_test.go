package reactor_test

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/reactor/reactortest"
)

// relay passes on what c reads, and counts what it has seen of it.
type relay struct {
	c, to     *reactor.Conn
	near, far *simkernel.Peer
	read      int
	spliced   int
	asked     int
	done      []error
	ended     error
	onAsk     func()
	got       []byte
	sent      int
	most      int // of a splice; 0 is no limit
}

func (x *relay) OnRead(p []byte, err error) {
	if err != nil {
		x.ended = err
		return
	}
	x.read += len(p)
	x.to.WriteBorrowed(p, x.told)
}

func (x *relay) told(err error) { x.done = append(x.done, err) }

func (x *relay) SpliceTo() (any, int, func(error)) {
	x.asked++
	if x.onAsk != nil {
		x.onAsk()
	}
	return x.to, cmp.Or(x.most, math.MaxInt), x.told
}

func (x *relay) OnSplice(n int) { x.spliced += n }

// relays are some of them over a simulated kernel.
type relays struct {
	t   *testing.T
	w   *simkernel.World
	d   *reactortest.Driver
	all []*relay
}

func newRelays(t *testing.T, n int, o simkernel.Options, kernel func(reactor.Kernel) reactor.Kernel) *relays {
	t.Helper()
	o.CallCost = -1
	w := simkernel.New(o)
	var k reactor.Kernel = w.Kernel()
	if kernel != nil {
		k = kernel(k)
	}
	s := &relays{t: t, w: w, d: &reactortest.Driver{R: reactor.New(k, reactor.Options{})}}
	var conns []*reactor.Conn
	ln, err := s.d.R.Listen("tcp", "127.0.0.1:7000", reactor.ListenOptions{}, func(c *reactor.Conn) { conns = append(conns, c) })
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		x := &relay{near: w.Dial("127.0.0.1:7000"), far: w.Dial("127.0.0.1:7000")}
		s.d.Until(func() bool { return len(conns) == 2*i+2 })
		x.c, x.to = conns[2*i], conns[2*i+1]
		x.c.ReadStart(x)
		s.all = append(s.all, x)
	}
	ln.Close(nil)
	t.Cleanup(func() {
		for _, x := range s.all {
			x.c.Close(nil)
			x.to.Close(nil)
		}
		s.settle()
		if err := s.d.R.Close(); err != nil {
			t.Error(err)
		}
		for _, complaint := range w.Check() {
			t.Error(complaint)
		}
	})
	return s
}

func (s *relays) settle() {
	for range 60 {
		s.d.Iterate(0)
	}
}

// send has near send what its kernel and ours take of n bytes, again and again.
func (x *relay) send(s *relays, n int) {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte((x.sent + i) % 253)
	}
	for len(p) > 0 {
		k := x.near.Send(p)
		x.sent += k
		p = p[k:]
		s.settle()
		if k == 0 {
			s.t.Fatalf("nobody reads the last %d bytes", len(p))
		}
	}
}

// receive has far read all that comes, and checks that it is all that was sent.
func (x *relay) receive(s *relays) {
	s.t.Helper()
	for quiet := 0; quiet < 5; {
		p, _ := x.far.Recv(1 << 20)
		x.got = append(x.got, p...)
		if quiet++; len(p) > 0 {
			quiet = 0
		}
		s.settle()
	}
	if len(x.got) != x.sent {
		s.t.Errorf("%d bytes have arrived, want %d", len(x.got), x.sent)
	}
	for i, b := range x.got {
		if b != byte(i%253) {
			s.t.Fatalf("byte %d is %d, want %d", i, b, i%253)
		}
	}
}

func (s *relays) pipes() int {
	n := 0
	for _, leak := range s.w.Leaks() {
		if strings.Contains(leak, "pipe") {
			n++
		}
	}
	return n / 2
}

// A handler that never stops: the pipe takes as much as it is made for, and the rest is read, behind it.
func TestWhatAFullTubeCannotTakeIsRead(t *testing.T) {
	s := newRelays(t, 1, simkernel.Options{}, nil)
	x := s.all[0]
	x.send(s, 2<<20)
	if held := x.spliced - 128<<10; held > 256<<10 || x.spliced == 0 {
		t.Errorf("%d bytes lie in a pipe", held)
	}
	if x.read < 1<<20 || x.to.WriteQueueSize() != x.sent-128<<10 {
		t.Errorf("%d bytes were read; %d are queued of %d", x.read, x.to.WriteQueueSize(), x.sent)
	}
	x.receive(s)
	if n := s.pipes(); n != 1 {
		t.Errorf("%d pipes are open", n)
	}
	for _, err := range x.done {
		if err != nil {
			t.Error(err)
		}
	}
	if st := s.d.R.Metrics(); st.BytesRead != uint64(x.sent) || st.BytesWritten != uint64(x.sent) || st.BytesSpliced != uint64(x.spliced) {
		t.Errorf("%d bytes read, %d written, %d spliced; want %d and %d", st.BytesRead, st.BytesWritten, st.BytesSpliced, x.sent, x.spliced)
	}
}

func TestMoreStalledDestinationsThanTubesAreCopiedTo(t *testing.T) {
	s := newRelays(t, 140, simkernel.Options{}, nil)
	for _, x := range s.all {
		x.send(s, 300<<10)
	}
	if n := s.pipes(); n != 128 {
		t.Errorf("%d pipes are open", n)
	}
	for _, x := range s.all {
		x.receive(s)
	}
	if n := s.pipes(); n != 8 {
		t.Errorf("%d pipes are kept", n)
	}
}

func TestASourceMayStopWhenItIsAskedWhereItsBytesGo(t *testing.T) {
	s := newRelays(t, 1, simkernel.Options{}, nil)
	x := s.all[0]
	x.send(s, 64<<10)
	asked := x.asked
	x.onAsk = x.c.ReadStop
	x.near.Send(make([]byte, 64<<10))
	s.settle()
	if x.asked != asked+1 || x.spliced != 0 || x.read != 64<<10 {
		t.Errorf("asked %d times; %d bytes spliced, %d read", x.asked, x.spliced, x.read)
	}
}

func TestASourceMayNameWhatCannotTakeItsBytes(t *testing.T) {
	for _, c := range []struct {
		name string
		to   func(x *relay) *reactor.Conn
	}{
		{"nobody", func(*relay) *reactor.Conn { return nil }},
		{"one whose end was sent", func(x *relay) *reactor.Conn { x.to.CloseWrite(nil); return x.to }},
		{"one that is closed", func(x *relay) *reactor.Conn { x.to.Close(nil); return x.to }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newRelays(t, 1, simkernel.Options{}, nil)
			x := s.all[0]
			x.send(s, 64<<10)
			to := c.to(x)
			x.c.ReadStart(&other{x, to})
			x.near.Send(make([]byte, 64<<10))
			s.settle()
			if x.spliced != 0 || x.read != 128<<10 {
				t.Errorf("%d bytes spliced, %d read", x.spliced, x.read)
			}
		})
	}
}

// other is a relay that names another destination.
type other struct {
	*relay
	where *reactor.Conn
}

func (x *other) SpliceTo() (any, int, func(error)) {
	if x.where == nil {
		return nil, 0, nil
	}
	return x.where, math.MaxInt, nil
}

func TestAHandlerThatTakesOverFromASpliceGetsItsBytes(t *testing.T) {
	s := newRelays(t, 1, simkernel.Options{}, nil)
	x := s.all[0]
	x.send(s, 256<<10)
	spliced, got := x.spliced, 0
	x.c.ReadStart(reactor.ReadFunc(func(p []byte, err error) { got += len(p) }))
	x.near.Send(make([]byte, 64<<10))
	s.settle()
	if spliced == 0 || x.spliced != spliced || got != 64<<10 {
		t.Errorf("%d bytes spliced, then %d; %d were read", spliced, x.spliced-spliced, got)
	}
}

// Splice takes the error from the socket, so it must tell it: the next read would see the end.
func TestAResetThatASpliceFindsIsTold(t *testing.T) {
	s := newRelays(t, 1, simkernel.Options{}, nil)
	x := s.all[0]
	x.send(s, 128<<10)
	if x.spliced == 0 {
		t.Fatal("nothing was spliced")
	}
	calls := s.w.Calls()
	x.near.Reset()
	s.settle()
	if !errors.Is(x.ended, reactor.ECONNRESET) {
		t.Errorf("told %v", x.ended)
	}
	if now := s.w.Calls(); now.Splice == calls.Splice {
		t.Error("it was not a splice that found it")
	}
}

// brokenPipes is a kernel whose pipes give nothing back.
type brokenPipes struct {
	reactor.Kernel
	broken  bool
	readErr reactor.Errno
	ends    []int // that pipes are read from
}

func (k *brokenPipes) OpenPipe(size int) (int, int, reactor.Errno) {
	r, w, errno := k.Kernel.OpenPipe(size)
	k.ends = append(k.ends, r)
	return r, w, errno
}

func (k *brokenPipes) Splice(from, to, n int) (int, reactor.Errno) {
	if !k.broken || !slices.Contains(k.ends, from) {
		return k.Kernel.Splice(from, to, n)
	}
	if k.readErr != 0 {
		return 0, reactor.EINVAL
	}
	return 0, 0
}

func (k *brokenPipes) ReadPipe(fd int, p []byte) (int, reactor.Errno) { return 0, k.readErr }

func TestAPipeThatGivesNothingBackFailsTheWritesOnce(t *testing.T) {
	for _, readErr := range []reactor.Errno{0, syscall.EIO} {
		var k *brokenPipes
		s := newRelays(t, 1, simkernel.Options{}, func(below reactor.Kernel) reactor.Kernel {
			k = &brokenPipes{Kernel: below, readErr: readErr}
			return k
		})
		x := s.all[0]
		x.send(s, 384<<10)
		before := len(x.done)
		if x.spliced == 0 || x.to.WriteQueueSize() == 0 {
			t.Fatalf("%d bytes spliced, %d queued", x.spliced, x.to.WriteQueueSize())
		}
		x.c.ReadStop()
		k.broken = true
		for range 4 {
			x.far.Recv(1 << 20)
			s.settle()
		}
		if len(x.done) == before || x.to.WriteQueueSize() != 0 {
			t.Errorf("%d were told, %d bytes are queued", len(x.done)-before, x.to.WriteQueueSize())
		}
		for _, err := range x.done[before:] {
			if err == nil {
				t.Error("a write whose bytes are lost has ended well")
			}
		}
		if s.pipes() != 0 {
			t.Error("a pipe with bytes in it is kept")
		}
	}
}

// The pipes that are kept for later are the first to go when there is no descriptor to accept with.
func TestAListenerTakesTheDescriptorsOfIdleTubes(t *testing.T) {
	const limit = 3 + 1 + 2 + 2 + 2 // standard, listener and reserve, a relay, a pipe, room for one
	s := newRelays(t, 1, simkernel.Options{FDLimit: limit}, nil)
	x := s.all[0]
	x.send(s, 64<<10)
	x.receive(s)
	x.send(s, 64<<10)
	x.receive(s)
	if s.pipes() != 1 {
		t.Fatalf("%d pipes are kept", s.pipes())
	}
	var more []*reactor.Conn
	ln, err := s.d.R.Listen("tcp", "127.0.0.1:7001", reactor.ListenOptions{}, func(c *reactor.Conn) { more = append(more, c) })
	if err != nil {
		t.Fatal(err)
	}
	for range limit {
		if s.w.OpenFDs() < limit-3 {
			s.w.Dial("127.0.0.1:7001")
			s.settle()
		}
	}
	n := len(more)
	s.w.Dial("127.0.0.1:7001")
	s.d.Until(func() bool { return len(more) > n })
	if s.pipes() != 0 || s.d.R.Metrics().Shed != 0 {
		t.Errorf("%d pipes are kept, %d connections were shed", s.pipes(), s.d.R.Metrics().Shed)
	}
	for _, c := range more {
		c.Close(nil)
	}
	ln.Close(nil)
	s.d.Iterate(time.Millisecond)
}

func TestASpliceMovesNoMoreThanItsMost(t *testing.T) {
	s := newRelays(t, 1, simkernel.Options{}, nil)
	x := s.all[0]
	x.send(s, 64<<10)
	read, spliced := x.read, x.spliced
	x.most = 5000
	x.send(s, 64<<10)
	if n := x.spliced - spliced; n != 5000 { // and less than a large read is followed by ordinary ones
		t.Errorf("%d bytes were spliced, %d read; want 5000", n, x.read-read)
	}
	x.most = -1
	x.send(s, 512<<10)
	if n := x.spliced - spliced; n != 5000 {
		t.Errorf("%d bytes were spliced where none were to be", n-5000)
	}
	x.receive(s)
}
