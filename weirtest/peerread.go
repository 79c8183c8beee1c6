package weirtest

import (
	"errors"
	"io"
	"strings"
)

// Read returns what has come and was not read, and takes it.
func (p *Peer) Read() string {
	s := string(p.got)
	p.got = nil
	return s
}

// Expect waits until s has come, and takes what is up to its end. It fails the test if the connection ends before, or Patience does.
func (p *Peer) Expect(s string) {
	p.w.t.Helper()
	at := -1
	p.wait(func() bool {
		at = strings.Index(string(p.got), s)
		return at >= 0
	})
	if at < 0 {
		p.w.t.Fatalf("weirtest: %q did not come in %v; got %q, %v", s, p.w.o.Patience, brief(p.got), p.Err())
	}
	p.got = p.got[at+len(s):]
}

// ReadAll waits for the end of the connection and returns all that has come, and how it has ended: nil for an end in good order.
func (p *Peer) ReadAll() (string, error) {
	p.w.t.Helper()
	p.end()
	return p.Read(), p.ending()
}

// Drain is ReadAll that throws away what comes, and returns how many bytes those were.
func (p *Peer) Drain() (int64, error) {
	p.w.t.Helper()
	n := int64(len(p.got))
	p.got, p.discard = nil, true
	before := p.total
	p.end()
	p.discard = false
	return n + p.total - before, p.ending()
}

// ending is how input has ended: nil in good order.
func (p *Peer) ending() error {
	if errors.Is(p.err, io.EOF) {
		return nil
	}
	return p.err
}

// end waits for the end of input.
func (p *Peer) end() {
	p.w.t.Helper()
	if !p.wait(func() bool { return p.err != nil }) {
		p.w.t.Fatalf("weirtest: the connection has not ended in %v; got %q", p.w.o.Patience, brief(p.got))
	}
}

// wait lets time pass until cond holds, input has ended, or Patience is over.
func (p *Peer) wait(cond func() bool) bool {
	p.w.t.Helper()
	return p.w.until(p.w.o.Patience, func() bool { return cond() || p.err != nil }) && cond()
}

// brief is what of b fits into a message.
func brief(b []byte) string {
	const most = 200
	if len(b) <= most {
		return string(b)
	}
	return string(b[:most]) + "…"
}
