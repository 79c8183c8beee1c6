package simkernel_test

import "fmt"

// headerLen is the length of a stream's header: the number of who sends it.
const headerLen = 4

// end is one end of a life as a sender: what the bytes it sends are, and how many it has sent.
type end struct {
	id        int
	submitted int  // accepted by Write, or by the kernel of a foreign peer
	acked     int  // of those, the ones the kernel surely has
	echoer    *end // who sends this end's bytes back, once that is known
}

// at is byte i of the stream of an end: its number, then a pattern of its own, so that bytes of another connection, or
// of another place, are seen.
func (e *end) at(i int) byte {
	if i < headerLen {
		return byte(e.id >> (8 * (headerLen - 1 - i)))
	}
	return byte(e.id*101 + i + i>>8*13)
}

// fill makes the next bytes of the stream, from position at on.
func (e *end) fill(p []byte, at int) {
	for i := range p {
		p[i] = e.at(at + i)
	}
}

// stream checks what one end receives.
type stream struct {
	from *end // known after the header
	id   int
	pos  int
	eof  bool // it ended well
	bad  bool
}

// take checks p and returns what is wrong with it.
func (r *stream) take(s *sim, p []byte) error {
	for _, b := range p {
		if r.pos < headerLen {
			r.id = r.id<<8 | int(b)
			r.pos++
			if r.pos == headerLen {
				if r.id >= len(s.ends) {
					return fmt.Errorf("a stream begins with %d, which is nobody", r.id)
				}
				r.from = s.ends[r.id]
			}
			continue
		}
		if want := r.from.at(r.pos); b != want {
			r.bad = true
			return fmt.Errorf("byte %d of the stream of end %d is %#x, want %#x", r.pos, r.id, b, want)
		}
		r.pos++
	}
	return nil
}

// verdict checks, when everything is over, that a stream which ended well is whole: all that its sender's kernel took,
// and nothing that was never sent. self is who received it.
func (r *stream) verdict(self *end) error {
	if !r.eof || r.bad || r.pos < headerLen {
		return nil
	}
	sender := r.from
	if sender == self {
		if sender = self.echoer; sender == nil {
			return fmt.Errorf("end %d got its own stream back from nobody", self.id)
		}
	}
	if r.pos < sender.acked || r.pos > sender.submitted {
		return fmt.Errorf("end %d got %d bytes and a clean end, but %d..%d were sent by end %d", self.id, r.pos, sender.acked, sender.submitted, sender.id)
	}
	return nil
}
