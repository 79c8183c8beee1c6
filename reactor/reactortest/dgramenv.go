package reactortest

import (
	"net/netip"
	"slices"

	"github.com/weir-go/weir/reactor"
)

// udp are the networks of datagram behaviours: the two families, under the names that a Harness has for them.
var udp = tcp

// udpNetwork is the network of a behaviour as OpenDatagram wants it.
func (e *env) udpNetwork() string {
	if e.network == "tcp6" {
		return "udp6"
	}
	return "udp4"
}

// datagram opens a socket on a port of the kernel's choice.
func (e *env) datagram(o reactor.DatagramOptions) *reactor.Datagram {
	e.Helper()
	d, err := e.R.OpenDatagram(e.udpNetwork(), e.Address(e.network), o)
	e.must(err)
	return d
}

// far is a socket of the same kernel that no reactor knows: a foreign program, whose calls are not counted.
type far struct {
	e    *env
	fd   int
	addr netip.AddrPort
}

// far opens one, which is closed with the behaviour's end.
func (e *env) far() *far {
	e.Helper()
	k := e.k.Kernel
	fd, _, errno := k.Datagram(e.udpNetwork(), reactor.DatagramOptions{})
	if errno == 0 {
		errno = k.Bind(fd, netip.MustParseAddrPort(e.Address(e.network)))
	}
	if errno != 0 {
		e.Fatalf("a socket for the peer: %v", errno)
	}
	f := &far{e: e, fd: fd}
	f.addr, _ = k.LocalAddr(fd)
	e.fars = append(e.fars, f)
	return f
}

func (f *far) close() {
	if f.fd >= 0 {
		f.e.k.Kernel.Close(f.fd)
		f.fd = -1
	}
}

// send sends each of texts as a datagram to d.
func (f *far) send(d *reactor.Datagram, texts ...string) {
	f.e.Helper()
	for _, text := range texts {
		f.sendTo(d.LocalAddr(), []byte(text))
	}
}

func (f *far) sendTo(to netip.AddrPort, p []byte) {
	f.e.Helper()
	n, errno := f.e.k.Kernel.Send(f.fd, []reactor.Outgoing{{Bufs: [][]byte{p}, To: to}})
	if n != 1 || errno != 0 {
		f.e.Fatalf("the peer could not send: %v", errno)
	}
}

// recv waits, while the loop runs, for n datagrams, and returns them.
func (f *far) recv(n int) (got []string) {
	f.e.Helper()
	buf := make([]byte, 64<<10)
	f.e.until("datagrams at the peer", func() bool {
		for len(got) < n {
			into := []reactor.Incoming{{Buf: buf}}
			if m, _ := f.e.k.Kernel.Receive(f.fd, into); m == 0 {
				return false
			}
			got = append(got, string(buf[:into[0].N]))
		}
		return true
	})
	return got
}

// wantRecv waits for datagrams and compares them.
func (f *far) wantRecv(want ...string) {
	f.e.Helper()
	if got := f.recv(len(want)); !slices.Equal(got, want) {
		f.e.Errorf("at the peer: got %q, want %q", got, want)
	}
}

// receiver is a handler that keeps what it is given and does what the test says.
type receiver struct {
	e    *env
	d    *reactor.Datagram
	got  []string // datagrams, and "!" and the name of an error
	from netip.AddrPort
	then func(p []byte, from netip.AddrPort, err error)
}

func (r *receiver) OnDatagram(p []byte, from netip.AddrPort, err error) {
	r.e.callback(func() {
		text := string(p)
		if err != nil {
			text += "!" + outcome(err)
		}
		r.got = append(r.got, text)
		r.from = from
		if r.d.Closing() || !r.d.Receiving() && err == nil {
			r.e.Errorf("%q came to a socket that does not receive", text)
		}
		if r.then != nil {
			r.then(p, from, err)
		}
	})
}

// receive has d receive.
func (e *env) receive(d *reactor.Datagram) *receiver {
	e.Helper()
	r := &receiver{e: e, d: d}
	r.start()
	return r
}

func (r *receiver) start() { r.e.must(r.d.ReceiveStart(r)) }

// want waits for datagrams and compares all there have been.
func (r *receiver) want(want ...string) {
	r.e.Helper()
	if !r.e.Until(func() bool { return len(r.got) >= len(want) }) {
		r.e.Fatalf("in vain for %q, got %q", want, r.got)
	}
	r.e.settle()
	if !slices.Equal(r.got, want) {
		r.e.Errorf("received %q, want %q", r.got, want)
	}
	r.got = nil
}

// echo answers each datagram.
func (r *receiver) echo(p []byte, from netip.AddrPort, err error) {
	if err == nil {
		r.e.must(r.d.SendBorrowed(p, from, nil))
	}
}
