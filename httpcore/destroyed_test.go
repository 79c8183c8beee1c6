package httpcore

import (
	"context"
	"errors"
	"testing"

	"github.com/weir-go/weir/loop"
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

func TestAnErrorOfAResponseThatNobodyListensToIsUncaught(t *testing.T) {
	boom := errors.New("boom")
	var told []error
	k, _ := expectPanics(t, func(*Server) {}, func(_ *IncomingMessage, res *ServerResponse) {
		res.WriteString("part")
		res.Destroy(boom)
		res.Destroy(boom)
	})
	l, err := loop.New(loop.Options{Kernel: k.w.Kernel(), OnUncaught: func(err error) { told = append(told, err) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.s.ListenLoop(l, "tcp", "127.0.0.1:8090"); err != nil {
		t.Fatal(err)
	}
	k.l = l
	p := k.w.Dial("127.0.0.1:8090")
	k.run()
	k.send(p, get("/"))
	if len(told) != 1 || told[0] != boom {
		t.Errorf("OnUncaught was told %v, want the error once", told)
	}
	p.Close()
	k.run()
}
