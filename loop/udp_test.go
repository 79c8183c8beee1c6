package loop

// libuv's tests of UDP, each under its name there.

import (
	"errors"
	"net/netip"
	"testing"

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
