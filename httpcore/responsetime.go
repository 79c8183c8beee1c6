package httpcore

import (
	"time"

	"github.com/weir-go/weir/loop"
)

// The time that a single response has: SetTimeout.

// responseClock is such a time. It is made when it is asked for, and goes with the response.
type responseClock struct {
	d  loop.Deadlines
	r  *ServerResponse
	fn func()
}

// SetTimeout gives the exchange d from now on: if its response is not over by then, fn is called, once; d is coarse, and late
// by 100 ms at most. Another call sets the time anew, 0 or less takes it away, and the end of the response does too. The time
// runs whatever the client or the handler does meanwhile; what limits a client that does nothing are the ServerOptions.
//
// fn may do anything, and nothing else happens. Without fn, nil, the client is answered in the place of the handler: with 503,
// or, if the response has begun already, with the end of the connection behind what was written. For the handler it is then as
// if the client were lost: the response is destroyed and closed, what it still writes goes nowhere, and the request's Context
// is cancelled with ErrResponseTimeout. A response to which End was called is left alone: WriteTimeout limits the client.
//
// Node's setTimeout has a socket's inactivity in mind, and by default destroys it.
func (r *ServerResponse) SetTimeout(d time.Duration, fn func()) {
	if r.c == nil || r.gone {
		return
	}
	sl := r.conn().sl
	x := sl.clocks[r]
	switch {
	case x == nil && d <= 0:
		return
	case x == nil:
		x = &responseClock{r: r}
		x.d.Init(sl.l, x)
		if sl.clocks == nil {
			sl.clocks = map[*ServerResponse]*responseClock{}
		}
		sl.clocks[r] = x
		r.OnClose(func() {
			x.d.Close()
			delete(sl.clocks, r)
		})
	}
	x.fn = fn
	x.d.Start(loop.DeadlineExchange, d)
}

// OnDeadline is what the loop calls.
func (x *responseClock) OnDeadline(loop.Deadline) {
	if x.r.c == nil || x.r.gone {
		return
	}
	c := x.r.conn()
	c.claim()
	if x.fn != nil {
		x.fn()
		return
	}
	c.expire(x.r)
}

// expire answers in the place of r.
func (c *serverConn) expire(r *ServerResponse) {
	x := c.first
	for x != nil && &x.res != r {
		x = x.next
	}
	switch err := error(ErrResponseTimeout); {
	case x == nil || r.over:
	case x == c.in:
		c.refuse(503, err)
	case r.begun():
		behind := x.next
		x.next, c.last, c.pending = nil, x, 1
		c.deafen()
		c.cutShort(x, err)
		c.loseAll(behind, ErrAborted)
		c.blame(err, x, nil)
	default:
		c.replace(x, 503, err)
	}
}

// replace puts an answer of ours where x is, which has not begun and whose request was received. Those behind it follow.
func (c *serverConn) replace(x *exchange, status int, err error) {
	y := &exchange{next: x.next}
	y.res.init(c, y)
	y.res.head, y.res.minor, y.res.keepAlive = x.res.head, x.res.minor, x.res.keepAlive
	y.res.StatusCode = status
	at := &c.first
	for *at != x {
		at = &(*at).next
	}
	*at = y
	if c.last == x {
		c.last = y
	}
	x.next = nil
	c.owned()
	if c.watch != nil {
		c.watch.hold(x)
	}
	c.blame(err, x, &y.res)
	c.lose(x, err)
	if !y.res.gone {
		y.res.End()
	}
}
