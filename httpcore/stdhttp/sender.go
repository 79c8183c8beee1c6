package stdhttp

import (
	"io"
	"net/http"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
)

// A body that is an io.Reader may block, and an answer may come before its end: it is read by a goroutine of its own, which ends
// with it.

// startSending has the body sent, on the loop. A server that is to be asked first is: until it wants the body, that is not read.
func (x *trip) startSending() {
	out := x.out
	x.w = stream.NewWriter(out)
	x.w.AssumeOffLoop()
	if x.o.Context != nil {
		x.w.SetContext(x.o.Context)
	}
	if x.send == sendProbe {
		go x.sendBody()
		return
	}
	if err := out.FlushHeaders(); err != nil {
		out.Destroy(err)
		return
	}
	if !has(out.Header("Expect"), "100-continue") {
		go x.sendBody()
		return
	}
	out.WriteChunk(nil, func(err error) { // the turn of the body has come, or never will
		if err == nil {
			go x.sendBody()
		}
	})
}

// sendBody reads the body and hands it over, at the pace of the server.
func (x *trip) sendBody() {
	defer x.closeBody()
	page := copies.Get().(*[copySize]byte)
	for left := x.length; ; {
		p := page[:]
		if left >= 0 && left < int64(len(p)) {
			p = p[:left]
		}
		n, err := x.r.Body.Read(p)
		if left -= int64(n); x.length < 0 {
			left = -1
		}
		switch {
		case left == 0 || err == io.EOF:
			x.endBody(page, n)
			if left == 0 && err != io.EOF && x.surplus() {
				x.spoil(httpcore.ErrContentLength)
			}
			return
		case err != nil:
			x.spoil(bodyError(err))
			copies.Put(page)
			return
		case n == 0:
		default:
			if _, err := x.w.Write(p[:n]); err != nil {
				copies.Put(page)
				return // the request is over: whoever waits is told
			}
		}
	}
}

// endBody hands over the last n bytes, which go to the loop with their memory, and the end.
func (x *trip) endBody(page *[copySize]byte, n int) {
	x.sent.Store(true)
	var tail []string
	if x.length < 0 {
		tail = trailersOf(x.r.Trailer)
	}
	post := x.l.Post(func() {
		for i := 0; i < len(tail); i += 2 {
			if err := x.out.AddTrailer(tail[i], tail[i+1]); err != nil {
				x.out.Destroy(err)
			}
		}
		x.out.EndWith(page[:n], nil)
		copies.Put(page)
	})
	if post != nil {
		copies.Put(page)
	}
}

// trailersOf are names and values, in turn.
func trailersOf(h http.Header) (list []string) {
	for _, name := range sortedNames(h) {
		for _, v := range h[name] {
			list = append(list, name, v)
		}
	}
	return list
}

// surplus reports whether the body is longer than was said.
func (x *trip) surplus() bool {
	var b [1]byte
	for {
		n, err := x.r.Body.Read(b[:])
		if n > 0 || err != nil {
			return n > 0
		}
	}
}

// spoil ends the request because its body can't be sent.
func (x *trip) spoil(err error) {
	_ = x.l.Post(func() { x.out.Destroy(err) }) // of a loop that is closed: the request has gone with it
}
