package httpcore

import (
	"net/netip"
	"testing"
)

// A handler that keeps a request may ask whose it was when the connection has gone, and when that is over.
func TestARequestKnowsItsPeerWhenThatHasGone(t *testing.T) {
	var kept *IncomingMessage
	var peer netip.AddrPort
	k := newRig(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
		kept, peer = req, req.RemoteAddr()
		res.EndString("fine")
	})
	p := k.dial()
	k.send(p, get("/"))
	k.open(p, "an answer", "HTTP/1.1 200 ")
	if got := kept.RemoteAddr(); got != peer || !peer.IsValid() {
		t.Errorf("when it is answered its peer is %v, want %v", got, peer)
	}
	p.Close()
	k.run()
	if got := kept.RemoteAddr(); got != peer {
		t.Errorf("when its peer has gone that is %v, want %v", got, peer)
	}
	if got := kept.LocalAddr(); got.IsValid() {
		t.Errorf("when its connection has gone its own address is %v, want none", got)
	}
}
