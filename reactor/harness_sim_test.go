package reactor_test

import (
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/reactor/reactortest"
)

// simHarness is a world of the simulated kernel.
type simHarness struct {
	t *testing.T
	w *simkernel.World
	k *simkernel.Kernel
	n int // addresses handed out
}

func newSimHarness(t *testing.T, o simkernel.Options) *simHarness {
	w := simkernel.New(o)
	return &simHarness{t: t, w: w, k: w.Kernel()}
}

func (h *simHarness) Kernel() reactor.Kernel { return h.k }

func (*simHarness) Networks() []string { return []string{"tcp4", "tcp6", "unix"} }

func (h *simHarness) Address(network string) string {
	switch network {
	case "tcp4":
		return "127.0.0.1:0"
	case "tcp6":
		return "[::1]:0"
	}
	h.n++
	return fmt.Sprintf("/run/weir%d.sock", h.n)
}

// next is an address with a port, for those who don't ask a kernel.
func (h *simHarness) next(network string) string {
	h.n++
	switch network {
	case "tcp4":
		return fmt.Sprintf("127.0.0.1:%d", 2000+h.n)
	case "tcp6":
		return fmt.Sprintf("[::1]:%d", 2000+h.n)
	}
	return h.Address(network)
}

func (h *simHarness) Refusing(network string) string {
	address := h.next(network)
	if network == "unix" {
		h.w.ListenPeer(address, func(*simkernel.Peer) {})()
	}
	return address
}

func (h *simHarness) Silent() string {
	address := h.next("tcp4")
	h.w.Route(address, simkernel.BlackHole)
	return address
}

func (h *simHarness) Dial(_, address string) reactortest.Peer {
	return &simPeer{Peer: h.w.Dial(address)}
}

func (h *simHarness) Listen(network string) reactortest.PeerListener {
	l := &simListener{address: h.next(network)}
	l.stop = h.w.ListenPeer(l.address, func(p *simkernel.Peer) { l.queue = append(l.queue, &simPeer{Peer: p}) })
	return l
}

func (h *simHarness) InheritConn(network string) (reactor.File, reactortest.Peer) {
	if network == "unix" {
		return nil, nil // a World hands down TCP sockets only
	}
	fd, p, err := h.w.InheritConn()
	if err != nil {
		h.t.Fatal(err)
	}
	return &simFile{h.k, fd}, &simPeer{Peer: p}
}

func (h *simHarness) InheritListener(network string) (reactor.File, string) {
	address := h.next(network)
	fd, err := h.w.InheritListener(network, address)
	if err != nil {
		h.t.Fatal(err)
	}
	return &simFile{h.k, fd}, address
}

func (h *simHarness) InheritDatagram(network string) (reactor.File, string) {
	address := h.next(network)
	fd, err := h.w.InheritDatagram(address)
	if err != nil {
		h.t.Fatal(err)
	}
	return &simFile{h.k, fd}, address
}

func (h *simHarness) InheritFile() reactor.File {
	fd, err := h.w.InheritFile()
	if err != nil {
		h.t.Fatal(err)
	}
	return &simFile{h.k, fd}
}

func (h *simHarness) Folder() string {
	h.w.MakeFolder("/var/files")
	return "/var/files"
}

func (h *simHarness) Check() []string {
	found := h.w.Check()
	if len(found) > 0 {
		found = append(found, h.w.Trace())
	}
	return found
}

// simPeer is a peer of the simulated world.
type simPeer struct{ *simkernel.Peer }

func (p *simPeer) Recv(b []byte) (int, error) {
	if p.Closed() {
		return 0, io.ErrClosedPipe
	}
	return p.Read(b)
}

func (p *simPeer) CloseWrite() {
	if !p.Closed() {
		p.Peer.CloseWrite()
	}
}

// simListener is a foreign server of the simulated world.
type simListener struct {
	address string
	queue   []reactortest.Peer
	stop    func()
}

func (l *simListener) Addr() string { return l.address }

func (l *simListener) Accept() reactortest.Peer {
	if len(l.queue) == 0 {
		return nil
	}
	p := l.queue[0]
	l.queue = l.queue[1:]
	return p
}

func (l *simListener) Close() { l.stop() }

// simFile is an inherited descriptor of the simulated process.
type simFile struct {
	k  *simkernel.Kernel
	fd int
}

func (f *simFile) SyscallConn() (syscall.RawConn, error) { return f, nil }

func (f *simFile) Close() error {
	if errno := f.k.Close(f.fd); errno != 0 {
		return errno
	}
	return nil
}

func (f *simFile) Control(fn func(uintptr)) error {
	fn(uintptr(f.fd))
	return nil
}

func (*simFile) Read(func(uintptr) bool) error  { return syscall.ENOTSUP }
func (*simFile) Write(func(uintptr) bool) error { return syscall.ENOTSUP }

// Raise is what reactortest.Raiser wants.
func (h *simHarness) Raise(sig os.Signal) { h.w.Raise(sig) }
