package httpcore

import (
	"context"
	"errors"
	"testing"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
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

func TestFinishedDoesNotTakeALostAnswerForASentOne(t *testing.T) {
	var told []error
	k := newRig(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) {
		stream.Finished(res, stream.FinishedOptions{}, func(err error) { told = append(told, err) })
		res.EndWith(make([]byte, 1<<20), nil)
	})
	p := k.dial()
	k.send(p, get("/"))
	p.Reset()
	k.run()
	if len(told) != 1 || !errors.Is(told[0], stream.ErrPrematureClose) {
		t.Errorf("Finished was told %v, want ErrPrematureClose: the client has not got it all", told)
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

func TestWhoeverEndsAnAnswerThatIsGoneIsTold(t *testing.T) {
	boom := errors.New("boom")
	for _, ended := range []bool{false, true} {
		for _, why := range []error{nil, boom} {
			var res *ServerResponse
			k := newRig(t, ServerOptions{}, func(_ *IncomingMessage, r *ServerResponse) {
				res = r
				res.OnError(func(error) {})
				res.WriteString("part")
				if ended {
					res.End()
				}
				res.Destroy(why)
			})
			p := k.dial()
			k.send(p, get("/"))
			told := 0
			if err := k.l.Post(func() {
				res.EndWith(nil, func(err error) {
					if told++; err == nil {
						t.Errorf("ended before %t, destroyed with %v: it is said to be sent", ended, why)
					}
				})
			}); err != nil {
				t.Fatal(err)
			}
			p.Close()
			k.run()
			if told != 1 {
				t.Errorf("ended before %t, destroyed with %v: the callback of End was called %d times", ended, why, told)
			}
		}
	}
}
