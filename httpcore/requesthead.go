package httpcore

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/loop"
)

// FlushHeaders sends the head now, before there is any body; a request without a body is not sent any sooner by that. A method
// that has no body as a rule, such as GET, then gets none, unless a framing was set or a 100 is expected, which makes sense for a
// body only. It returns why the head can't be.
func (r *ClientRequest) FlushHeaders() error {
	whole := int64(-1)
	if r.seldomBody() && r.known&(setLength|setCoding) == 0 && !r.expects() {
		whole = 0
	}
	head, err := r.takeHead(whole, 0)
	r.passHead(head)
	return err
}

// fixHead decides the framing, and returns the head: see message.
func (r *ClientRequest) fixHead(whole int64, room int) ([]byte, error) {
	if err := r.frame(whole); err != nil {
		return nil, err
	}
	size := room + len(r.method) + len(r.target) + len(r.host) + 128
	for _, h := range r.fields() {
		size += len(h.name) + len(h.value) + len(": \r\n")
	}
	b, err := r.appendHead(r.sh.arena.take(size))
	if err != nil {
		return nil, fmt.Errorf("httpcore: %w", err)
	}
	r.headSent = true
	if r.expects() && (r.chunked || r.length > 0) {
		r.keepHead(b)
		r.hold = true
		if r.attached() {
			r.own()
			r.awaitContinue()
		}
		return nil, nil
	}
	return b, nil
}

// appendHead appends the head. Nothing in it can be read as anything else.
func (r *ClientRequest) appendHead(b []byte) (_ []byte, err error) {
	if b, err = h1.AppendRequestLine(b, r.method, r.target); err != nil {
		return nil, err
	}
	if !r.isSet(setHost) {
		if b, err = h1.AppendField(b, "Host", r.host); err != nil {
			return nil, err
		}
	}
	framed := r.known&(setLength|setCoding) != 0
	for _, h := range r.fields() { // names and values were looked at when they were set, but not what a value means
		if len(h.name) == len("Host") || framed && knownHeader(h.name)&(setLength|setCoding) != 0 {
			if b, err = h1.AppendField(b, h.name, h.value); err != nil {
				return nil, err
			}
			continue
		}
		b = append(append(append(append(b, h.name...), ": "...), h.value...), "\r\n"...)
	}
	b = r.appendConnection(b)
	switch {
	case r.chunked && !r.isSet(setCoding):
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	case r.length >= 0 && !r.isSet(setLength) && (r.length > 0 || !r.seldomBody()):
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, r.length, 10)
		b = append(b, "\r\n"...)
	}
	return h1.AppendSectionEnd(b), nil
}

// appendConnection says whether the connection goes on, unless that was said.
func (r *ClientRequest) appendConnection(b []byte) []byte {
	switch {
	case r.isSet(setConnection):
		for _, h := range r.fields() {
			if strings.EqualFold(h.name, "Connection") && hasToken(h.value, "close") {
				r.keepAlive = false
			}
		}
		return b
	case r.known&(setConnection<<removedShift) != 0:
		return b
	case r.keepAlive:
		return append(b, "Connection: keep-alive\r\n"...)
	}
	return append(b, "Connection: close\r\n"...)
}

// frame decides how the body's end is known: r.chunked or r.length. A request has no other way: RFC 9112 section 6.3.
func (r *ClientRequest) frame(whole int64) error {
	r.chunked, r.length = false, -1
	if r.isSet(setLength) && r.isSet(setCoding) {
		return ErrInvalidValue
	}
	if r.isSet(setCoding) {
		if _, sole := r.sole("Transfer-Encoding"); !sole {
			return ErrInvalidValue
		}
	}
	if r.isSet(setHost) {
		host, sole := r.sole("Host")
		if !sole || r.target[0] != '/' && r.target != "*" && host != r.host {
			return ErrInvalidValue // it has to be the target's: RFC 9112 section 3.2
		}
	}
	if r.isSet(setLength) && r.isSet(setTrailer) {
		return ErrInvalidTrailer
	}
	switch {
	case r.method == "TRACE" || r.method == "CONNECT":
		if whole != 0 || r.isSet(setLength) || r.isSet(setCoding) {
			return ErrBodyNotAllowed // RFC 9110 sections 9.3.8 and 9.3.6
		}
		r.length = 0
	case r.isSet(setLength):
		value, sole := r.sole("Content-Length")
		n, err := strconv.ParseUint(value, 10, 63)
		if err != nil || !sole {
			return ErrInvalidValue
		}
		r.length = int64(n)
	case whole >= 0 && !r.isSet(setCoding) && !r.isSet(setTrailer) && len(r.extra().trailers) == 0:
		r.length = whole
	default:
		r.chunked = true
	}
	return nil
}

// seldomBody reports whether the method has no body as a rule: then the head need not say that there is none. RFC 9110 section
// 8.6.
func (r *ClientRequest) seldomBody() bool {
	switch r.method {
	case "GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT":
		return true
	}
	return false
}

// expects reports whether the body waits for a 100.
func (r *ClientRequest) expects() bool {
	return r.isSet(setExpect) && hasToken(r.Header("Expect"), "100-continue")
}

// awaitContinue starts the clock of a server that was asked for a 100.
func (r *ClientRequest) awaitContinue() {
	if r.hold {
		r.c.d.Start(loop.DeadlineExchange, r.o.ContinueTimeout)
	}
}

// goAhead is the body not having to wait any more.
func (r *ClientRequest) goAhead() {
	if !r.hold {
		return
	}
	r.hold = false
	if r.attached() {
		r.c.d.Stop(loop.DeadlineExchange)
		r.own()
	}
}
