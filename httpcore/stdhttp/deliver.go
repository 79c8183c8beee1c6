package stdhttp

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/weir-go/weir/stream"
)

// How an answer reaches the loop: all at once, or its head first.

// maxFirst is how much of the body goes with the head.
const maxFirst = 64 << 10

// begin sends the head, what is gathered, and the beginning of p, and says how much of p. The response is lent those bytes
// until the turn ends, for which the handler's goroutine waits: a client that is quick costs no copy.
func (w *response) begin(p []byte) (n int, err error) {
	res, l := w.x.res, w.x.l
	began := make(chan struct{})
	post := l.Post(func() {
		l.AtTurnEnd(func() { l.AtTurnEnd(func() { close(began) }) }) // when everybody has sealed
		if res.Destroyed() {
			err = stream.ErrDestroyed
			return
		}
		first := w.buf
		if len(first) == 0 {
			first = p
		}
		w.compose(first, false)
		w.out = stream.NewWriter(res)
		w.out.AssumeOffLoop()
		if len(first) == 0 || w.noBody() {
			err = res.FlushHeaders()
			return
		}
		if len(w.buf) > 0 {
			res.WriteBorrowed(w.buf, nil)
		}
		if n = min(len(p), maxFirst); n > 0 {
			res.WriteBorrowed(p[:n], nil)
		}
	})
	if post != nil {
		return 0, post
	}
	<-began
	w.buf = w.buf[:0]
	if err == nil {
		w.deadline.watch(w.out.SetContext)
	}
	return n, err
}

// end sends what is left, and ends the answer. It runs on the loop, when the handler has returned.
func (w *response) end() {
	x := w.x
	res := x.res
	if w.out == nil && !res.Destroyed() {
		if x.restIsTooMuch() {
			w.head.fields = append(w.head.fields, "Connection", "close")
		}
		w.compose(w.buf, true)
	}
	x.end()
	for i := 0; i+1 < len(w.tail); i += 2 {
		if err := res.AddTrailer(w.tail[i], w.tail[i+1]); err != nil {
			x.h.logf("the trailer %q is left out: %v", w.tail[i], err)
		}
	}
	if w.noBody() {
		w.buf = w.buf[:0]
	}
	res.EndWith(w.buf, nil)
	w.giveBack()
}

// restIsTooMuch reports whether so much of the request's body is not read that the connection had better end.
func (x *exchange) restIsTooMuch() bool {
	m := x.req
	return !m.Complete() && m.ContentLength()-x.body.read.Load() > maxRest
}

// compose gives the loop's response its head. first is the beginning of the body; whole says that it is all of it.
func (w *response) compose(first []byte, whole bool) {
	res, h := w.x.res, &w.head
	res.StatusCode = w.status
	res.StatusMessage = http.StatusText(w.status)
	if res.StatusMessage == "" {
		res.StatusMessage = "status code " + strconv.Itoa(w.status)
	}
	res.NoDate = h.noDate
	for i := 0; i+1 < len(h.fields); i += 2 {
		w.add(h.fields[i], h.fields[i+1])
	}
	if !w.bodyAllowed() {
		w.announce()
		return
	}
	if !h.contentType && !h.coded && h.coding == "" && len(first) > 0 {
		w.add("Content-Type", http.DetectContentType(first))
	}
	trailing := h.prefixed || len(h.trailer) > 0
	switch {
	case h.length != "":
		w.add("Content-Length", h.length)
		return // no trailers then
	case h.coding == "identity":
		_ = res.RemoveHeader("Content-Length")
		_ = res.RemoveHeader("Transfer-Encoding") // the end of the connection is the body's
		return
	case h.coding != "" && w.noBody():
	case h.coding != "":
		w.add("Transfer-Encoding", "chunked")
	case h.noLength, trailing:
		_ = res.RemoveHeader("Content-Length")
	case whole && len(first) > 0 && w.noBody():
		w.add("Content-Length", strconv.Itoa(len(first))) // that a GET would have
	}
	w.announce()
}

// announce adds the Trailer field.
func (w *response) announce() {
	for _, v := range w.head.trailer {
		w.add("Trailer", v)
	}
}

func (w *response) add(name, value string) {
	if err := w.x.res.AppendHeader(name, value); err != nil {
		w.x.h.logf("the field %q is left out: %v", name, err)
	}
}

// inform sends an informational response, with what the header has.
func (w *response) inform(status int) {
	var list []string
	names := make([]string, 0, len(w.header))
	for name := range w.header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch http.CanonicalHeaderKey(name) {
		case "Content-Length", "Transfer-Encoding":
			continue
		}
		for _, v := range w.header[name] {
			list = append(list, name, clean(v))
		}
	}
	x := w.x
	_ = x.l.Post(func() { // of a loop that is closed: there is nobody to inform
		if err := x.res.WriteInformation(status, list...); err != nil {
			x.h.logf("the informational response %d is left out: %v", status, err)
		}
	})
}
