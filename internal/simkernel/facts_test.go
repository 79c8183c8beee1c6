package simkernel_test

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// The facts below are what real kernels were measured to do. Each test runs on the fake and, where the machine is of
// the right family, on the real kernel through the same interface: that is the proof that the fake tells the truth.

const (
	armedR  = reactor.ArmedRead
	armedW  = reactor.ArmedWrite
	armedRW = reactor.ArmedRead | reactor.ArmedWrite
	parked  = reactor.Parked

	canR   = reactor.CanRead
	canW   = reactor.CanWrite
	ended  = reactor.Ended
	hup    = reactor.HungUp
	failed = reactor.Failed
)

// onLinux runs f on the epoll temperament and, on Linux, on the machine's kernel.
func onLinux(t *testing.T, f func(*testing.T, *rig)) {
	on(t, simkernel.Epoll, runtime.GOOS == "linux", f)
}

// onBSD does the same for kqueue.
func onBSD(t *testing.T, f func(*testing.T, *rig)) {
	on(t, simkernel.Kqueue, runtime.GOOS != "linux", f)
}

// onAll runs f on everything there is.
func onAll(t *testing.T, f func(*testing.T, *rig)) {
	onLinux(t, f)
	onBSD(t, f)
}

func on(t *testing.T, temper simkernel.Temperament, machine bool, f func(*testing.T, *rig)) {
	t.Helper()
	t.Run(temper.String(), func(t *testing.T) {
		w := simkernel.New(simkernel.Options{Temperament: temper})
		g := newRig(t, w.Kernel())
		f(t, g)
		g.end()
		for _, v := range w.Check() {
			t.Error(v)
		}
		if t.Failed() {
			t.Log(w.Trace())
		}
	})
	if machine {
		t.Run("machine", func(t *testing.T) {
			k, err := reactor.System(reactor.SystemOptions{})
			if err != nil {
				t.Fatal(err)
			}
			g := newRig(t, k)
			g.machine = true
			f(t, g)
			g.end()
		})
	}
}

// always and once are the two shapes a row of the table has.
func always(r reactor.Readiness) [5]reactor.Readiness { return [5]reactor.Readiness{r, r, r, r, r} }
func once(r reactor.Readiness) [5]reactor.Readiness   { return [5]reactor.Readiness{r} }

// action is one thing a peer does, and what a poller then says, mask by mask.
type action struct {
	name    string
	network string
	do      func(g *rig, fd, peer int)
	read    [5]reactor.Readiness // ArmedRead
	write   [5]reactor.Readiness // ArmedWrite
	parked  [5]reactor.Readiness // Parked
	again   reactor.Readiness    // ArmedRead, after Parked: nothing is lost
}

func actions() map[string]func(*rig, int, int) {
	return map[string]func(*rig, int, int){
		"fin":       func(g *rig, _, peer int) { must(g, g.k.CloseWrite(peer)) },
		"close":     func(g *rig, _, peer int) { g.close(peer) },
		"data fin":  func(g *rig, _, peer int) { g.send(peer, "abc"); must(g, g.k.CloseWrite(peer)) },
		"reset":     func(g *rig, _, peer int) { g.reset(peer) },
		"unread":    func(g *rig, fd, peer int) { g.send(fd, "abc"); g.settle(); g.close(peer) },
		"both shut": func(g *rig, fd, peer int) { must(g, g.k.CloseWrite(fd)); g.settle(); g.close(peer) },
		"data":      func(g *rig, _, peer int) { g.send(peer, "abc") },
	}
}

func runTable(t *testing.T, on func(*testing.T, func(*testing.T, *rig)), table []action) {
	for _, a := range table {
		t.Run(a.network+" "+a.name, func(t *testing.T) {
			on(t, func(t *testing.T, g *rig) {
				do := actions()[a.name]
				for _, m := range []struct {
					armed reactor.Armed
					want  [5]reactor.Readiness
				}{{armedR, a.read}, {armedW, a.write}, {parked, a.parked}} {
					fd, peer := g.pair(a.network)
					g.arm(fd, m.armed)
					g.wait(fd, 0)
					do(g, fd, peer)
					if g.machine {
						time.Sleep(time.Millisecond) // a wait would use the edge up, or end before the peer's news
					}
					if got := g.five(fd); got != m.want {
						t.Errorf("%v: got %v, want %v", m.armed, got, m.want)
					}
					if m.armed == parked {
						g.arm(fd, armedR)
						if got := g.wait(fd, 20*time.Millisecond); got != a.again {
							t.Errorf("ArmedRead after Parked: got %v, want %v", got, a.again)
						}
					}
					g.forget(fd) // unanswered events would be a spin
				}
			})
		})
	}
}

func TestLinuxReportsWhatTheMeasuredTableSays(t *testing.T) {
	runTable(t, onLinux, []action{
		{"fin", "tcp", nil, always(canR | ended), always(canW), once(ended), canR | ended},
		{"close", "tcp", nil, always(canR | ended), always(canW), once(ended), canR | ended},
		{"data fin", "tcp", nil, always(canR | ended), always(canW), once(ended), canR | ended},
		{"reset", "tcp", nil, always(canR | ended | hup | failed), always(canW | hup | failed), once(ended | hup | failed), canR | ended | hup | failed},
		{"unread", "tcp", nil, always(canR | ended | hup | failed), always(canW | hup | failed), once(ended | hup | failed), canR | ended | hup | failed},
		{"both shut", "tcp", nil, always(canR | ended | hup), always(canW | hup), once(ended | hup), canR | ended | hup},
		{"data", "tcp", nil, always(canR), always(canW), once(0), canR},
		{"close", "unix", nil, always(canR | ended | hup), always(canW | hup), once(ended | hup), canR | ended | hup},
		{"unread", "unix", nil, always(canR | ended | hup | failed), always(canW | hup | failed), once(ended | hup | failed), canR | ended | hup | failed},
		{"fin", "unix", nil, always(canR | ended), always(canW), once(ended), canR | ended},
		{"data", "unix", nil, always(canR), always(canW), once(0), canR},
	})
}

func TestTheEndAloneIsReportedAsOftenAsTheSystemCan(t *testing.T) {
	for system, on := range map[string]func(*testing.T, func(*testing.T, *rig)){"linux": onLinux, "bsd": onBSD} {
		t.Run(system, func(t *testing.T) {
			on(t, func(t *testing.T, g *rig) {
				fd, peer := g.pair("tcp")
				g.arm(fd, reactor.ArmedEnd|reactor.ArmedPriority)
				g.send(peer, "abc")
				if got := g.wait(fd, 5*time.Millisecond); got != 0 {
					t.Errorf("bytes alone: got %v, want nothing", got)
				}
				must(g, g.k.CloseWrite(peer))
				want := always(ended)
				if system == "bsd" {
					want = once(canR | ended)
				}
				if got := g.five(fd); got != want {
					t.Errorf("got %v, want %v", got, want)
				}
				g.forget(fd)
			})
		})
	}
}

func TestBSDReportsReadingAndWritingApart(t *testing.T) {
	runTable(t, onBSD, []action{
		{"fin", "tcp", nil, always(canR | ended), always(canW), once(canR | ended), canR | ended},
		{"data fin", "tcp", nil, always(canR | ended), always(canW), once(canR | ended), canR | ended},
		{"reset", "tcp", nil, always(canR | ended | hup), always(canW | hup), once(canR | ended | hup), canR | ended | hup},
		{"both shut", "tcp", nil, always(canR | ended | hup), always(canW | hup), once(canR | ended | hup), canR | ended | hup},
		{"data", "tcp", nil, always(canR), always(canW), once(0), canR},
		{"close", "unix", nil, always(canR | ended | hup), always(canW | hup), once(canR | ended | hup), canR | ended | hup},
		{"data", "unix", nil, always(canR), always(canW), once(0), canR},
	})
	w := simkernel.New(simkernel.Options{Temperament: simkernel.Kqueue})
	g := newRig(t, w.Kernel())
	fd, peer := g.pair("tcp")
	g.send(peer, "abc")
	tok := reactor.Token{Slot: 77, Gen: 1}
	var events [4]reactor.Event
	n, err := g.k.Wait([]reactor.Change{{FD: fd, Token: tok, To: armedRW}}, events[:], 0)
	if want := []reactor.Event{{Token: tok, Ready: canR}, {Token: tok, Ready: canW}}; err != nil || !slices.Equal(events[:n], want) {
		t.Errorf("got %v, %v; want %v", events[:n], err, want)
	}
}

func TestLinuxReportsReadingAndWritingTogether(t *testing.T) {
	onLinux(t, func(t *testing.T, g *rig) {
		fd, peer := g.pair("tcp")
		g.send(peer, "abc")
		g.settle()
		g.arm(fd, armedRW)
		if got, want := g.wait(fd, 0), canR|canW; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestAResetComesBehindTheBytesAndOnce(t *testing.T) {
	onAll(t, func(_ *testing.T, g *rig) {
		fd, peer := g.pair("tcp")
		g.send(peer, "abc")
		g.reset(peer)
		g.settle()
		g.want("first read", g.read(fd, 16), outcome{3, 0})
		g.want("second read", g.read(fd, 16), outcome{0, syscall.ECONNRESET})
		g.want("third read", g.read(fd, 16), outcome{0, 0})
	})
}

func TestAUnixSocketIsResetWhenItsPeerClosesWithUnreadBytes(t *testing.T) {
	onLinux(t, func(_ *testing.T, g *rig) {
		fd, peer := g.pair("unix")
		g.send(peer, "abc")
		g.send(fd, "xyz")
		g.close(peer)
		g.want("first read", g.read(fd, 16), outcome{3, 0})
		g.want("second read", g.read(fd, 16), outcome{0, syscall.ECONNRESET})
		g.want("third read", g.read(fd, 16), outcome{0, 0})
		g.want("write", g.write(fd, "a"), outcome{0, syscall.EPIPE})
	})
}

func TestTheFirstWriteAfterThePeerClosedSucceedsAndTheSecondGivesEPIPE(t *testing.T) {
	onLinux(t, func(_ *testing.T, g *rig) {
		fd, peer := g.pair("tcp")
		g.close(peer)
		g.settle()
		g.want("first write", g.write(fd, "abc"), outcome{3, 0})
		g.settle()
		g.want("second write", g.write(fd, "abc"), outcome{0, syscall.EPIPE})
		g.want("third write", g.write(fd, "abc"), outcome{0, syscall.EPIPE})
		g.want("read", g.read(fd, 16), outcome{0, 0})
	})
}

func TestAWriteThatMeetsAResetConsumesIt(t *testing.T) {
	onLinux(t, func(_ *testing.T, g *rig) {
		fd, peer := g.pair("tcp")
		g.send(peer, "abc")
		g.reset(peer)
		g.settle()
		g.want("write", g.write(fd, "x"), outcome{0, syscall.ECONNRESET})
		g.want("next write", g.write(fd, "x"), outcome{0, syscall.EPIPE})
		g.want("read", g.read(fd, 16), outcome{3, 0})
		g.want("next read", g.read(fd, 16), outcome{0, 0})
	})
}

func TestBSDLeavesTheResetToTheReader(t *testing.T) {
	onBSD(t, func(_ *testing.T, g *rig) {
		fd, peer := g.pair("tcp")
		g.reset(peer)
		g.settle()
		g.want("write", g.write(fd, "x"), outcome{0, syscall.EPIPE})
		g.want("read", g.read(fd, 16), outcome{0, syscall.ECONNRESET})
		g.want("next read", g.read(fd, 16), outcome{0, 0})
	})
}

func TestClosingWithUnreadBytesSendsAReset(t *testing.T) {
	onAll(t, func(_ *testing.T, g *rig) {
		fd, peer := g.pair("tcp")
		g.send(fd, "abc")
		g.settle()
		g.close(peer)
		g.settle()
		g.want("read", g.read(fd, 16), outcome{0, syscall.ECONNRESET})
	})
}

func TestBytesForAClosedSocketAreAnsweredWithAReset(t *testing.T) {
	onLinux(t, func(t *testing.T, g *rig) {
		fd, peer := g.pair("tcp")
		g.close(peer)
		g.settle()
		g.send(fd, "abc")
		g.settle()
		g.arm(fd, armedR)
		if got, want := g.wait(fd, 20*time.Millisecond), canR|ended|hup|failed; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestAFullBufferGivesWouldBlockAndThenRoomAgain(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			onAll(t, func(t *testing.T, g *rig) {
				fd, peer := g.pair(network)
				sent := 0
				chunk := make([]byte, 32<<10)
				for {
					n, errno := g.k.Write(fd, chunk)
					if errno == syscall.EAGAIN {
						break
					}
					if errno != 0 || n == 0 || sent > 64<<20 {
						t.Fatalf("after %d bytes: %d, %v", sent, n, errno)
					}
					sent += n
				}
				g.arm(fd, armedW)
				if got := g.wait(fd, 0); got != 0 {
					t.Errorf("full: got %v", got)
				}
				got := 0
				buf := make([]byte, 64<<10)
				for deadline := 0; got < sent && deadline < 10_000; deadline++ {
					n, errno := g.k.Read(peer, buf)
					if errno == syscall.EAGAIN {
						g.settle()
					}
					got += n
				}
				if got != sent {
					t.Errorf("read %d of %d bytes", got, sent)
				}
				if got := g.wait(fd, time.Second); got != canW {
					t.Errorf("emptied: got %v", got)
				}
				g.want("write", g.write(fd, "abc"), outcome{3, 0})
			})
		})
	}
}

func TestAConnectThatNobodyWantsIsRefused(t *testing.T) {
	onLinux(t, func(t *testing.T, g *rig) {
		ln, address := g.listen("tcp")
		g.close(ln)
		fd, pending, err := g.k.Connect("tcp", address, netip.AddrPort{})
		if !pending || err != nil {
			t.Fatalf("pending %v, %v", pending, err)
		}
		g.own(fd)
		g.arm(fd, armedRW)
		if got, want := g.wait(fd, time.Second), canR|canW|ended|hup|failed; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
		if errno := g.k.ConnectResult(fd); errno != syscall.ECONNREFUSED {
			t.Errorf("got %v", errno)
		}
		// The error is gone, the hang-up stays.
		if got, want := g.wait(fd, 0), canR|canW|ended|hup; got != want {
			t.Errorf("afterwards: got %v, want %v", got, want)
		}
		g.want("read", g.read(fd, 16), outcome{0, 0})
		g.want("write", g.write(fd, "x"), outcome{0, syscall.EPIPE})
		if _, errno := g.k.PeerAddr(fd); errno != syscall.ENOTCONN {
			t.Errorf("PeerAddr: %v", errno)
		}
	})
}

func TestAnEstablishedConnectionKnowsBothAddressesUntilItIsReset(t *testing.T) {
	onAll(t, func(t *testing.T, g *rig) {
		fd, peer := g.pair("tcp")
		here, e1 := g.k.LocalAddr(fd)
		there, e2 := g.k.PeerAddr(fd)
		local, e3 := g.k.LocalAddr(peer)
		remote, e4 := g.k.PeerAddr(peer)
		if e1|e2|e3|e4 != 0 || here != remote || there != local || here == there {
			t.Errorf("%v -> %v, %v -> %v", here, there, local, remote)
		}
		g.reset(peer)
		g.settle()
		if _, errno := g.k.PeerAddr(fd); errno != syscall.ENOTCONN {
			t.Errorf("PeerAddr after a reset: %v", errno)
		}
		if errno := g.k.CloseWrite(fd); errno != syscall.ENOTCONN {
			t.Errorf("CloseWrite after a reset: %v", errno)
		}
	})
}

func TestConnectionsToDifferentPeersMayShareAPort(t *testing.T) {
	onLinux(t, func(t *testing.T, g *rig) {
		_, first := g.listen("tcp")
		_, second := g.listen("tcp")
		local := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(20_000+os.Getpid()%10_000))
		for _, try := range []struct {
			to   string
			want reactor.Errno
		}{{first, 0}, {second, 0}, {first, syscall.EADDRNOTAVAIL}} {
			fd, _, err := g.k.Connect("tcp", try.to, local)
			for len(g.open) == 2 && errnoIn(err) == syscall.EADDRINUSE { // somebody else has it
				local = netip.AddrPortFrom(local.Addr(), local.Port()+1)
				fd, _, err = g.k.Connect("tcp", try.to, local)
			}
			if errno := errnoIn(err); errno != try.want {
				t.Errorf("from %v to %s: got %v, want %v", local, try.to, err, try.want)
			} else if errno == 0 {
				g.own(fd)
			}
		}
		for _, fd := range slices.Clone(g.open)[2:] {
			g.reset(fd) // nothing is left that waits with the port
		}
	})
}

// There it takes SO_REUSEPORT, which would also let a stranger in.
func TestConnectionsMayNotShareAPort(t *testing.T) {
	onBSD(t, func(t *testing.T, g *rig) {
		_, first := g.listen("tcp")
		_, second := g.listen("tcp")
		local := netip.MustParseAddrPort("127.0.0.1:20123")
		fd, _, err := g.k.Connect("tcp", first, local)
		must(g, errnoIn(err))
		if _, _, err := g.k.Connect("tcp", second, local); errnoIn(err) != syscall.EADDRINUSE {
			t.Errorf("got %v", err)
		}
		g.reset(g.own(fd))
	})
}

func errnoIn(err error) reactor.Errno {
	var errno reactor.Errno
	errors.As(err, &errno)
	return errno
}

func TestUnixSocketsHaveNoAddresses(t *testing.T) {
	onAll(t, func(t *testing.T, g *rig) {
		fd, _ := g.pair("unix")
		here, e1 := g.k.LocalAddr(fd)
		there, e2 := g.k.PeerAddr(fd)
		if e1|e2 != 0 || here != (netip.AddrPort{}) || there != (netip.AddrPort{}) {
			t.Errorf("%v %v, %v %v", here, e1, there, e2)
		}
	})
}

func TestAUnixPathWithoutListenerIsRefusedAtOnce(t *testing.T) {
	onAll(t, func(t *testing.T, g *rig) {
		path := filepath.Join(t.TempDir(), "s")
		fd, pending, err := g.k.Connect("unix", path, netip.AddrPort{})
		if pending || fd >= 0 || !isErrno(err, syscall.ENOENT) {
			t.Errorf("missing path: fd %d, pending %v, %v", fd, pending, err)
		}
		ln, err := g.k.Listen("unix", path, reactor.ListenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.k.Listen("unix", path, reactor.ListenOptions{}); !isErrno(err, syscall.EADDRINUSE) {
			t.Errorf("second listener: %v", err)
		}
		must(g, g.k.Close(ln))
		fd, pending, err = g.k.Connect("unix", path, netip.AddrPort{})
		if pending || fd >= 0 || !isErrno(err, syscall.ECONNREFUSED) {
			t.Errorf("stale path: fd %d, pending %v, %v", fd, pending, err)
		}
		ln, err = g.k.Listen("unix", path, reactor.ListenOptions{})
		if err != nil {
			t.Errorf("a stale path is not replaced: %v", err)
		} else {
			g.own(ln)
		}
		if errno := g.k.Unlink(path); errno != 0 {
			t.Errorf("unlink: %v", errno)
		}
		if errno := g.k.Unlink(path); errno != syscall.ENOENT {
			t.Errorf("second unlink: %v", errno)
		}
	})
}

func TestAFullUnixBacklogGivesWouldBlock(t *testing.T) {
	onLinux(t, func(t *testing.T, g *rig) {
		path := filepath.Join(t.TempDir(), "s")
		ln, err := g.k.Listen("unix", path, reactor.ListenOptions{Backlog: 2})
		if err != nil {
			t.Fatal(err)
		}
		g.own(ln)
		for i := range 3 {
			fd, _, err := g.k.Connect("unix", path, netip.AddrPort{})
			if err != nil {
				t.Fatalf("connect %d: %v", i, err)
			}
			g.own(fd)
		}
		fd, pending, err := g.k.Connect("unix", path, netip.AddrPort{})
		if pending || fd >= 0 || !isErrno(err, syscall.EAGAIN) {
			t.Errorf("fd %d, pending %v, %v", fd, pending, err)
		}
	})
}

func TestAUsedPortIsRefusedAndPortZeroPicksAFreeOne(t *testing.T) {
	onAll(t, func(t *testing.T, g *rig) {
		_, address := g.listen("tcp")
		if fd, err := g.k.Listen("tcp", address, reactor.ListenOptions{}); !isErrno(err, syscall.EADDRINUSE) {
			t.Errorf("got fd %d, %v", fd, err)
		}
		_, other := g.listen("tcp")
		if other == address {
			t.Errorf("the same address twice: %s", other)
		}
		if _, err := g.k.Listen("tcp", "192.0.2.1:0", reactor.ListenOptions{}); !isErrno(err, syscall.EADDRNOTAVAIL) {
			t.Errorf("foreign address: %v", err)
		}
	})
}

func TestListenersShareAPortIfAllAskForIt(t *testing.T) {
	onAll(t, func(t *testing.T, g *rig) {
		a, err := g.k.Listen("tcp", "127.0.0.1:0", reactor.ListenOptions{ReusePort: true})
		if err != nil {
			t.Fatal(err)
		}
		g.own(a)
		addr, _ := g.k.LocalAddr(a)
		b, err := g.k.Listen("tcp", addr.String(), reactor.ListenOptions{ReusePort: true})
		if err != nil {
			t.Fatal(err)
		}
		g.own(b)
		if _, err := g.k.Listen("tcp", addr.String(), reactor.ListenOptions{}); !isErrno(err, syscall.EADDRINUSE) {
			t.Errorf("third listener: %v", err)
		}
		for range 40 {
			g.connect("tcp", addr.String())
		}
		g.settle()
		count := map[int]int{}
		for _, ln := range []int{a, b} {
			for {
				fd, _, errno := g.k.Accept(ln)
				if errno != 0 {
					break
				}
				g.own(fd)
				count[ln]++
			}
		}
		if count[a] == 0 || count[b] == 0 || count[a]+count[b] != 40 {
			t.Errorf("got %d and %d connections", count[a], count[b])
		}
	})
}

func TestTheLowestFreeNumberIsTheNextDescriptor(t *testing.T) {
	onAll(t, func(t *testing.T, g *rig) {
		fd, peer := g.pair("tcp")
		g.close(fd)
		spare, errno := g.k.Reserve()
		must(g, errno)
		g.own(spare)
		if fd < peer && spare > fd {
			t.Errorf("fd %d is free, got %d", fd, spare)
		}
	})
}

func TestARegistrationEndsWithItsDescriptor(t *testing.T) {
	onAll(t, func(t *testing.T, g *rig) {
		fd, peer := g.pair("tcp")
		g.arm(fd, armedR)
		g.wait(fd, 0)
		g.send(peer, "abc")
		g.settle()
		old := g.token[fd]
		g.close(fd)
		g.token[-2] = old
		if got := g.wait(-2, 5*time.Millisecond); got != 0 {
			t.Errorf("got %v for a closed descriptor", got)
		}
	})
}

func TestAListenerWhoseQueueIsFullLetsClientsTryAgain(t *testing.T) {
	w := simkernel.New(simkernel.Options{})
	k := w.Kernel()
	ln, err := k.Listen("tcp", "127.0.0.1:7000", reactor.ListenOptions{Backlog: 1})
	if err != nil {
		t.Fatal(err)
	}
	var peers []*simkernel.Peer
	for range 3 {
		peers = append(peers, w.Dial("127.0.0.1:7000"))
	}
	if !peers[1].Connected() || peers[2].Connected() {
		t.Errorf("connected: %v, %v, %v", peers[0].Connected(), peers[1].Connected(), peers[2].Connected())
	}
	for range 2 {
		fd, _, errno := k.Accept(ln)
		if errno != 0 {
			t.Fatal(errno)
		}
		k.Close(fd)
	}
	w.Advance(time.Second)
	if !peers[2].Connected() {
		t.Error("the third client has not come back after a second")
	}
	k.Close(ln)
	if err := peers[2].Err(); err != syscall.ECONNRESET {
		t.Errorf("a client in the queue of a closed listener: %v", err)
	}
}

func TestTheSendQueueIsWhatThePeerDoesNotHave(t *testing.T) {
	onLinux(t, func(t *testing.T, g *rig) {
		queue := func(what string, fd, least, most int) {
			t.Helper()
			if n, errno := g.k.SendQueue(fd); errno != 0 || n < least || n > most {
				t.Errorf("%s: got %d, %v; want %d to %d", what, n, errno, least, most)
			}
		}
		fd, peer := g.pair("tcp")
		queue("nothing written", fd, 0, 0)
		g.send(fd, "abc")
		g.settle()
		queue("what was delivered, and not read", fd, 0, 0)
		g.read(peer, 16)
		fd, peer = g.pair("unix")
		g.send(fd, "abc")
		queue("the same of a Unix socket", fd, 3, 4096) // the memory that it lies in
		g.read(peer, 16)
		queue("what was read", fd, 0, 0)
		ln, _ := g.listen("tcp")
		if _, errno := g.k.SendQueue(ln); errno != syscall.EINVAL {
			t.Errorf("of a listener: %v", errno)
		}
		spare, errno := g.k.Reserve()
		must(g, errno)
		if _, errno := g.k.SendQueue(g.own(spare)); errno != syscall.ENOTTY {
			t.Errorf("of what is no socket: %v", errno)
		}
	})
	w := simkernel.New(simkernel.Options{Temperament: simkernel.Kqueue})
	g := newRig(t, w.Kernel())
	fd, _ := g.pair("unix")
	if _, errno := g.k.SendQueue(fd); errno != syscall.EOPNOTSUPP {
		t.Errorf("of a Unix socket of BSD: %v", errno)
	}
}
