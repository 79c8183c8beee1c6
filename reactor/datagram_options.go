package reactor

import "net/netip"

// The options below return the errno of setsockopt(2), EINVAL for a value that cannot be, and ErrClosed after Close.

// SetBroadcast allows sending to a broadcast address. The default is that it is refused, with EACCES.
func (d *Datagram) SetBroadcast(on bool) error {
	return d.setOption("set broadcast", OptBroadcast, boolean(on))
}

// SetTTL sets how many routers what is sent may pass, 1 to 255: IPv6 calls it the hop limit. A socket that takes both
// families has it set for both.
func (d *Datagram) SetTTL(n int) error {
	if n < 1 || n > 255 {
		return d.fail("set ttl", netip.AddrPort{}, EINVAL)
	}
	return d.setOption("set ttl", OptTTL, n)
}

// SetMulticastTTL is SetTTL for multicast, 0 to 255. The default is 1: it stays in this network.
func (d *Datagram) SetMulticastTTL(n int) error {
	if n < 0 || n > 255 {
		return d.fail("set multicast ttl", netip.AddrPort{}, EINVAL)
	}
	return d.setOption("set multicast ttl", OptMulticastTTL, n)
}

// SetMulticastLoop says whether members on this host receive the multicast we send. They do by default.
func (d *Datagram) SetMulticastLoop(on bool) error {
	return d.setOption("set multicast loop", OptMulticastLoop, boolean(on))
}

// SetMulticastInterface chooses the interface that multicast leaves by: by its address, or for IPv6 by an address with its
// zone ("::%eth0"). The zero Addr leaves it to the system again.
func (d *Datagram) SetMulticastInterface(itf netip.Addr) error {
	const op = "set multicast interface"
	if err := d.mayConfigure(op); err != nil {
		return err
	}
	if errno := d.r.k.SetMulticastInterface(int(d.fd), itf); errno != 0 {
		return d.fail(op, netip.AddrPort{}, errno)
	}
	return nil
}

// JoinGroup has the socket receive what is sent to a multicast group, on the interface that itf names as in
// SetMulticastInterface.
func (d *Datagram) JoinGroup(group, itf netip.Addr) error {
	return d.membership("join group", Membership{Group: group, Interface: itf})
}

// LeaveGroup ends JoinGroup.
func (d *Datagram) LeaveGroup(group, itf netip.Addr) error {
	return d.membership("leave group", Membership{Group: group, Interface: itf, Leave: true})
}

// JoinSourceGroup is JoinGroup for what source sends alone. It returns EOPNOTSUPP on systems without it; we use it on
// Linux only.
func (d *Datagram) JoinSourceGroup(group, itf, source netip.Addr) error {
	if !source.IsValid() {
		return d.fail("join source group", netip.AddrPort{}, EINVAL)
	}
	return d.membership("join source group", Membership{Group: group, Interface: itf, Source: source})
}

// LeaveSourceGroup ends JoinSourceGroup.
func (d *Datagram) LeaveSourceGroup(group, itf, source netip.Addr) error {
	if !source.IsValid() {
		return d.fail("leave source group", netip.AddrPort{}, EINVAL)
	}
	return d.membership("leave source group", Membership{Group: group, Interface: itf, Source: source, Leave: true})
}

func (d *Datagram) membership(op string, m Membership) error {
	if err := d.mayConfigure(op); err != nil {
		return err
	}
	if !m.Group.IsMulticast() {
		return d.fail(op, netip.AddrPort{}, EINVAL)
	}
	if errno := d.r.k.Membership(int(d.fd), m); errno != 0 {
		return d.fail(op, netip.AddrPort{}, errno)
	}
	return nil
}

// SetSendBuffer asks for another size of the kernel's buffer of what is sent, in bytes; systems round it and have bounds.
func (d *Datagram) SetSendBuffer(size int) error {
	return d.setBuffer("set send buffer", OptSendBuffer, size)
}

// SetReceiveBuffer is to input what SetSendBuffer is to output. What arrives while it is full is dropped, and nobody is told.
func (d *Datagram) SetReceiveBuffer(size int) error {
	return d.setBuffer("set receive buffer", OptReceiveBuffer, size)
}

func (d *Datagram) setBuffer(op string, opt Option, size int) error {
	if size <= 0 {
		return d.fail(op, netip.AddrPort{}, EINVAL)
	}
	return d.setOption(op, opt, size)
}

func (d *Datagram) setOption(op string, opt Option, value int) error {
	if err := d.mayConfigure(op); err != nil {
		return err
	}
	if errno := d.r.k.SetOption(int(d.fd), opt, value); errno != 0 {
		return d.fail(op, netip.AddrPort{}, errno)
	}
	return nil
}

func (d *Datagram) mayConfigure(op string) error {
	d.r.guard.check()
	if d.life >= lifeClosing {
		return d.fail(op, netip.AddrPort{}, ErrClosed)
	}
	return nil
}

func boolean(on bool) int {
	if on {
		return 1
	}
	return 0
}
