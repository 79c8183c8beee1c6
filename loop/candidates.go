package loop

import "net/netip"

// family is a family of addresses.
type family int

const (
	six family = iota
	four
	families
)

func familyOf(addr netip.Addr) family {
	if addr.Unmap().Is4() {
		return four
	}
	return six
}

func (f family) other() family { return four - f }

// maxCandidates is how many addresses of a family are tried at most. A name with more has them for balance, not for
// availability; and the answer may be a stranger's.
const maxCandidates = 64

// candidates are addresses to try: the families in turn, IPv6 first, and those of one in the order they came (RFC 8305,
// section 4, with a First Address Family Count of 1). Some may be added at any time.
type candidates struct {
	left  [families][]netip.Addr
	taken [families]int
	turn  family
}

func (c *candidates) len() int { return len(c.left[six]) + len(c.left[four]) }

func (c *candidates) add(f family, addrs []netip.Addr) {
	n := min(len(addrs), maxCandidates-c.taken[f])
	c.taken[f] += n
	c.left[f] = append(c.left[f], addrs[:n]...)
}

// next takes the next address; ok is false if there is none.
func (c *candidates) next() (addr netip.Addr, ok bool) {
	f := c.turn
	if len(c.left[f]) == 0 {
		if f = f.other(); len(c.left[f]) == 0 {
			return netip.Addr{}, false
		}
	}
	addr, c.left[f] = c.left[f][0], c.left[f][1:]
	c.turn = f.other()
	return addr, true
}
