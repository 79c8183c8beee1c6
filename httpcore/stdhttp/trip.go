package stdhttp

import (
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// trip is one request of a Transport and its answer. It is prepared by the goroutine that calls RoundTrip; then the loop sends
// it, and tells that goroutine what comes of it. A body that has to be read has a goroutine of its own: see sender.go.
//
// A request that is over before its body was sent, because it has failed or its answer has been read, is ended by a goroutine
// of the caller's, which can close the body: a loop must not.
type trip struct {
	t *Transport
	l *loop.Loop
	r *http.Request

	// Made before the loop has the trip, and not changed after that.
	method, url string
	o           httpcore.RequestOptions
	send        sending
	length      int64 // of the body; -1 if it is not known
	upgrade     bool
	trace       bool // somebody wants to know what happens on the way
	page        *[copySize]byte

	quit   atomic.Bool // nobody waits for the answer any more
	closed atomic.Bool // the request's body
	sent   atomic.Bool // the request's body was read to its end

	bell chan struct{}
	mu   sync.Mutex // guards news
	news []news     // what the loop has to tell

	// The loop's.
	out   *httpcore.ClientRequest
	w     *stream.Writer // then the sender's
	res   *httpcore.IncomingMessage
	told  bool  // the head, or why there is none
	heard bool  // the trace knows of the first byte
	why   error // what the request has failed with

	body reply
}

// news is what the loop tells of a request: the end of the waiting, or something on the way.
type news struct {
	on  func() error // for the caller's goroutine
	err error
	res *http.Response // its body, and what else only the loop could know; nil with err
}

// run has the loop send the request, and waits for the head of the answer.
func (x *trip) run() (*http.Response, error) {
	x.tracing()
	if err := x.l.Post(x.start); err != nil {
		return nil, err
	}
	for {
		select {
		case <-x.bell:
		case <-x.r.Context().Done():
			return nil, x.canceled()
		}
		x.mu.Lock()
		all := x.news
		x.news = nil
		x.mu.Unlock()
		for _, n := range all {
			switch {
			case n.on != nil:
				if err := n.on(); err != nil {
					return nil, err
				}
			case n.err != nil:
				return nil, n.err
			default:
				return x.response(n.res), nil
			}
		}
	}
}

// tell is for the loop.
func (x *trip) tell(n news) {
	x.mu.Lock()
	x.news = append(x.news, n)
	x.mu.Unlock()
	select {
	case x.bell <- struct{}{}:
	default: // it is told already
	}
}

// start is the loop having the trip.
func (x *trip) start() {
	defer x.giveBack()
	if x.quit.Load() {
		return
	}
	out, err := httpcore.NewRequest(x.l, x.method, x.url, x.o)
	if err != nil {
		x.tell(news{err: err})
		return
	}
	x.out = out
	out.OnResponse(x.onResponse)
	out.OnError(x.onError)
	out.OnClose(x.onClose)
	if x.upgrade {
		out.OnUpgrade(x.onUpgrade)
	}
	if x.trace {
		x.watch()
	}
	switch x.send {
	case sendNone:
		out.End()
	case sendWhole:
		x.sent.Store(true)
		out.EndWith(x.page[:x.length], nil)
	case sendStream, sendProbe:
		x.startSending()
	}
}

// giveBack gives the memory of a whole body back.
func (x *trip) giveBack() {
	if x.page != nil {
		copies.Put(x.page)
		x.page = nil
	}
}

// onError is the request having failed, its answer perhaps as well.
func (x *trip) onError(err error) {
	x.why = err
	if x.res == nil {
		x.fail(err)
	}
}

// onClose is the last event. One without an answer or an error is not expected, and must not be waited for.
func (x *trip) onClose() {
	if x.res == nil {
		x.fail(httpcore.ErrHangUp)
	}
}

func (x *trip) fail(err error) {
	if !x.told {
		x.told = true
		x.tell(news{err: err})
	}
}

// giveUp ends a request that nobody waits for any more, because of err.
func (x *trip) giveUp(err error) {
	x.quit.Store(true)
	x.closeBody()
	_ = x.l.Post(func() { // of a loop that is closed: the request has gone with it
		if x.out != nil {
			x.out.Destroy(err)
		}
		if up := x.body.up; up != nil {
			_ = up.Close()
		}
	})
}

// over is the answer having been read, or not being wanted: what is left of the request is not sent.
func (x *trip) over() {
	x.closeBody() // it may have been sent, and be looked at whether there is more
	if x.send == sendNone || x.sent.Load() {
		return
	}
	_ = x.l.Post(func() {
		if !x.out.WritableEnded() {
			x.out.Destroy(nil)
		}
	})
}

// closeBody closes the request's body, once.
func (x *trip) closeBody() {
	if x.r.Body != nil && !x.closed.Swap(true) {
		_ = x.r.Body.Close() // as net/http does
	}
}
