package loop

import (
	"container/list"
	"errors"
	"net"
	"net/netip"
	"time"
)

// answer is what became of a question. addrs and err never change.
type answer struct {
	addrs []netip.Addr
	err   error

	// Of an answer that is kept, and guarded by the resolver's lock. The clock is the loops': all of a process have the
	// same.
	ttl   time.Duration
	since time.Duration // what the age counts from
	dated bool          // since is when the answer came; otherwise when the question was asked
}

// newAnswer makes an answer of what a Lookup function has returned: of the addresses those that fit network, which may be
// none. An IPv4 address is one, however it is written.
func newAnswer(network, host string, addrs []netip.Addr, err error) *answer {
	if err != nil {
		return &answer{err: err}
	}
	a := &answer{addrs: make([]netip.Addr, 0, len(addrs))}
	for _, addr := range addrs {
		if addr = addr.Unmap(); addr.IsValid() && (network == "ip" || addr.Is4() == (network == "ip4")) {
			a.addrs = append(a.addrs, addr)
		}
	}
	if len(a.addrs) == 0 {
		reason := "no such host"
		if len(addrs) > 0 {
			reason = "no suitable address"
		}
		a.err = &net.DNSError{Err: reason, Name: host, IsNotFound: true}
	}
	return a
}

// notFound reports whether err says that there is no such name, or none with such addresses.
func notFound(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// answers keeps the answers that came last, up to a number.
type answers struct {
	most  int
	at    map[question]*list.Element
	order list.List // of keptAnswer, the oldest first
}

type keptAnswer struct {
	q question
	a *answer
}

// keep keeps a in the place of what there was.
func (s *answers) keep(q question, a *answer) {
	if s.at == nil {
		s.at = map[question]*list.Element{}
	}
	s.drop(q)
	if s.order.Len() == s.most {
		s.drop(s.order.Front().Value.(keptAnswer).q)
	}
	s.at[q] = s.order.PushBack(keptAnswer{q, a})
}

// find returns the answer to q, if one is kept that is not too old.
func (s *answers) find(q question, now time.Duration) *answer {
	e, ok := s.at[q]
	if !ok {
		return nil
	}
	a := e.Value.(keptAnswer).a
	if now-a.since >= a.ttl {
		s.drop(q)
		return nil
	}
	return a
}

func (s *answers) drop(q question) {
	if e, ok := s.at[q]; ok {
		delete(s.at, q)
		s.order.Remove(e)
	}
}
