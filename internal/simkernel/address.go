package simkernel

import (
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

// The range of ports the kernel picks from.
const (
	firstPort = 32768
	lastPort  = 60999
)

func loopback(six bool) netip.Addr {
	if six {
		return netip.IPv6Loopback()
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

// resolve is the small part of a resolver that tests need: literals, the empty host and localhost.
func resolve(network, address string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return netip.AddrPort{}, net.UnknownNetworkError(network)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, &net.AddrError{Err: "invalid port", Addr: address}
	}
	var ip netip.Addr
	switch {
	case host == "" && network == "tcp4":
		ip = netip.IPv4Unspecified()
	case host == "":
		ip = netip.IPv6Unspecified()
	case host == "localhost":
		ip = loopback(network == "tcp6")
	default:
		if ip, err = netip.ParseAddr(host); err != nil {
			return netip.AddrPort{}, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		ip = ip.Unmap()
	}
	if network == "tcp4" && !ip.Is4() || network == "tcp6" && !ip.Is6() {
		return netip.AddrPort{}, &net.AddrError{Err: "no suitable address", Addr: address}
	}
	return netip.AddrPortFrom(ip, uint16(n)), nil
}

func (w *World) ephemeral() uint16 {
	for {
		p := w.nextPort
		w.nextPort++
		if w.nextPort > lastPort {
			w.nextPort = firstPort
		}
		if !w.portTaken(p) {
			return p
		}
	}
}

func (w *World) portTaken(port uint16) bool {
	for _, l := range w.listeners {
		if l.kind == kindTCPListener && l.local.Port() == port {
			return true
		}
	}
	return false
}

// covers says whether a listener bound to a gets connects to b. The IPv6 wildcard takes IPv4 as well.
func covers(a, b netip.AddrPort) bool {
	if a.Port() != b.Port() {
		return false
	}
	return a.Addr() == b.Addr() || a.Addr().IsUnspecified() && (a.Addr().Is6() || b.Addr().Is4())
}

// listenerAt finds who gets a connect to addr: an exact address before a wildcard, and one of a reuse-port group by
// lot, as the kernel's hash does.
func (w *World) listenerAt(addr netip.AddrPort) *socket {
	var best *socket
	group := 0
	for _, l := range w.listeners {
		if l.kind != kindTCPListener || !covers(l.local, addr) {
			continue
		}
		switch {
		case best == nil || l.local.Addr() == addr.Addr() && best.local.Addr() != addr.Addr():
			best, group = l, 1
		case l.local.Addr() == best.local.Addr():
			group++
			if w.random.below(group) == 0 {
				best = l
			}
		}
	}
	return best
}

func (w *World) listenerPath(path string) *socket {
	for _, l := range w.listeners {
		if l.kind == kindUnixListener && l.path == path {
			return l
		}
	}
	return nil
}

// bindOut decides whether a socket that connects to to may have the address local, which may be none, and which port
// it gets. As on Linux with SO_REUSEADDR a port may be that of another connection, unless both go to the same peer.
func (w *World) bindOut(local, to netip.AddrPort) (netip.AddrPort, Errno) {
	ip, port := local.Addr(), local.Port()
	switch {
	case !local.IsValid() || ip.IsUnspecified():
		ip = loopback(to.Addr().Is6())
	case !ip.IsLoopback():
		return local, syscall.EADDRNOTAVAIL
	}
	switch {
	case port == 0:
		return netip.AddrPortFrom(ip, w.ephemeral()), 0
	case port < 1024:
		return local, syscall.EACCES
	}
	local = netip.AddrPortFrom(ip, port)
	for _, l := range w.listeners {
		if l.kind == kindTCPListener && covers(l.local, local) {
			return local, syscall.EADDRINUSE
		}
	}
	for _, s := range w.fds {
		if s == nil || s.kind != kindTCP || s.local != local || s.dead {
			continue
		}
		if w.bsd() {
			return local, syscall.EADDRINUSE // there it takes SO_REUSEPORT, whoever the peers are
		}
		if s.remote == to {
			return local, syscall.EADDRNOTAVAIL
		}
	}
	return local, 0
}

// bind decides whether a listener may have addr, and which port it gets.
func (w *World) bind(addr netip.AddrPort, reuse bool) (netip.AddrPort, Errno) {
	ip := addr.Addr()
	switch {
	case !ip.IsLoopback() && !ip.IsUnspecified():
		return addr, syscall.EADDRNOTAVAIL
	case addr.Port() == 0:
		return netip.AddrPortFrom(ip, w.ephemeral()), 0
	case addr.Port() < 1024:
		return addr, syscall.EACCES
	}
	for _, l := range w.listeners {
		if l.kind != kindTCPListener || !covers(l.local, addr) && !covers(addr, l.local) {
			continue
		}
		if !reuse || !l.ln.reuse {
			return addr, syscall.EADDRINUSE
		}
	}
	return addr, 0
}
