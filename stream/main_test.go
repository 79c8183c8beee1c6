package stream_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/weir-go/weir/internal/turntest"
	"github.com/weir-go/weir/stream"
)

// newLoop returns a loop on which an error that nobody listens for fails the test.
func newLoop(t testing.TB) *turntest.Loop {
	return &turntest.Loop{OnUncaught: func(err error) { t.Errorf("uncaught: %v", err) }}
}

// events is a record of what happened, in order.
type events struct {
	t    testing.TB
	list []string
}

func record(t testing.TB) *events { return &events{t: t} }

func (e *events) add(format string, args ...any) {
	e.list = append(e.list, fmt.Sprintf(format, args...))
}

// did returns a function that records what, and cb one that records an error too.
func (e *events) did(what string) func() { return func() { e.add("%s", what) } }

func (e *events) cb(what string) func(error) {
	return func(err error) { e.add("%s %s", what, orOK(err)) }
}

func orOK(err error) string {
	if err == nil {
		return "ok"
	}
	return stream.CodeOf(err)
}

// want compares what has happened since the last call, one event an argument.
func (e *events) want(want ...string) {
	e.t.Helper()
	got := e.list
	e.list = nil
	if len(got) == 0 && len(want) == 0 {
		return
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		e.t.Errorf("got events %q, want %q", got, want)
	}
}

// pattern is n bytes that tell where they belong, from the i-th on.
func pattern(i, n int) []byte {
	p := make([]byte, n)
	for j := range p {
		p[j] = byte((i + j) % 251)
	}
	return p
}

// scribble spoils p, as its owner may once it is his again.
func scribble(p []byte) {
	for i := range p {
		p[i] = 0xee
	}
}

// collect returns what a Readable gives, copied, and fails the test if bytes are not the pattern's.
type collector struct {
	t   testing.TB
	got bytes.Buffer
}

func collect(t testing.TB, r interface {
	OnData(func([]byte)) stream.Sub
},
) *collector {
	c := &collector{t: t}
	r.OnData(func(p []byte) { c.got.Write(p) })
	return c
}

func (c *collector) want(n int) {
	c.t.Helper()
	if !bytes.Equal(c.got.Bytes(), pattern(0, n)) {
		c.t.Errorf("got %d bytes that are not the first %d of the pattern", c.got.Len(), n)
	}
}

// slow is a Write hook that holds on to what it was given until the test completes it.
type slow struct {
	p    [][]byte
	done []func(error)
}

func (s *slow) write(p []byte, done func(error)) {
	s.p = append(s.p, p)
	s.done = append(s.done, done)
}

// complete finishes the oldest write.
func (s *slow) complete(err error) {
	done := s.done[0]
	s.p, s.done = s.p[1:], s.done[1:]
	done(err)
}
