package simkernel

import (
	"net/netip"
	"syscall"

	"github.com/weir-go/weir/reactor"
)

// landInGroup gives a copy to every member of a group. The one on the wire counts as refused if there is none, and the
// others as duplicates.
func (w *World) landInGroup(s *socket, p packet) {
	members := 0
	for _, o := range w.udp {
		if o.local.Port() != p.to.Port() || !o.member(p) || s.udp.quiet {
			continue
		}
		if members++; members > 1 {
			w.dgrams.Duplicated++
		}
		w.queue(o, p)
	}
	if members == 0 {
		w.dgrams.Refused++
	}
}

func (s *socket) member(p packet) bool {
	for _, m := range s.udp.members {
		if m.Group == p.to.Addr() && (!m.Source.IsValid() || m.Source == p.from.Addr()) {
			return true
		}
	}
	return false
}

// SetMulticastInterface is IP_MULTICAST_IF: there is the loopback, and nothing else.
func (k *Kernel) SetMulticastInterface(fd int, itf netip.Addr) Errno {
	k.begin("SetMulticastInterface")
	s, errno := k.datagram("SetMulticastInterface", fd)
	switch {
	case errno != 0:
	case itf.IsValid() && !itf.IsUnspecified() && !itf.IsLoopback():
		errno = syscall.EADDRNOTAVAIL
	case itf.Is6() && !s.udp.ip6:
		errno = syscall.EINVAL
	default:
		s.udp.itf = itf
	}
	return k.done(opSetOption, fd, errno)
}

// Membership is IP_ADD_MEMBERSHIP and its kin.
func (k *Kernel) Membership(fd int, m reactor.Membership) Errno {
	k.begin("Membership")
	s, errno := k.datagram("Membership", fd)
	if errno == 0 {
		errno = s.membership(m)
	}
	return k.done(opSetOption, fd, errno)
}

func (s *socket) membership(m reactor.Membership) Errno {
	u := s.udp
	switch {
	case m.Source.IsValid() && s.w.bsd():
		return syscall.EOPNOTSUPP
	case m.Group.Is6() && !u.ip6, m.Source.IsValid() && m.Source.Is4() != m.Group.Is4():
		return syscall.EINVAL
	case m.Interface.IsValid() && !m.Interface.IsUnspecified() && !m.Interface.IsLoopback():
		return syscall.ENODEV
	}
	for i, have := range u.members {
		if have.Group == m.Group && have.Source == m.Source {
			if !m.Leave {
				return syscall.EADDRINUSE
			}
			u.members = append(u.members[:i], u.members[i+1:]...)
			return 0
		}
	}
	if m.Leave {
		return syscall.EADDRNOTAVAIL
	}
	u.members = append(u.members, m)
	return 0
}
