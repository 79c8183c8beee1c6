package stream

import (
	"bytes"
	"testing"
)

// FuzzChunks holds a Readable's buffer to bytes.Buffer: whatever is pushed, unshifted, sealed and taken, in whatever
// pieces, is the same bytes in the same order.
func FuzzChunks(f *testing.F) {
	f.Add([]byte{0, 10, 3, 4, 1, 5, 2, 0, 3, 200, 4, 0})
	f.Add(bytes.Join([][]byte{
		bytes.Repeat([]byte{0, 1, 5, 0, 2, 1, 6, 2}, 70), {3, 7, 4, 9, 0, 250}, bytes.Repeat([]byte{2, 40, 0, 200, 3, 1}, 20), {4, 255},
	}, nil)) // small ones in a crowd
	f.Fuzz(func(t *testing.T, program []byte) {
		program = program[:min(len(program), 4000)]
		s := &keeper{}
		r := NewReadable(s, ReadableOptions{})
		var model []byte
		next := byte(0)
		fresh := func(n int) []byte {
			p := make([]byte, n)
			for i := range p {
				p[i] = next
				next++
			}
			return p
		}
		var borrowed [][]byte
		for len(program) >= 2 {
			op, n := program[0]%7, int(program[1])
			program = program[2:]
			switch op {
			case 0:
				p := fresh(n)
				r.Push(p)
				model = append(model, p...)
				borrowed = append(borrowed, p)
			case 1:
				p := fresh(n)
				r.PushOwned(p)
				model = append(model, p...)
			case 2:
				p := fresh(n)
				r.Unshift(p)
				model = append(bytes.Clone(p), model...)
				borrowed = append(borrowed, p)
			case 3, 4:
				if n = min(n, len(model)); n == 0 {
					continue
				}
				got := bytes.Clone(r.take(n, op == 3))
				if !bytes.Equal(got, model[:n]) {
					t.Fatalf("took %x, want %x", got, model[:n])
				}
				model = model[n:]
			case 5:
				s.endTurn()
				for _, p := range borrowed {
					clear(p)
				}
				borrowed = nil
			case 6:
				p := fresh(n)
				r.PushBlock(keep(p))
				model = append(model, p...)
			}
			if r.ReadableLength() != len(model) {
				t.Fatalf("%d bytes are buffered, want %d", r.ReadableLength(), len(model))
			}
		}
	})
}

// scheduler runs ticks and ends turns when it is told to.
type scheduler struct{ ticks, ends []func() }

func (s *scheduler) NextTick(fn func())   { s.ticks = append(s.ticks, fn) }
func (s *scheduler) AtTurnEnd(fn func())  { s.ends = append(s.ends, fn) }
func (s *scheduler) Post(fn func()) error { return nil }
func (s *scheduler) OnLoop() bool         { return true }
func (s *scheduler) Uncaught(err error)   { panic(err) }

func (s *scheduler) endTurn() {
	for len(s.ticks) > 0 {
		fn := s.ticks[0]
		s.ticks = s.ticks[1:]
		fn()
	}
	for len(s.ends) > 0 {
		fn := s.ends[0]
		s.ends = s.ends[1:]
		fn()
	}
}

func TestAQueueThatNeverEmptiesKeepsItsMemory(t *testing.T) {
	var q queue[int]
	for i := range 10 {
		q.push(i)
	}
	for i := range 100000 {
		q.push(10 + i)
		if got := q.pop(); got != i {
			t.Fatalf("got %d, want %d", got, i)
		}
	}
	if c := cap(q.items); c > 64 {
		t.Errorf("ten items need room for %d", c)
	}
}

func TestALongQueueGivesItsMemoryBack(t *testing.T) {
	var q queue[int]
	for i := range 5000 {
		q.push(i)
	}
	for q.len() > 0 {
		q.pop()
	}
	if cap(q.items) != 0 {
		t.Errorf("an empty queue keeps room for %d", cap(q.items))
	}
}

// What a source that heeds no backpressure costs is its bytes, not its square.
func TestManyChunksCostNoMoreThanTheirNumber(t *testing.T) {
	const chunks = 100000
	s := &scheduler{}
	r := NewReadable(s, ReadableOptions{})
	for range chunks {
		r.Push([]byte("x"))
		if r.inbox().fresh > 1 {
			t.Fatal("a chunk of an earlier turn is not sealed")
		}
		s.endTurn()
	}
	for range chunks {
		r.Unshift([]byte("y"))
	}
	if c := cap(r.inbox().buffer.items); c > 10*chunks {
		t.Errorf("%d chunks take room for %d", 2*chunks, c)
	}
	if got := len(r.ReadChunk(-1)); got != 2*chunks {
		t.Errorf("got %d bytes, want %d", got, 2*chunks)
	}
}

func TestTicksComeInOrderHoweverManyThereAre(t *testing.T) {
	var x ticks
	var model []tickKind
	next := tickKind(0)
	for round := range 200 {
		for range 1 + round*7%23 {
			x.push(next)
			model = append(model, next)
			next = (next + 1) % (tickErrorClose + 1)
		}
		for range min(len(model), round*5%19) {
			if got := x.pop(); got != model[0] {
				t.Fatalf("round %d: got %d, want %d", round, got, model[0])
			}
			model = model[1:]
		}
	}
}
