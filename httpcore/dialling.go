package httpcore

import (
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// dialling is a connection that is being made.
type dialling struct {
	o    *origin
	r    *ClientRequest // what it is made for, while that waits; another one may get it
	quit func()
}

// cancel gives up.
func (d *dialling) cancel() {
	if d.quit != nil {
		d.quit()
	}
}

// dial is make, if there is room. It reports false if there is none.
func (o *origin) dial(r *ClientRequest) bool {
	a := o.p.a
	ok, whole := a.budget.take(o.p, o.key)
	if !ok {
		o.starve(whole)
		return false
	}
	o.make(r)
	return true
}

// make begins to make a connection for r, for which there is room.
func (o *origin) make(r *ClientRequest) {
	o.p.a.counts.open.Add(1)
	d := &dialling{o: o, r: r}
	r.dial = d
	o.dials++
	begun := false
	defer func() {
		if !begun { // a panic, in AgentOptions.Connect
			r.failed = !r.extra().events.ErrorListened() // and in NewRequest: nobody has it
			d.done(nil, ErrHangUp)
		}
	}()
	quit, err := o.p.connect(o.key, d.done)
	begun = true
	if err != nil {
		o.p.l.NextTick(func() { d.done(nil, err) })
		return
	}
	d.quit = quit
}

// connect makes a connection. It calls done once, later, unless it returns an error.
func (p *pool) connect(key originKey, done func(stream.Transport, error)) (cancel func(), err error) {
	if fn := p.a.o.Connect; fn != nil {
		return fn(p.l, key.network, key.address, done)
	}
	o := p.a.o.Dial
	o.Timeout, o.LocalAddr = p.a.o.ConnectTimeout, key.local
	d, err := p.l.Dial(key.network, key.address, o, func(c *loop.Conn, err error) {
		if err != nil {
			done(nil, err) // not c, which would be a transport that is nil
			return
		}
		done(c, nil)
	})
	if err != nil {
		return nil, err
	}
	return d.Cancel, nil
}

// done is the connection being made, or not.
func (d *dialling) done(t stream.Transport, err error) {
	o, r := d.o, d.r
	o.dials--
	if r != nil {
		r.dial, d.r = nil, nil
		o.unqueue(r)
	}
	a := o.p.a
	if err != nil {
		a.counts.failed.Add(1)
		o.gone() // before who is told, as it may panic
		if r != nil {
			r.conclude(err)
		}
		return
	}
	a.counts.connections.Add(1)
	c := newClientConn(o, t)
	switch {
	case c.flags&connGone != 0: // it can't be read
		if r != nil {
			r.conclude(c.why)
		}
	case r != nil:
		c.assign(r)
	default:
		o.put(c)
	}
}
