package loop

// libuv's tests of UDP, each under its name there.

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// udp opens a socket that the test knows to be possible.
func udp(t testing.TB, l *Loop, network, address string) *reactor.Datagram {
	t.Helper()
	return udpWith(t, l, network, address, reactor.DatagramOptions{})
}

func udpWith(t testing.TB, l *Loop, network, address string, o reactor.DatagramOptions) *reactor.Datagram {
	t.Helper()
	d, err := l.OpenDatagram(network, address, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// receive has d give what it receives to fn.
func receive(t testing.TB, d *reactor.Datagram, fn func(p []byte, from netip.AddrPort, err error)) {
	t.Helper()
	if err := d.ReceiveStart(reactor.DatagramFunc(fn)); err != nil {
		t.Fatal(err)
	}
}

// sendTo sends s; done may be nil.
func sendTo(t testing.TB, d *reactor.Datagram, s string, to netip.AddrPort, done func(error)) {
	t.Helper()
	if err := d.Send([][]byte{[]byte(s)}, to, done); err != nil {
		t.Fatal(err)
	}
}

// want compares an error with what it may be.
func wantError(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) || want == nil && got != nil {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// onFamilies is onKernels, for IPv4 and IPv6.
func onFamilies(t *testing.T, test func(t *testing.T, l *Loop, host string)) {
	t.Helper()
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		t.Run(host, func(t *testing.T) {
			onKernels(t, func(t *testing.T, l *Loop) { test(t, l, host) })
		})
	}
}

func TestUDPSendAndRecv(t *testing.T) {
	onFamilies(t, func(t *testing.T, l *Loop, host string) {
		server, client := udp(t, l, "udp", host+":0"), udp(t, l, "udp", host+":0")
		var seen string
		receive(t, server, func(p []byte, from netip.AddrPort, err error) {
			if err != nil || from != client.LocalAddr() {
				t.Errorf("the server got %v from %v", err, from)
			}
			seen += string(p) + " "
			sendTo(t, server, "PONG", from, func(err error) {
				wantError(t, "the answer", err, nil)
				server.Close(func() { seen += "server " })
			})
		})
		sendTo(t, client, "PING", server.LocalAddr(), func(err error) {
			wantError(t, "the question", err, nil)
			receive(t, client, func(p []byte, from netip.AddrPort, err error) {
				if err != nil {
					t.Errorf("the client got %v", err)
				}
				seen += string(p) + " "
				client.Close(func() { seen += "client" })
			})
		})
		if n, count := client.SendQueueSize(), client.SendQueueCount(); n != 4 || count != 1 {
			t.Errorf("queued are %d bytes in %d datagrams, want 4 in 1", n, count)
		}
		run(t, l)
		if want := "PING PONG server client"; seen != want && seen != "PING server PONG client" && seen != "PING PONG client server" {
			t.Errorf("got %q, want %q", seen, want)
		}
		if client.SendQueueSize() != 0 || server.SendQueueCount() != 0 {
			t.Error("something is still queued")
		}
	})
}

// nobody is an address that had a socket and has none any more.
func nobody(t testing.TB, l *Loop, host string) netip.AddrPort {
	t.Helper()
	d := udp(t, l, "udp", host+":0")
	addr := d.LocalAddr()
	d.Close(nil)
	return addr
}

// closing closes d when f is called for the nth time.
func closing(d *reactor.Datagram, n int) func() {
	return func() {
		if n--; n == 0 {
			d.Close(nil)
		}
	}
}

func TestUDPBind(t *testing.T) {
	onFamilies(t, func(t *testing.T, l *Loop, host string) {
		first := udp(t, l, "udp", host+":0")
		_, err := l.OpenDatagram("udp", first.LocalAddr().String(), reactor.DatagramOptions{})
		wantError(t, "the same address again", err, reactor.EADDRINUSE)
		run(t, l)
	})
}

func TestUDPBindReuseaddr(t *testing.T) {
	onFamilies(t, func(t *testing.T, l *Loop, host string) {
		o := reactor.DatagramOptions{ReuseAddr: true}
		first := udpWith(t, l, "udp", host+":0", o)
		second := udpWith(t, l, "udp", first.LocalAddr().String(), o)
		if first.LocalAddr() != second.LocalAddr() {
			t.Errorf("bound to %v and %v", first.LocalAddr(), second.LocalAddr())
		}
		_, err := l.OpenDatagram("udp", first.LocalAddr().String(), reactor.DatagramOptions{})
		wantError(t, "a third that does not share", err, reactor.EADDRINUSE)
	})
}

func TestUDPReuseport(t *testing.T) {
	onFamilies(t, func(t *testing.T, l *Loop, host string) {
		const senders, each = 16, 4
		sent := 0
		o := reactor.DatagramOptions{ReusePort: true}
		first := udpWith(t, l, "udp", host+":0", o)
		second := udpWith(t, l, "udp", first.LocalAddr().String(), o)
		counts := map[*reactor.Datagram]int{}
		for _, d := range []*reactor.Datagram{first, second} {
			receive(t, d, func(_ []byte, _ netip.AddrPort, err error) {
				wantError(t, "receiving", err, nil)
				counts[d]++
			})
		}
		// Who gets what is chance: one of 32,000 times the first round is one socket's alone.
		for round := 0; round < 4 && (counts[first] == 0 || counts[second] == 0); round++ {
			for range senders {
				d := udp(t, l, "udp", host+":0")
				for range each {
					sendTo(t, d, "PING", first.LocalAddr(), nil)
					sent++
				}
			}
			runUntil(t, l, "all of them", func() bool { return counts[first]+counts[second] == sent })
		}
		if counts[first] == 0 || counts[second] == 0 {
			t.Errorf("one socket has received everything: %d and %d", counts[first], counts[second])
		}
	})
}

func TestUDPConnect(t *testing.T) { testUDPConnect(t, "127.0.0.1") }

func TestUDPConnect6(t *testing.T) { testUDPConnect(t, "[::1]") }

func testUDPConnect(t *testing.T, host string) {
	onKernels(t, func(t *testing.T, l *Loop) {
		server := udp(t, l, "udp", host+":0")
		client := udp(t, l, networkOf(host), "")
		to, none := server.LocalAddr(), netip.AddrPort{}
		received, sent := 0, 0
		receive(t, server, func(p []byte, _ netip.AddrPort, err error) {
			if string(p) != "EXIT" || err != nil {
				t.Errorf("received %q, %v", p, err)
			}
			if received++; received == 4 {
				server.Close(nil)
				client.Close(nil)
			}
		})
		buf := [][]byte{[]byte("EXIT")}
		if client.RemoteAddr().IsValid() {
			t.Errorf("a peer before Connect: %v", client.RemoteAddr())
		}
		wantError(t, "disconnecting what is not connected", client.Connect(none), reactor.ENOTCONN)
		wantError(t, "connecting", client.Connect(to), nil)
		if client.RemoteAddr() != to {
			t.Errorf("got the peer %v, want %v", client.RemoteAddr(), to)
		}
		wantError(t, "connecting again", client.Connect(to), reactor.EISCONN)
		wantError(t, "sending to an address", client.Send(buf, to, nil), reactor.EISCONN)
		wantError(t, "trying to send to an address", client.TrySend(buf[0], to), reactor.EISCONN)
		wantError(t, "trying to send", client.TrySend(buf[0], none), nil)
		wantError(t, "sending", client.Send(buf, none, func(err error) {
			wantError(t, "sent while connected", err, nil)
			sent++
			wantError(t, "disconnecting", client.Connect(none), nil)
			wantError(t, "sending to nowhere", client.Send(buf, none, nil), reactor.EDESTADDRREQ)
			wantError(t, "trying to send to nowhere", client.TrySend(buf[0], none), reactor.EDESTADDRREQ)
			wantError(t, "trying to send to an address", client.TrySend(buf[0], to), nil)
			wantError(t, "sending to an address", client.Send(buf, to, func(err error) {
				wantError(t, "sent while not connected", err, nil)
				sent++
			}), nil)
		}), nil)
		run(t, l)
		if received != 4 || sent != 2 {
			t.Errorf("received %d and sent %d, want 4 and 2", received, sent)
		}
	})
}

// networkOf is the network of an address's family.
func networkOf(host string) string {
	if host == "[::1]" {
		return "udp6"
	}
	return "udp4"
}

func TestUDPSendImmediate(t *testing.T) {
	onFamilies(t, func(t *testing.T, l *Loop, host string) {
		server, client := udp(t, l, "udp", host+":0"), udp(t, l, networkOf(host), "")
		var got string
		sent := 0
		done := func(err error) {
			wantError(t, "sending", err, nil)
			if sent++; sent == 2 {
				client.Close(nil)
			}
		}
		sendTo(t, client, "PING", server.LocalAddr(), done)
		sendTo(t, client, "PANG", server.LocalAddr(), done)
		receive(t, server, func(p []byte, _ netip.AddrPort, _ error) {
			if got += string(p); len(got) == 8 {
				server.Close(nil)
			}
		})
		run(t, l)
		if got != "PINGPANG" || sent != 2 {
			t.Errorf("got %q, and %d were sent", got, sent)
		}
	})
}

// libuv's test sends again from each callback, to nobody, and must not hang in the send.
func TestUDPSendHangLoop(t *testing.T) {
	onFamilies(t, func(t *testing.T, l *Loop, host string) {
		const want = 1000
		d, to := udp(t, l, networkOf(host), ""), nobody(t, l, host)
		sent := 0
		var again func(error)
		again = func(err error) {
			wantError(t, "sending", err, nil)
			if sent++; sent < want {
				sendTo(t, d, "\xAA", to, again)
				return
			}
			d.Close(nil)
		}
		for range 10 {
			sendTo(t, d, "\xAA", to, func(error) {})
		}
		sendTo(t, d, "\xAA", to, again)
		run(t, l)
		if sent != want {
			t.Errorf("sent %d, want %d", sent, want)
		}
	})
}

// Without a connection nobody is told that a port is closed: the second goes out as the first, and the receiver hears
// nothing, until it asks for errors.
func TestUDPSendUnreachable(t *testing.T) {
	onFamilies(t, func(t *testing.T, l *Loop, host string) {
		d, to := udp(t, l, "udp", host+":0"), nobody(t, l, host)
		sent := 0
		receive(t, d, func(p []byte, _ netip.AddrPort, err error) { t.Errorf("received %q, %v", p, err) })
		for _, text := range []string{"PING", "PANG"} {
			sendTo(t, d, text, to, func(err error) {
				wantError(t, "sending", err, nil)
				if sent++; sent == 2 {
					start(t, l.NewTimer(), func() { d.Close(nil) }, 20*time.Millisecond, 0)
				}
			})
		}
		run(t, l)
		if sent != 2 {
			t.Errorf("sent %d, want 2", sent)
		}
	})
}

func TestUDPRecvmsgUnreachableError(t *testing.T)  { testUDPUnreachableError(t, "127.0.0.1") }
func TestUDPRecvmsgUnreachableError6(t *testing.T) { testUDPUnreachableError(t, "[::1]") }

func testUDPUnreachableError(t *testing.T, host string) {
	onKernels(t, func(t *testing.T, l *Loop) {
		d, err := l.OpenDatagram("udp", host+":0", reactor.DatagramOptions{ReceiveErrors: true})
		if errors.Is(err, reactor.EOPNOTSUPP) {
			return // the BSDs have no queue of errors
		}
		wantError(t, "opening", err, nil)
		to, told := nobody(t, l, host), 0
		receive(t, d, func(p []byte, from netip.AddrPort, err error) {
			if told++; told == 1 {
				start(t, l.NewTimer(), func() { d.Close(nil) }, 20*time.Millisecond, 0) // and no second time
			}
			wantError(t, "received", err, reactor.ECONNREFUSED)
			if len(p) > 0 || from != to {
				t.Errorf("got %q about %v, want nothing about %v", p, from, to)
			}
		})
		sendTo(t, d, "PING", to, func(err error) { wantError(t, "sending", err, nil) })
		run(t, l)
		if told != 1 {
			t.Errorf("told %d times, want 1", told)
		}
	})
}

func TestUDPRecvCbClosePollerr(t *testing.T) {
	onFamilies(t, func(t *testing.T, l *Loop, host string) {
		d, told := udp(t, l, networkOf(host), ":0"), 0
		wantError(t, "connecting", d.Connect(nobody(t, l, host)), nil)
		receive(t, d, func(_ []byte, _ netip.AddrPort, err error) {
			told++
			wantError(t, "received", err, reactor.ECONNREFUSED)
			d.Close(nil)
		})
		wantError(t, "sending", d.TrySend([]byte("PING"), netip.AddrPort{}), nil)
		run(t, l)
		if told != 1 {
			t.Errorf("told %d times, want 1", told)
		}
	})
}

func TestUDPSendPollerrNoRecv(t *testing.T) {
	onFamilies(t, func(t *testing.T, l *Loop, host string) {
		d, sent := udp(t, l, networkOf(host), ":0"), 0
		wantError(t, "connecting", d.Connect(nobody(t, l, host)), nil)
		sendTo(t, d, "PING", netip.AddrPort{}, func(err error) {
			wantError(t, "sending", err, nil)
			sent++
			start(t, l.NewTimer(), func() { d.Close(nil) }, 5*time.Millisecond, 0)
		})
		run(t, l)
		if sent != 1 {
			t.Errorf("sent %d times, want 1", sent)
		}
	})
}

func TestUDPDgramTooBig(t *testing.T) {
	onFamilies(t, func(t *testing.T, l *Loop, host string) {
		d, sent := udp(t, l, networkOf(host), ""), 0
		err := d.Send([][]byte{make([]byte, 65536)}, netip.MustParseAddrPort(host+":9"), func(err error) {
			sent++
			wantError(t, "sending", err, reactor.EMSGSIZE)
			d.Close(nil)
		})
		wantError(t, "queueing", err, nil)
		run(t, l)
		if sent != 1 || d.SendQueueSize() != 0 {
			t.Errorf("told %d times, %d bytes are queued", sent, d.SendQueueSize())
		}
	})
}

func TestUDPTrySend(t *testing.T) {
	onFamilies(t, func(t *testing.T, l *Loop, host string) {
		server, client := udp(t, l, "udp", host+":0"), udp(t, l, networkOf(host), "")
		received := 0
		receive(t, server, func(p []byte, _ netip.AddrPort, err error) {
			if string(p) != "EXIT" || err != nil {
				t.Errorf("received %q, %v", p, err)
			}
			received++
			server.Close(nil)
			client.Close(nil)
		})
		wantError(t, "too much", client.TrySend(make([]byte, 64<<10), server.LocalAddr()), reactor.EMSGSIZE)
		wantError(t, "sending", client.TrySend([]byte("EXIT"), server.LocalAddr()), nil)
		run(t, l)
		if received != 1 || client.SendQueueSize() != 0 {
			t.Errorf("received %d, %d bytes are queued", received, client.SendQueueSize())
		}
	})
}

// Every one of many sends to a closed port completes, with nothing or with the answer to an earlier one.
func TestUDPSendmmsgError(t *testing.T) {
	onFamilies(t, func(t *testing.T, l *Loop, host string) {
		const want = 100
		d, sent := udp(t, l, networkOf(host), ""), 0
		wantError(t, "connecting", d.Connect(nobody(t, l, host)), nil)
		last := closing(d, want)
		for range want {
			sendTo(t, d, "PING", netip.AddrPort{}, func(err error) {
				sent++
				if err != nil {
					wantError(t, "sending", err, reactor.ECONNREFUSED)
				}
				last()
			})
		}
		run(t, l)
		if sent != want {
			t.Errorf("%d sends were told of, want %d", sent, want)
		}
	})
}

func TestUDPMmsg(t *testing.T) {
	onFamilies(t, func(t *testing.T, l *Loop, host string) {
		const want = 40 // more than one batch
		server, client := udp(t, l, "udp", host+":0"), udp(t, l, networkOf(host), "")
		received := 0
		sent := closing(client, want)
		for range want {
			sendTo(t, client, "PING", server.LocalAddr(), func(err error) {
				wantError(t, "sending", err, nil)
				sent()
			})
		}
		receive(t, server, func(p []byte, _ netip.AddrPort, err error) {
			if string(p) != "PING" || err != nil {
				t.Errorf("received %q, %v", p, err)
			}
			if received++; received == want {
				server.Close(nil)
			}
		})
		run(t, l)
		if received != want {
			t.Errorf("received %d, want %d", received, want)
		}
	})
}

// libuv's mmsg tests with a small buffer: what is longer than the room is cut, not spread.
func TestUDPMmsgSmallBuf(t *testing.T) {
	onFamilies(t, func(t *testing.T, l *Loop, host string) {
		server, client := udpWith(t, l, "udp", host+":0", reactor.DatagramOptions{MaxSize: 2}), udp(t, l, networkOf(host), "")
		cut := 0
		for range 10 {
			sendTo(t, client, "PING", server.LocalAddr(), nil)
		}
		receive(t, server, func(p []byte, _ netip.AddrPort, err error) {
			wantError(t, "received", err, reactor.ErrTruncated)
			if string(p) != "PI" {
				t.Errorf("received %q", p)
			}
			cut++
		})
		runUntil(t, l, "ten", func() bool { return cut == 10 })
	})
}

// The first datagram's callback runs before a check handle does, and so do those of what arrived with it.
func TestUDPRecvInARow(t *testing.T) {
	onFamilies(t, func(t *testing.T, l *Loop, host string) {
		const want = 8
		server, client := udp(t, l, "udp", host+":0"), udp(t, l, networkOf(host), "")
		received := 0
		receive(t, server, func(p []byte, _ netip.AddrPort, err error) {
			if len(p) != 0 || err != nil {
				t.Errorf("received %q, %v", p, err)
			}
			received++
		})
		check := l.NewCheck()
		begin(t, check, func() {
			if received > 0 && received != want {
				t.Errorf("%d were received in the iteration, want %d", received, want)
			}
		})
		for range want {
			wantError(t, "sending", client.TrySend(nil, server.LocalAddr()), nil)
		}
		runUntil(t, l, "all", func() bool { return received > 0 })
		if received != want {
			t.Errorf("received %d, want %d", received, want)
		}
	})
}

// A socket of libuv's is made when it is bound, and has no options before. Ours is there from the start, and options do
// not bind it.
func TestUDPNoAutobind(t *testing.T) {
	onFamilies(t, func(t *testing.T, l *Loop, host string) {
		d := udp(t, l, networkOf(host), "")
		wantError(t, "multicast ttl", d.SetMulticastTTL(32), nil)
		wantError(t, "broadcast", d.SetBroadcast(true), nil)
		wantError(t, "ttl", d.SetTTL(1), nil)
		wantError(t, "multicast loop", d.SetMulticastLoop(false), nil)
		wantError(t, "multicast interface", d.SetMulticastInterface(netip.Addr{}), nil)
		if port := d.LocalAddr().Port(); port != 0 {
			t.Errorf("bound to port %d", port)
		}
		run(t, l)
	})
}

func TestUDPOptions(t *testing.T) { testUDPOptions(t, "udp4") }

func TestUDPOptions6(t *testing.T) { testUDPOptions(t, "udp6") }

func testUDPOptions(t *testing.T, network string) {
	onKernels(t, func(t *testing.T, l *Loop) {
		d := udp(t, l, network, ":0")
		d.Unref()
		for _, on := range []bool{true, true, false, false} {
			wantError(t, "broadcast", d.SetBroadcast(on), nil)
			wantError(t, "multicast loop", d.SetMulticastLoop(on), nil)
		}
		for i := 1; i <= 255; i++ {
			wantError(t, "ttl", d.SetTTL(i), nil)
			wantError(t, "multicast ttl", d.SetMulticastTTL(i), nil)
		}
		wantError(t, "multicast ttl 0", d.SetMulticastTTL(0), nil)
		for _, bad := range []int{-1, 0, 256} {
			wantError(t, "a bad ttl", d.SetTTL(bad), reactor.EINVAL)
		}
		wantError(t, "a bad multicast ttl", d.SetMulticastTTL(256), reactor.EINVAL)
		wantError(t, "a send buffer", d.SetSendBuffer(64<<10), nil)
		wantError(t, "a receive buffer", d.SetReceiveBuffer(64<<10), nil)
		wantError(t, "no receive buffer", d.SetReceiveBuffer(0), reactor.EINVAL)
		run(t, l)
	})
}

func TestUDPMulticastJoin(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		local := netip.MustParseAddr("127.0.0.1")
		testUDPMulticast(t, l, netip.MustParseAddr("239.255.0.1"), local, local, true)
	})
}

// Linux does not route IPv6 multicast over the loopback, so it goes by whatever interface there is for it. Without one
// the memberships remain to be tested.
func TestUDPMulticastJoin6(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		group, itf := netip.MustParseAddr("ff02::4d4d"), netip.MustParseAddr("::1")
		if _, ok := l.r.Kernel().(*simkernel.Kernel); ok {
			testUDPMulticast(t, l, group, itf, itf, true)
			return
		}
		name, ok := multicastInterface(t)
		testUDPMulticast(t, l, group, netip.IPv6Unspecified().WithZone(name), itf, ok)
	})
}

// multicastInterface finds an interface that takes IPv6 multicast; if there is none it names any.
func multicastInterface(t *testing.T) (name string, ok bool) {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, itf := range all {
		addrs, err := itf.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if n, isNet := a.(*net.IPNet); !isNet || n.IP.To4() != nil {
				continue
			}
			if name = itf.Name; itf.Flags&net.FlagUp != 0 && itf.Flags&net.FlagMulticast != 0 {
				return name, true
			}
		}
	}
	return name, false
}

// testUDPMulticast joins a group on itf, as libuv's test does, by any source and by one, and leaves; what is sent before
// and after that is not received. self is what the server is reached by directly.
func testUDPMulticast(t *testing.T, l *Loop, group, itf, self netip.Addr, routed bool) {
	server, client := udp(t, l, "udp", netip.AddrPortFrom(unspecified(group), 0).String()), udp(t, l, networkOf("["+self.String()+"]"), ":0")
	to := netip.AddrPortFrom(group.WithZone(itf.Zone()), server.LocalAddr().Port())
	start(t, l.NewTimer(), func() {}, time.Second, time.Second) // where multicast is lost, runUntil looks again
	received := 0
	var source netip.Addr
	receive(t, server, func(p []byte, from netip.AddrPort, err error) {
		if string(p) != "PING" || err != nil {
			t.Errorf("received %q, %v", p, err)
		}
		received++
		source = from.Addr()
	})
	wantError(t, "the interface", client.SetMulticastInterface(itf), nil)
	wantError(t, "no group", server.JoinGroup(self, netip.Addr{}), reactor.EINVAL)
	expect := func(what string, want int) {
		t.Helper()
		if !routed {
			return
		}
		before := received
		if want > 0 {
			sendTo(t, client, "PING", to, func(err error) { wantError(t, what, err, nil) })
			runUntil(t, l, what, func() bool { return received > before })
		} else {
			_ = client.TrySend([]byte("PING"), to) // without a member there may be no route either
		}
		// One that goes straight to the server shows that nothing else is on its way.
		multicastFrom := source
		sendTo(t, client, "PING", netip.AddrPortFrom(self, to.Port()), nil)
		runUntil(t, l, "a direct one", func() bool { return received > before+want })
		if received != before+want+1 {
			t.Errorf("%s: received %d, want %d", what, received-before-1, want)
		}
		source = multicastFrom
	}
	expect("before joining", 0)
	wantError(t, "joining", server.JoinGroup(group, itf), nil)
	expect("joined", 1)
	wantError(t, "joining again", server.JoinGroup(group, itf), reactor.EADDRINUSE)
	wantError(t, "leaving", server.LeaveGroup(group, itf), nil)
	expect("after leaving", 0)
	wantError(t, "leaving again", server.LeaveGroup(group, itf), reactor.EADDRNOTAVAIL)
	if !source.IsValid() {
		source = self
	}
	source = source.WithZone("")
	err := server.JoinSourceGroup(group, itf, source)
	if errors.Is(err, reactor.EOPNOTSUPP) {
		return
	}
	wantError(t, "joining by source", err, nil)
	expect("joined by source", 1)
	wantError(t, "leaving by source", server.LeaveSourceGroup(group, itf, source), nil)
	expect("after leaving by source", 0)
	wantError(t, "joining by no source", server.JoinSourceGroup(group, itf, netip.Addr{}), reactor.EINVAL)
	wantError(t, "leaving by no source", server.LeaveSourceGroup(group, itf, netip.Addr{}), reactor.EINVAL)
}

// unspecified is the address of all interfaces, of ip's family.
func unspecified(ip netip.Addr) netip.Addr {
	if ip.Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

func TestUDPMulticastTtl(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		d, sent := udp(t, l, "udp4", ":0"), 0
		wantError(t, "the interface", d.SetMulticastInterface(netip.MustParseAddr("127.0.0.1")), nil)
		wantError(t, "the ttl", d.SetMulticastTTL(32), nil)
		sendTo(t, d, "PING", netip.MustParseAddrPort("239.255.0.1:9123"), func(err error) {
			wantError(t, "sending", err, nil)
			sent++
			d.Close(nil)
		})
		run(t, l)
		if sent != 1 {
			t.Errorf("told %d times, want 1", sent)
		}
	})
}

func TestUDPMulticastInterface(t *testing.T) { testUDPMulticastInterface(t, "127.0.0.1", "192.0.2.77") }

func TestUDPMulticastInterface6(t *testing.T) { testUDPMulticastInterface(t, "::1", "2001:db8::77") }

func testUDPMulticastInterface(t *testing.T, good, bad string) {
	onKernels(t, func(t *testing.T, l *Loop) {
		all := unspecified(netip.MustParseAddr(good))
		d := udp(t, l, "udp", netip.AddrPortFrom(all, 0).String())
		for _, itf := range []netip.Addr{all, netip.MustParseAddr(good), {}} {
			if err := d.SetMulticastInterface(itf); err != nil {
				t.Errorf("%v: %v", itf, err)
			}
		}
		wantError(t, "an address that no interface has", d.SetMulticastInterface(netip.MustParseAddr(bad)), reactor.EADDRNOTAVAIL)
		run(t, l)
	})
}

// A UDP socket of package net goes on in the loop.
func TestUDPOpen(t *testing.T) {
	l := newLoop(t, Options{})
	theirs := listenPacket(t)
	address := theirs.LocalAddr().String()
	d, err := l.AdoptDatagram(theirs)
	wantError(t, "adopting", err, nil)
	if d.LocalAddr().String() != address {
		t.Errorf("adopted %v, want %v", d.LocalAddr(), address)
	}
	received, sent := 0, 0
	receive(t, d, func(p []byte, _ netip.AddrPort, err error) {
		if string(p) != "PING" || err != nil {
			t.Errorf("received %q, %v", p, err)
		}
		received++
		d.ReceiveStop()
		d.Close(nil)
	})
	sendTo(t, d, "PING", d.LocalAddr(), func(err error) {
		wantError(t, "sending", err, nil)
		sent++
	})
	run(t, l)
	if received != 1 || sent != 1 {
		t.Errorf("received %d and sent %d, want 1 and 1", received, sent)
	}
}

func listenPacket(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What was adopted is closed: libuv says EBUSY of a handle opened twice, and EEXIST of a descriptor.
func TestUDPOpenTwice(t *testing.T) {
	l := newLoop(t, Options{})
	theirs := listenPacket(t)
	_, err := l.AdoptDatagram(theirs)
	wantError(t, "adopting", err, nil)
	if d, err := l.AdoptDatagram(theirs); err == nil {
		t.Errorf("adopted again: %v", d.LocalAddr())
	}
}

func TestUDPOpenBound(t *testing.T) {
	l := newLoop(t, Options{})
	d, err := l.AdoptDatagram(listenPacket(t))
	wantError(t, "adopting", err, nil)
	receive(t, d, func(p []byte, _ netip.AddrPort, err error) { t.Errorf("received %q, %v", p, err) })
	d.Close(nil)
	run(t, l)
}

// A connected socket is adopted with its peer.
func TestUDPOpenConnect(t *testing.T) {
	l := newLoop(t, Options{})
	server := udp(t, l, "udp4", "127.0.0.1:0")
	c, err := net.Dial("udp4", server.LocalAddr().String())
	wantError(t, "dialling", err, nil)
	client, err := l.AdoptDatagram(c.(*net.UDPConn))
	wantError(t, "adopting", err, nil)
	if client.RemoteAddr() != server.LocalAddr() {
		t.Errorf("connected to %v, want %v", client.RemoteAddr(), server.LocalAddr())
	}
	var got string
	receive(t, server, func(p []byte, _ netip.AddrPort, _ error) { got += string(p) })
	wantError(t, "to an address", client.TrySend(nil, server.LocalAddr()), reactor.EISCONN)
	sendTo(t, client, "PING", netip.AddrPort{}, nil)
	runUntil(t, l, "it", func() bool { return got == "PING" })
}

func TestUDPRef(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		d := udp(t, l, "udp", "")
		d.Unref()
		run(t, l)
		d.Close(nil)
		run(t, l)
	})
}

func TestUDPRef2(t *testing.T) {
	unrefd(t, func(t *testing.T, l *Loop) Handle {
		d := udp(t, l, "udp", ":0")
		receive(t, d, func(p []byte, _ netip.AddrPort, err error) { t.Errorf("received %q, %v", p, err) })
		return d
	})
}

// A request under way holds the loop, whatever the handle's reference.
func TestUDPRef3(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		d, sent := udp(t, l, "udp", ""), 0
		d.Unref()
		sendTo(t, d, "PING", netip.MustParseAddrPort("127.0.0.1:9123"), func(error) { sent++ })
		run(t, l)
		if sent != 1 {
			t.Errorf("told %d times, want 1", sent)
		}
	})
}

// 2,500 sockets, closed from each other's callbacks: nothing is called after a close, and every close is told of.
func TestWatcherCrossStopOfDatagrams(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		const many = 2500
		sockets := make([]*reactor.Datagram, many)
		closed := 0
		closeThem := func() {
			if sockets[0].Closing() {
				return
			}
			for _, d := range sockets {
				d.Close(func() { closed++ })
			}
		}
		for i := range sockets {
			d := udpWith(t, l, "udp4", "127.0.0.1:0", reactor.DatagramOptions{MaxSize: 64})
			sockets[i] = d
			receive(t, d, func([]byte, netip.AddrPort, error) {
				if d.Closing() {
					t.Error("a callback after Close")
				}
				closeThem()
			})
			wantError(t, "sending", d.Send([][]byte{[]byte("x")}, d.LocalAddr(), func(error) { closeThem() }), nil)
		}
		run(t, l)
		if closed != many {
			t.Errorf("%d close callbacks, want %d", closed, many)
		}
	})
}

func TestGetsocknameUDP(t *testing.T) {
	onFamilies(t, func(t *testing.T, l *Loop, host string) {
		server, client := udp(t, l, "udp", host+":0"), udp(t, l, networkOf(host), "")
		addr := server.LocalAddr()
		if addr.Port() == 0 || addr.Addr() != netip.MustParseAddrPort(host+":1").Addr() {
			t.Errorf("bound to %v", addr)
		}
		if server.RemoteAddr().IsValid() || client.LocalAddr().Port() != 0 {
			t.Errorf("a peer %v, and port %d before anything was sent", server.RemoteAddr(), client.LocalAddr().Port())
		}
		receive(t, server, func(_ []byte, from netip.AddrPort, _ error) {
			if from.Port() != client.LocalAddr().Port() {
				t.Errorf("from %v, but the client is at %v", from, client.LocalAddr())
			}
			server.Close(func() {
				if server.LocalAddr().IsValid() {
					t.Error("an address after Close")
				}
			})
			client.Close(nil)
		})
		sendTo(t, client, "PING", addr, nil)
		run(t, l)
	})
}

// A socket serves many: a panic in one's callback is told and counted, and the rest of the batch is delivered.
func TestPanicInADatagramCallbackEndsNothing(t *testing.T) {
	for _, temperament := range []simkernel.Temperament{simkernel.Epoll, simkernel.Kqueue} {
		w := simkernel.New(simkernel.Options{Seed: 1, Temperament: temperament})
		panics := 0
		l := newLoop(t, Options{Kernel: w.Kernel(), OnPanic: func(e *PanicError) {
			if panics++; e.Owned {
				t.Error("a datagram's panic has an owner")
			}
		}})
		server, client := udp(t, l, "udp", "127.0.0.1:0"), udp(t, l, "udp4", "")
		var got string
		receive(t, server, func(p []byte, from netip.AddrPort, _ error) {
			got += string(p)
			sendTo(t, server, string(p), from, nil)
			if string(p) == "2" {
				panic("two")
			}
		})
		for _, text := range []string{"1", "2", "3", "4"} {
			wantError(t, "sending", client.TrySend([]byte(text), server.LocalAddr()), nil)
		}
		var answers string
		receive(t, client, func(p []byte, _ netip.AddrPort, _ error) { answers += string(p) })
		runUntil(t, l, "answers", func() bool { return answers == "1234" })
		if got != "1234" || panics != 1 {
			t.Errorf("got %q and %d panics", got, panics)
		}
	}
}

// A panic that leaves Run in the middle of a batch loses nothing of it.
func TestRepanicInADatagramCallbackKeepsTheRest(t *testing.T) {
	_, l := newSim(t, simkernel.Options{Seed: 1})
	l.opts.Repanic = true
	server, client := udp(t, l, "udp", "127.0.0.1:0"), udp(t, l, "udp4", "")
	var got, answers string
	receive(t, server, func(p []byte, from netip.AddrPort, _ error) {
		got += string(p)
		sendTo(t, server, string(p), from, nil)
		if string(p) == "2" {
			panic("two")
		}
	})
	receive(t, client, func(p []byte, _ netip.AddrPort, _ error) { answers += string(p) })
	for _, text := range []string{"1", "2", "3", "4"} {
		wantError(t, "sending", client.TrySend([]byte(text), server.LocalAddr()), nil)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("Run did not panic")
			}
		}()
		_ = l.Run()
	}()
	runUntil(t, l, "answers", func() bool { return len(answers) == 4 })
	if got != "1234" || answers != "1234" {
		t.Errorf("got %q, answered %q", got, answers)
	}
}

// What waited for the end of a burst leaves with the turn that stops receiving, even if that sends nothing: no other turn
// may come for a long time.
func TestStopInABurstSendsWhatWasHeldBack(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		server, client := udp(t, l, "udp", "127.0.0.1:0"), udp(t, l, "udp4", "")
		receive(t, server, func(p []byte, from netip.AddrPort, _ error) {
			if string(p) == "2" {
				server.ReceiveStop()
				return
			}
			wantError(t, "answering", server.SendBorrowed(p, from, nil), nil)
		})
		for _, text := range []string{"0", "1", "2", "3"} {
			wantError(t, "sending", client.TrySend([]byte(text), server.LocalAddr()), nil)
		}
		var got string
		receive(t, client, func(p []byte, _ netip.AddrPort, _ error) {
			if got += string(p); got == "01" {
				client.Close(nil)
			}
		})
		late := l.NewTimer()
		start(t, late, func() {
			t.Errorf("got %q when another turn came", got)
			client.Close(nil)
		}, 10*time.Second, 0)
		late.Unref()
		run(t, l)
	})
}
