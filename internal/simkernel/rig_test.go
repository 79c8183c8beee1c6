package simkernel_test

import (
	"errors"
	"net/netip"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/reactor"
)

// rig is a kernel with the few moves the facts need.
type rig struct {
	machine bool // it is the real one, whose network takes real time
	t       *testing.T
	k       reactor.Kernel
	open    []int
	armed   map[int]reactor.Armed
	slots   uint32
	token   map[int]reactor.Token
	changes []reactor.Change // not handed in yet
}

func newRig(t *testing.T, k reactor.Kernel) *rig {
	return &rig{t: t, k: k, armed: map[int]reactor.Armed{}, token: map[int]reactor.Token{}}
}

func (g *rig) end() {
	for _, fd := range slices.Clone(g.open) {
		g.close(fd)
	}
	if err := g.k.Release(); err != nil {
		g.t.Error(err)
	}
}

func (g *rig) own(fd int) int {
	g.open = append(g.open, fd)
	return fd
}

func (g *rig) close(fd int) {
	g.t.Helper()
	g.forget(fd)
	if i := slices.Index(g.open, fd); i >= 0 {
		g.open = slices.Delete(g.open, i, i+1)
	}
	if errno := g.k.Close(fd); errno != 0 {
		g.t.Errorf("close of fd %d: %v", fd, errno)
	}
}

func (g *rig) reset(fd int) {
	g.t.Helper()
	if errno := g.k.SetOption(fd, reactor.OptReset, 1); errno != 0 {
		g.t.Errorf("reset option: %v", errno)
	}
	g.close(fd)
}

func (g *rig) listen(network string) (fd int, address string) {
	g.t.Helper()
	address = "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(g.t.TempDir(), "s")
	}
	fd, err := g.k.Listen(network, address, reactor.ListenOptions{})
	if err != nil {
		g.t.Fatal(err)
	}
	if network != "unix" {
		addr, errno := g.k.LocalAddr(fd)
		if errno != 0 {
			g.t.Fatal(errno)
		}
		address = addr.String()
	}
	return g.own(fd), address
}

// connect makes a connection and leaves its other end in the listener's queue.
func (g *rig) connect(network, address string) int {
	g.t.Helper()
	fd, pending, err := g.k.Connect(network, address, netip.AddrPort{})
	if err != nil {
		g.t.Fatal(err)
	}
	g.own(fd)
	if pending {
		g.arm(fd, armedW)
		if ready := g.wait(fd, time.Second); ready&canW == 0 {
			g.t.Fatalf("connecting: got %v", ready)
		}
		if errno := g.k.ConnectResult(fd); errno != 0 {
			g.t.Fatal(errno)
		}
		g.forget(fd)
	}
	return fd
}

// pair makes a connection: the end that is looked at, and its peer.
func (g *rig) pair(network string) (fd, peer int) {
	g.t.Helper()
	ln, address := g.listen(network)
	peer = g.connect(network, address)
	fd = g.accept(ln)
	g.close(ln)
	return fd, peer
}

func (g *rig) accept(ln int) int {
	g.t.Helper()
	g.arm(ln, armedR)
	g.wait(ln, time.Second)
	fd, _, errno := g.k.Accept(ln)
	if errno != 0 {
		g.t.Fatalf("accept: %v", errno)
	}
	g.forget(ln)
	return g.own(fd)
}

// arm changes what the kernel holds for fd, together with the next wait.
func (g *rig) arm(fd int, to reactor.Armed) {
	if g.armed[fd] == reactor.Unarmed {
		g.slots++
		g.token[fd] = reactor.Token{Slot: g.slots, Gen: g.slots * 7}
	}
	g.changes = append(g.changes, reactor.Change{FD: fd, Token: g.token[fd], From: g.armed[fd], To: to})
	g.armed[fd] = to
}

func (g *rig) forget(fd int) {
	if a := g.armed[fd]; a != reactor.Unarmed {
		g.flush()
		g.k.Remove(fd, a)
		delete(g.armed, fd)
	}
}

// flush applies changes that no wait has taken along.
func (g *rig) flush() {
	if len(g.changes) > 0 {
		g.wait(-1, 0)
	}
}

// wait waits once and returns everything that was reported for fd.
func (g *rig) wait(fd int, timeout time.Duration) (ready reactor.Readiness) {
	g.t.Helper()
	var events [16]reactor.Event
	n, err := g.k.Wait(g.changes, events[:], timeout)
	g.changes = g.changes[:0]
	if err != nil {
		g.t.Fatal(err)
	}
	for _, ev := range events[:n] {
		if ev.Err != 0 {
			g.t.Fatalf("change failed: %v", ev.Err)
		}
		if ev.Token == g.token[fd] {
			ready |= ev.Ready
		}
	}
	return ready
}

// five is what five consecutive waits report for fd. Only the first one waits, until something comes or enough time has
// passed to say that nothing does.
func (g *rig) five(fd int) (got [5]reactor.Readiness) {
	g.t.Helper()
	got[0] = g.wait(fd, 20*time.Millisecond)
	for i := 1; i < len(got); i++ {
		got[i] = g.wait(fd, 0)
	}
	return got
}

func (g *rig) send(fd int, s string) {
	g.t.Helper()
	n, errno := g.k.Write(fd, []byte(s))
	if n != len(s) || errno != 0 {
		g.t.Fatalf("write = %d, %v; want %d", n, errno, len(s))
	}
}

// outcome is what one read or write gave.
type outcome struct {
	n     int
	errno reactor.Errno
}

func (g *rig) read(fd, room int) outcome {
	n, errno := g.k.Read(fd, make([]byte, room))
	return outcome{n, errno}
}

func (g *rig) write(fd int, s string) outcome {
	n, errno := g.k.Write(fd, []byte(s))
	return outcome{n, errno}
}

func (g *rig) want(what string, got, want outcome) {
	g.t.Helper()
	if got != want {
		g.t.Errorf("%s: got %d, %v; want %d, %v", what, got.n, got.errno, want.n, want.errno)
	}
}

// settle gives a real network the time to deliver, and a fake one the turn.
func (g *rig) settle() { g.wait(-1, 5*time.Millisecond) }

func isErrno(err error, want syscall.Errno) bool { return errors.Is(err, want) }

func must(g *rig, errno reactor.Errno) {
	g.t.Helper()
	if errno != 0 {
		g.t.Fatal(errno)
	}
}
