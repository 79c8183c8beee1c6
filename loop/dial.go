package loop

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/weir-go/weir/reactor"
)

// DialOptions say how Loop.Dial goes about it. The zero value is good.
type DialOptions struct {
	// Timeout bounds the whole, the look-up included; then the error is ETIMEDOUT. The default is 0: no bound but the
	// kernel's, some two minutes an address.
	Timeout time.Duration
	// LocalAddr is where to connect from, as in reactor.ConnectOptions. Only addresses of its family are tried then.
	LocalAddr netip.AddrPort
	// FallbackDelay is how long an attempt has before the next address is tried beside it: the Connection Attempt Delay
	// of RFC 8305. The default is 250 ms. If it is negative addresses are tried one after another.
	FallbackDelay time.Duration
	// ResolutionDelay is how long IPv4 addresses wait for the IPv6 ones to be found. The default is 50 ms; if it is
	// negative they don't.
	ResolutionDelay time.Duration
	// Resolver looks the host up. The default is the loop's.
	Resolver *Resolver
}

// The delays that RFC 8305, section 8, recommends.
const (
	defaultFallbackDelay   = 250 * time.Millisecond
	defaultResolutionDelay = 50 * time.Millisecond
)

// Dial makes a connection to address, which is "host:port" for "tcp", "tcp4" and "tcp6", and a path for "unix". The
// host is a name, a literal address, or empty for this machine; the port a number or the name of a service. done is
// called in a later turn, once: with an open Conn that does not read yet and is done's from then on, or with an error
// that is, by errors.Is, each of the reasons there were. If done panics the Conn is reset. Until done is called the
// Dialing keeps the loop running.
//
// It is done as RFC 8305 (Happy Eyeballs) says. The IPv6 and the IPv4 addresses of a name are asked for at the same
// time, and both families are tried in turn, IPv6 first, in the order that the resolver gives to each. The next attempt
// begins when the one before has failed, or has not succeeded for a while; the first that succeeds wins, and the others
// are closed. Addresses that are found late take their place among those not tried yet.
//
// Dial itself returns an error, and done is not called, if it can be seen at once that network or address are none:
// a net.UnknownNetworkError, a *net.AddrError, a *net.DNSError for an unknown service; EINVAL without done or a path
// and for a local address with "unix"; ErrClosed after Close. It is for the loop's goroutine.
func (l *Loop) Dial(network, address string, o DialOptions, done func(*reactor.Conn, error)) (*Dialing, error) {
	l.r.CheckGoroutine()
	d := &Dialing{l: l, network: network, address: address, o: o.withDefaults(l), done: done}
	host, err := d.parse()
	if err != nil {
		return nil, d.fault(err)
	}
	d.pause.initQuiet(l)
	d.limit.initQuiet(l)
	l.working++
	if o.Timeout > 0 {
		d.limit.startQuiet(d.timedOut, o.Timeout)
	}
	d.begin(host)
	return d, nil
}

func (o DialOptions) withDefaults(l *Loop) DialOptions {
	if o.FallbackDelay == 0 {
		o.FallbackDelay = defaultFallbackDelay
	}
	if o.ResolutionDelay == 0 {
		o.ResolutionDelay = defaultResolutionDelay
	}
	if o.Resolver == nil {
		o.Resolver = l.resolver
	}
	return o
}

// parse finds out what can be known at once: the port, and the host that it returns.
func (d *Dialing) parse() (host string, err error) {
	switch {
	case d.l.closed:
		return "", reactor.ErrClosed
	case d.done == nil:
		return "", reactor.EINVAL
	}
	switch d.network {
	case "unix":
		if d.address == "" || d.o.LocalAddr != (netip.AddrPort{}) {
			return "", reactor.EINVAL
		}
		return "", nil
	case "tcp", "tcp4", "tcp6":
	default:
		return "", net.UnknownNetworkError(d.network)
	}
	host, service, err := net.SplitHostPort(d.address)
	if err != nil {
		return "", err
	}
	// Services are known from a table in the program and from /etc/services, which is read once. The system's resolver,
	// which might ask somebody, is not needed for that.
	port, err := (&net.Resolver{PreferGo: true}).LookupPort(context.Background(), d.network, service)
	d.port = uint16(port)
	return host, err
}

// begin asks for addresses, or knows them.
func (d *Dialing) begin(host string) {
	if d.network == "unix" {
		d.attempt(d.address)
		d.proceed()
		return
	}
	want := d.families()
	switch literal, err := netip.ParseAddr(host); {
	case host == "":
		d.found(want, netip.IPv6Loopback(), netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	case err == nil:
		d.found(want, literal)
	default:
		for f := range want {
			if want[f] {
				d.ask(family(f), host)
			}
		}
		d.proceed() // nothing can have been asked
	}
}

// families are those that network and the local address leave.
func (d *Dialing) families() (want [families]bool) {
	local := d.o.LocalAddr.Addr().Unmap()
	want[six] = d.network != "tcp4" && !local.Is4()
	want[four] = d.network != "tcp6" && (!local.IsValid() || local.Is4())
	return want
}

// found begins with addresses that need not be asked for.
func (d *Dialing) found(want [families]bool, addrs ...netip.Addr) {
	for _, addr := range addrs {
		if f := familyOf(addr); want[f] {
			d.untried.add(f, []netip.Addr{addr.Unmap()})
		}
	}
	d.proceed()
}

// ask has the resolver find the addresses of one family.
func (d *Dialing) ask(f family, host string) {
	network := "ip6"
	if f == four {
		network = "ip4"
	}
	// It refuses nothing that it is given here.
	d.asked[f], _ = d.l.lookup(d.o.Resolver, network, host, func(addrs []netip.Addr, err error) { d.answered(f, addrs, err) })
}

// fault is the error of this dial.
func (d *Dialing) fault(why error) error {
	return fmt.Errorf("loop: dial %s %s: %w", d.network, d.address, why)
}
