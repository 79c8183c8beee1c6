package httpcore

import (
	"net/netip"
	"sync/atomic"
)

// pool is what an Agent has on one loop: its connections, and the requests that wait for one. But for what says otherwise
// only that loop's goroutine touches it.
type pool struct {
	shared
	a       *Agent
	origins map[originKey]*origin
	first   *origin // in the order that they came, so that what is done with them depends on that alone
	last    *origin
	free    atomic.Int64 // idle connections; other loops may look
	closed  bool         // the Agent was destroyed
}

// originKey is what connections that may serve the same requests have in common.
type originKey struct {
	network, address string // "tcp" and "host:port", or "unix" and a path
	local            netip.AddrPort
}

// origin is a server, as one loop knows it. It is forgotten when nothing of it is left.
type origin struct {
	p             *pool
	key           originKey
	before, after *origin // of the pool

	idleFirst, idleLast *clientConn // the longest first
	idle                int
	open                int // connections, idle or not
	conns               *clientConn

	first, last *ClientRequest // waiting for a connection, the longest first
	waiting     int
	dials       int // connections that are being made
	queued      int // requests that no connection is being made for
}

// origin returns what is known of a server.
func (p *pool) origin(key originKey) *origin {
	o := p.origins[key]
	if o == nil {
		o = &origin{p: p, key: key, before: p.last}
		if p.last != nil {
			p.last.after = o
		} else {
			p.first = o
		}
		p.last = o
		p.origins[key] = o
	}
	return o
}

// request gives r a connection, now or later.
func (o *origin) request(r *ClientRequest) {
	if c := o.takeIdle(); c != nil {
		c.assign(r)
		return
	}
	o.queue(r)
	if o.dial(r) {
		return
	}
	o.enqueue(r)
	if o.p.a.counts.queued.Load() > int64(o.p.a.o.MaxQueued) {
		r.Destroy(ErrQueueFull)
	}
}

// queue appends r to those that wait. One that is made once more has waited, and comes first: who answers pipelined requests with
// what he asks another server for could wait for ever otherwise, as those behind it have answers then that nobody takes before
// its own, and may have all connections.
func (o *origin) queue(r *ClientRequest) {
	r.waits = o
	switch {
	case o.first == nil:
		o.first, o.last = r, r
	case r.retried:
		r.next, o.first.prev, o.first = o.first, r, r
	default:
		r.prev, o.last.next, o.last = o.last, r, r
	}
	o.waiting++
}

// unqueue takes r, which waits, out again.
func (o *origin) unqueue(r *ClientRequest) {
	if r.prev != nil {
		r.prev.next = r.next
	} else {
		o.first = r.next
	}
	if r.next != nil {
		r.next.prev = r.prev
	} else {
		o.last = r.prev
	}
	r.next, r.prev, r.waits = nil, nil, nil
	o.waiting--
	o.dequeue(r)
	if o.queued == 0 {
		o.p.a.budget.forgo(o.p, o.key)
	}
}

// leave is r not waiting any more, without having got anything.
func (o *origin) leave(r *ClientRequest) {
	o.unqueue(r)
	if d := r.dial; d != nil {
		r.dial, d.r = nil, nil
		if o.dials > o.waiting {
			d.cancel()
		}
	}
	o.forget()
}

// serve gives c to the request that has waited longest, and reports false if there is none.
func (o *origin) serve(c *clientConn) bool {
	r := o.first
	if r == nil {
		return false
	}
	o.unqueue(r)
	if d := r.dial; d != nil {
		r.dial, d.r = nil, nil
		if x := o.firstQueued(); x != nil {
			o.dequeue(x) // it may have that
			x.dial, d.r = d, x
		}
	}
	c.assign(r)
	return true
}

// firstQueued is the first that no connection is being made for.
func (o *origin) firstQueued() *ClientRequest {
	if o.queued == 0 {
		return nil
	}
	r := o.first
	for !r.queued {
		r = r.next
	}
	return r
}

// enqueue is r waiting for a limit, and dequeue the end of that.
func (o *origin) enqueue(r *ClientRequest) {
	r.queued = true
	o.queued++
	o.p.a.counts.queued.Add(1)
}

func (o *origin) dequeue(r *ClientRequest) {
	if r.queued {
		r.queued = false
		o.queued--
		o.p.a.counts.queued.Add(-1)
	}
}

// grow makes connections for those that wait for one to be made, as far as there is room.
func (o *origin) grow() {
	for r := o.firstQueued(); r != nil && o.dial(r); r = o.firstQueued() {
		o.dequeue(r)
	}
}

// fairShare is how many requests a connection serves before it is given up for those that can't be served without that:
// an origin's own come first, and might never end.
const fairShare = 32

// put takes a connection that has served a request and may serve another.
func (o *origin) put(c *clientConn) {
	budget := &o.p.a.budget
	if o.p.closed || c.served >= fairShare && budget.wanted(o.key, o.p) {
		c.destroy(nil)
		return
	}
	if o.serve(c) {
		return
	}
	if o.p.a.o.NoKeepAlive || o.idle >= o.p.a.o.MaxFreeSockets {
		c.destroy(nil)
		return
	}
	c.idle = true
	c.prev = o.idleLast
	if o.idleLast != nil {
		o.idleLast.next = c
	} else {
		o.idleFirst = c
	}
	o.idleLast = c
	o.idle++
	o.p.free.Add(1)
	o.p.a.counts.free.Add(1)
	// Who finds no room asks to be remembered, and then looks who has idle connections; so this is asked behind that.
	if budget.wanted(o.key, nil) {
		c.destroy(nil)
		return
	}
	c.rest()
}

// takeIdle returns an idle connection, if there is one.
func (o *origin) takeIdle() *clientConn {
	c := o.idleLast
	if o.p.a.o.FIFO {
		c = o.idleFirst
	}
	if c != nil {
		o.unidle(c)
	}
	return c
}

// unidle takes c from the idle ones.
func (o *origin) unidle(c *clientConn) {
	c.idle = false
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		o.idleFirst = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		o.idleLast = c.prev
	}
	c.next, c.prev = nil, nil
	o.idle--
	o.p.free.Add(-1)
	o.p.a.counts.free.Add(-1)
}

// gone is a connection of o, or one that was being made, being no more: somebody may have waited for that.
func (o *origin) gone() {
	a := o.p.a
	a.counts.open.Add(-1)
	a.budget.give(o.key)
	a.feed()
	o.forget()
}

// feed gives room, if there is any, to the one that has waited for it longest.
func (a *Agent) feed() {
	x, ok := a.budget.next()
	for ok && x.p.l.Post(func() { x.p.wake(x.key) }) != nil {
		a.budget.give(x.key) // that loop is closed
		x, ok = a.budget.next()
	}
}

// wake is there being room for a connection to key, which was taken for this pool.
func (p *pool) wake(key originKey) {
	o := p.origins[key]
	if o == nil || o.queued == 0 {
		p.a.budget.give(key)
		p.a.feed()
		return
	}
	r := o.firstQueued()
	o.dequeue(r)
	o.make(r)
	o.grow()
}

// starve is there being no room: idle connections make some. whole says which limit it is.
func (o *origin) starve(whole bool) {
	if whole {
		for x := o.p.first; x != nil; x = x.after {
			if x.idle > 0 {
				x.idleFirst.destroy(nil)
				return
			}
		}
	}
	a, key := o.p.a, o.key
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.pools {
		if p != o.p && p.free.Load() > 0 {
			_ = p.l.Post(func() { p.makeRoom(key, whole) })
		}
	}
}

// makeRoom closes an idle connection, because another loop waits for room for one to key.
func (p *pool) makeRoom(key originKey, whole bool) {
	if !p.a.budget.wanted(key, p) {
		return
	}
	if o := p.origins[key]; o != nil && o.idle > 0 {
		o.idleFirst.destroy(nil)
		return
	}
	for o := p.first; whole && o != nil; o = o.after {
		if o.idle > 0 {
			o.idleFirst.destroy(nil)
			return
		}
	}
}

// forget lets go of a server that nothing is left of.
func (o *origin) forget() {
	p := o.p
	if o.open > 0 || o.waiting > 0 || o.dials > 0 || p.origins[o.key] != o {
		return // the last: it was forgotten with an earlier connection, and there may be another by now
	}
	delete(p.origins, o.key)
	if o.before != nil {
		o.before.after = o.after
	} else {
		p.first = o.after
	}
	if o.after != nil {
		o.after.before = o.before
	} else {
		p.last = o.before
	}
	p.leave()
}

// leave has the Agent forget a pool with nothing in it.
func (p *pool) leave() {
	if len(p.origins) == 0 {
		p.a.forget(p)
	}
}

// closeIdle closes the connections that are idle.
func (p *pool) closeIdle() {
	for o := p.first; o != nil; o = o.after {
		for o.idleFirst != nil {
			o.idleFirst.destroy(nil)
		}
	}
}

// destroy closes all connections, and fails all that wait.
func (p *pool) destroy() {
	p.closed = true
	for o := p.first; o != nil; {
		behind := o.after // o may be forgotten
		for c := o.conns; c != nil; {
			next := c.after
			if c.req != nil {
				c.req.retried = true // there is nothing to begin it again on
			}
			c.destroy(ErrAgentClosed)
			c = next
		}
		for o.first != nil {
			o.first.Destroy(ErrAgentClosed)
		}
		o = behind
	}
}
