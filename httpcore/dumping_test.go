package httpcore

import "testing"

// A handler listens to the body and answers at once, behind a 100 that it has sent itself: the answer is over before the body
// flows, and what comes then is not thrown away.
func TestABodyThatSomebodyListensToIsGivenToHimBehindTheAnswer(t *testing.T) {
	got, ended := "", 0
	k := newRig(t, ServerOptions{}, nil)
	k.s.OnCheckContinue(func(req *IncomingMessage, res *ServerResponse) {
		res.WriteContinue()
		req.OnData(func(p []byte) { got += string(p) })
		req.OnEnd(func() { ended++ })
		res.End()
	})
	p := k.dial()
	k.send(p, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
	k.send(p, "01234")
	k.send(p, "56789")
	if got != "0123456789" || ended != 1 {
		t.Errorf("got %q and %d ends", got, ended)
	}
	p.Close()
	k.run()
}
