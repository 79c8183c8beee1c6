package httpcore

import (
	"slices"
	"strings"

	"github.com/weir-go/weir/stream"
)

// How a client's connection leaves HTTP.

// handOver gives the connection to whoever takes upgrades or tunnels. rest is what was received behind the request.
func (c *serverConn) handOver(rest []byte) {
	x := c.first
	take := c.sl.s.onUpgrade
	if x.req.Method() == "CONNECT" {
		take = c.sl.s.onConnect
	}
	s := c.release(x)
	if c.watch != nil {
		c.watch.handedOver(c, x, nil)
	}
	x.res.gone, x.res.closed = true, true // it never was
	take(&x.req, s, slices.Clone(rest))
}

// release takes the connection away from the server, and from the only exchange that it has.
func (c *serverConn) release(x *exchange) *stream.Socket {
	c.first, c.last, c.in, c.pending = nil, nil, nil, 0
	c.owned()
	c.t.ReadStop()
	c.leave()
	x.req.loose = true
	x.res.c = nil
	return stream.NewSocket(c.sl.l, c.t, stream.SocketOptions{PauseOnCreate: true, AllowHalfOpen: true})
}

// SwitchProtocols answers a request that asks for another protocol with a 101, and gives the connection to take: an answer like
// any other, which may come at any time and be another instead. fields are in turn name and value; Connection is added, and
// Upgrade, with what the client has asked for, unless it is among them.
//
// take is called on a tick, unless the client has gone until then. head is what that has sent of the other protocol already,
// and is take's own; the socket is paused, and the server has nothing to do with it any more. The response is closed.
//
// It returns ErrNoSwitch if the request does not ask for it, has a body, or is not the only one that is not answered, and
// where OnUpgrade is set; ErrHeadersSent if it is answered already, stream.ErrDestroyed if the client has gone, and the
// errors of SetHeader for the fields. Then nothing has happened. RFC 9110 section 7.8.
func (r *ServerResponse) SwitchProtocols(take func(socket *stream.Socket, head []byte), fields ...string) error {
	if take == nil {
		panic("httpcore: SwitchProtocols to nobody")
	}
	switch {
	case r.headSent:
		return ErrHeadersSent
	case r.gone:
		return stream.ErrDestroyed
	case !r.maySwitch || !r.owns() || r.conn().pending != 1:
		return ErrNoSwitch
	}
	if err := r.mayHaveAll(fields); err != nil {
		return err
	}
	if !given(fields, "Upgrade") {
		fields = append(slices.Clip(fields), "Upgrade", r.req.Header("Upgrade"))
	}
	b := []byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n")
	for i := 0; i < len(fields); i += 2 {
		if strings.EqualFold(fields[i], "Connection") {
			continue
		}
		b = append(b, fields[i]...)
		b = append(b, ": "...)
		b = append(b, trimOWS(fields[i+1])...)
		b = append(b, "\r\n"...)
	}
	r.headSent, r.StatusCode = true, 101
	r.ended, r.corked = true, 0 // nothing else is written
	r.release()
	r.send(append(b, "\r\n"...), lastsOn, nil)
	r.loop().NextTick(func() { // by then the parser has stopped behind the request
		if r.gone || !r.owns() {
			return
		}
		c := r.conn()
		rest := slices.Clone(c.spill)
		r.over = true // when the 101 is sent it is finished
		x := c.first
		s := c.release(x)
		if r.flying == 0 {
			r.finish()
		}
		if c.watch != nil {
			c.watch.handedOver(c, x, r)
		}
		take(s, rest)
	})
	return nil
}
