package reactor

import (
	"bytes"
	"testing"
)

func newRequest(bufs ...[]byte) *request {
	q := &request{store: append([][]byte(nil), bufs...)}
	q.bufs = q.store
	for _, b := range bufs {
		q.left += len(b)
	}
	return q
}

// TestConsumeAtEverySplit cuts a request of several buffers in two places, in every way.
func TestConsumeAtEverySplit(t *testing.T) {
	bufs := [][]byte{[]byte("ab"), nil, []byte("cde"), {}, []byte("f"), nil}
	whole := bytes.Join(bufs, nil)
	for i := 0; i <= len(whole); i++ {
		for j := i; j <= len(whole); j++ {
			q := newRequest(bufs...)
			q.consume(i)
			q.consume(j - i)
			if got := bytes.Join(q.bufs, nil); !bytes.Equal(got, whole[j:]) || q.left != len(got) {
				t.Errorf("after %d and %d bytes: %q, %d left", i, j-i, got, q.left)
			}
			if q.left == 0 && q.bufs != nil {
				t.Errorf("after %d and %d bytes nothing is left, yet there are buffers", i, j-i)
			}
		}
	}
	if got := bytes.Join(bufs, nil); !bytes.Equal(got, whole) || len(bufs[0]) != 2 {
		t.Error("the caller's slices were changed")
	}
}

func TestSealCopiesWhatIsLeftOfBorrowedBytes(t *testing.T) {
	var p pool
	a, b := []byte("hello "), []byte("world")
	q := newRequest(a, b)
	q.borrowed = true
	q.consume(4)
	q.seal(&p)
	clear(a)
	clear(b)
	if got := bytes.Join(q.bufs, nil); string(got) != "o world" || q.left != len(got) {
		t.Errorf("sealed %q, %d left", got, q.left)
	}
	block := q.block
	q.seal(&p) // once
	if q.borrowed || &q.block[0] != &block[0] {
		t.Error("sealed twice")
	}
	lent := newRequest(a)
	lent.seal(&p)
	if lent.block != nil || &lent.bufs[0][0] != &a[0] {
		t.Error("lent bytes were copied")
	}
}

// A peer that reads nothing, and is written to in pieces of a few bytes, would otherwise cost a block for each of them.
func TestSmallRequestsThatWaitShareABlock(t *testing.T) {
	const turns, each, size = 300, 5, 3
	var p pool
	var o outbox
	var want []byte // what waits
	pop := func() {
		q := o.popUnsent()
		if got := bytes.Join(q.bufs, nil); !bytes.Equal(got, want[:size]) || q.left != size {
			t.Fatalf("%v waits, want %v", got, want[:size])
		}
		want = want[size:]
		p.release(q)
	}
	for turn := range turns {
		var borrowed [][]byte
		for i := range each {
			a, b := []byte{byte(turn), 1}, []byte{byte(i)}
			q := newRequest(a, b)
			want = append(append(want, a...), b...)
			if i != 3 { // that one is lent
				q.borrowed = true
				borrowed = append(borrowed, a, b)
			}
			o.unsent.push(q)
			if o.fresh == nil {
				o.fresh = q
			}
		}
		o.seal(&p)
		for _, b := range borrowed {
			clear(b)
		}
		for n := turn % 7; n > 0 && o.unsent.head != nil && turn%3 == 0; n-- { // some are sent
			pop()
		}
		for turn == turns/2 && o.unsent.head != nil { // or all
			pop()
		}
	}
	blocks := 0
	for q := o.unsent.head; q != nil; q = q.next {
		if q.block != nil {
			blocks++
		}
	}
	if most := 2 + len(want)/(1<<10-size); blocks > most || blocks < 2 {
		t.Errorf("%d bytes wait in %d blocks, want at most %d, and some", len(want), blocks, most)
	}
	for o.unsent.head != nil {
		pop()
	}
	if o.sealed != nil {
		t.Error("an empty queue has a block with room")
	}
	free := map[*byte]bool{}
	for _, b := range p.blocks[0] {
		if free[&b[0]] {
			t.Error("a block was given back twice")
		}
		free[&b[0]] = true
	}
	if len(free) < blocks || p.held != len(free)<<10 {
		t.Errorf("%d blocks and %d bytes have come back to the pool, want all %d that were in use", len(free), p.held, blocks)
	}
}

func TestRequestsAreAQueue(t *testing.T) {
	var l requests
	a, b, c := &request{}, &request{}, &request{}
	l.push(a)
	l.push(b)
	if l.pop() != a || a.next != nil {
		t.Error("the first is not the first")
	}
	l.push(c)
	if l.pop() != b || l.pop() != c || l.head != nil || l.tail != nil {
		t.Error("the others are not in order")
	}
}

// TestPoolGivesBackWhatItWasGiven: blocks come back in their class, requests come back empty, and both are bounded.
func TestPoolGivesBackWhatItWasGiven(t *testing.T) {
	var p pool
	for _, n := range []int{0, 1, 1 << 10, 1<<10 + 1, 64 << 10, 64<<10 + 1} {
		b := p.block(n)
		if len(b) != n {
			t.Fatalf("asked for %d, got %d", n, len(b))
		}
		held := p.held
		if p.lent != 1 || p.lentBytes != cap(b) {
			t.Errorf("%d blocks of %d bytes are lent, want one of %d", p.lent, p.lentBytes, cap(b))
		}
		p.releaseBlock(b)
		if p.lent != 0 || p.lentBytes != 0 {
			t.Errorf("%d blocks of %d bytes are lent, want none", p.lent, p.lentBytes)
		}
		if pooled := p.held > held; pooled != (n <= 64<<10) {
			t.Errorf("a block of %d is pooled: %v", n, pooled)
		}
	}
	b := p.block(5000)
	p.releaseBlock(b)
	if again := p.block(9000); &again[:1][0] != &b[:1][0] {
		t.Error("a block of the same class was not used again")
	}
	var many [][]byte
	for range 2 * maxHeld / (64 << 10) {
		many = append(many, p.block(64<<10))
	}
	for _, b := range many {
		p.releaseBlock(b)
	}
	if p.held > maxHeld {
		t.Errorf("the pool holds %d bytes", p.held)
	}
	q := p.request()
	*q = *newRequest([]byte("x"), []byte("y"))
	q.done = func(error) {}
	p.release(q)
	if again := p.request(); again != q || again.bufs != nil || len(again.store) != 0 || again.done != nil || again.left != 0 {
		t.Errorf("a request comes back as %+v", again)
	}
	for _, kept := range q.store[:cap(q.store)] {
		if kept != nil {
			t.Error("a free request keeps lent bytes")
		}
	}
	q.store = make([][]byte, 10*maxVectorsKept)
	p.release(q)
	if n := cap(p.request().store); n > maxVectorsKept {
		t.Errorf("a free request keeps %d vectors", n)
	}
	var requests []*request
	for range 2 * maxPooled {
		requests = append(requests, p.request())
	}
	for _, q := range requests {
		p.release(q)
	}
	if p.nRequests != maxPooled {
		t.Errorf("%d requests are pooled", p.nRequests)
	}
}
