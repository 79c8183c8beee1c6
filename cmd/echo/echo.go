package main

import (
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

// accept pipes the connection to itself: who does not read what comes back is not read from any more, and when the peer
// ends, so do we once everything is sent.
func (p *part) accept(c *reactor.Conn) {
	s := stream.NewSocket(p.l, c, stream.SocketOptions{})
	s.OnError(func(error) {}) // the peer was lost; nobody is left to be told
	s.Pipe(s)
}
