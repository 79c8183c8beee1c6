package httpcore

import (
	"slices"

	"github.com/weir-go/weir/stream"
)

// handOver gives the connection to whoever takes upgrades or tunnels. rest is what was received behind the request.
func (c *serverConn) handOver(rest []byte) {
	x := c.first
	c.first, c.last, c.in, c.pending = nil, nil, nil, 0
	c.p = nil
	c.flags |= connGone
	c.t.ReadStop()
	c.leave()
	x.req.c = nil
	x.res.c, x.res.gone, x.res.closed = nil, true, true
	if c.watch != nil {
		c.watch.handedOver(c, x)
	}
	take := c.sl.s.onUpgrade
	if x.req.Method() == "CONNECT" {
		take = c.sl.s.onConnect
	}
	take(&x.req, stream.NewSocket(c.sl.l, c.t, stream.SocketOptions{PauseOnCreate: true, AllowHalfOpen: true}), slices.Clone(rest))
}
