package httpcore

import (
	"context"
	"errors"
	"testing"
)

func TestAnAnswerThatWasEndedAndIsDestroyedCancelsItsContextWithTheReason(t *testing.T) {
	boom := errors.New("boom")
	for _, why := range []error{nil, boom} {
		var ctx context.Context
		k := newRig(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
			ctx = req.Context()
			res.OnError(func(error) {})
			res.EndString("last")
			res.Destroy(why)
		})
		p := k.dial()
		k.send(p, get("/"))
		want := why
		if why == nil {
			want = ErrAborted
		}
		if cause := context.Cause(ctx); !errors.Is(cause, want) {
			t.Errorf("destroyed with %v: the cause is %v, want %v", why, cause, want)
		}
		p.Close()
		k.run()
	}
}
