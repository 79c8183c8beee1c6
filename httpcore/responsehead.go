package httpcore

import (
	"strconv"
	"strings"

	"github.com/weir-go/weir/httpcore/h1"
)

// fixHead decides the framing, and returns the head: see message.
func (r *ServerResponse) fixHead(whole int64, room int) ([]byte, error) {
	if r.StatusCode < 100 || r.StatusCode > 999 {
		return nil, ErrInvalidStatus
	}
	reason := r.StatusMessage
	if reason == "" {
		reason = StatusText(r.StatusCode)
	} else if !h1.ValidReason(reason) {
		return nil, ErrInvalidValue
	}
	r.noBody = r.head || r.StatusCode < 200 || r.StatusCode == 204 || r.StatusCode == 304
	if err := r.frame(whole); err != nil {
		return nil, err
	}
	r.headSent = true
	if r.c == nil {
		return nil, nil
	}
	c := r.conn()
	connection := r.connection()
	size := room + 128 + len(reason) + len(connection)
	for _, h := range r.fields() {
		size += len(h.name) + len(h.value) + len(": \r\n")
	}
	b := r.sh.arena.take(size)
	if r.StatusCode == 200 && r.StatusMessage == "" {
		b = append(b, "HTTP/1.1 200 OK\r\n"...)
	} else {
		b = appendStatusLine(b, r.StatusCode, reason)
	}
	for _, h := range r.fields() {
		b = append(b, h.name...)
		b = append(b, ": "...)
		b = append(b, h.value...)
		b = append(b, "\r\n"...)
	}
	if !r.NoDate && !r.is(setDate) {
		b = r.sh.appendDate(b)
	}
	b = append(b, connection...)
	if !r.keepAlive {
		c.lastAnswer(r)
	}
	switch {
	case r.chunked && !r.isSet(setCoding):
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	case r.length >= 0 && !r.isSet(setLength):
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, r.length, 10)
		b = append(b, "\r\n"...)
	}
	return append(b, "\r\n"...), nil
}

// appendStatusLine appends a status line: RFC 9112 section 4. The status has three digits.
func appendStatusLine(b []byte, status int, reason string) []byte {
	b = append(b, "HTTP/1.1 "...)
	b = append(b, byte('0'+status/100), byte('0'+status/10%10), byte('0'+status%10), ' ')
	b = append(b, reason...)
	return append(b, "\r\n"...)
}

// frame decides how the body's end is known: r.chunked, r.length, or, with neither, by the end of the connection.
func (r *ServerResponse) frame(whole int64) error {
	r.length = -1
	if r.isSet(setLength) {
		value, sole := r.sole("Content-Length")
		n, err := strconv.ParseUint(value, 10, 63)
		if err != nil || !sole || r.isSet(setCoding) {
			return ErrInvalidValue
		}
		r.length = int64(n)
	}
	if r.isSet(setLength) && r.isSet(setTrailer) {
		return ErrInvalidTrailer
	}
	if r.isSet(setCoding) {
		if value, sole := r.sole("Transfer-Encoding"); !sole || !strings.EqualFold(value, "chunked") {
			return ErrInvalidValue
		}
	}
	if r.isSet(setCoding) && (r.noFraming() || r.minor == 0) {
		r.drop("Transfer-Encoding", setCoding) // RFC 9112 section 6.1: never in these
	}
	if r.isSet(setLength) && (r.StatusCode < 200 || r.StatusCode == 204) {
		r.drop("Content-Length", setLength) // RFC 9110 section 8.6
	}
	switch {
	case r.noBody: // what is set says what a GET would have
		r.length = -1
	case r.length >= 0:
	case r.isSet(setCoding):
		r.chunked = true
	case whole >= 0 && !r.is(setLength) && !r.isSet(setTrailer) && len(r.extra().trailers) == 0:
		r.length = whole
	case r.minor > 0 && !r.is(setCoding):
		r.chunked = true
	default:
		r.keepAlive = false
	}
	return nil
}

// noFraming reports whether the status allows neither a body nor a framing.
func (r *ServerResponse) noFraming() bool {
	return r.StatusCode < 200 || r.StatusCode == 204 || r.StatusCode == 304
}

// connection is the lines that say whether the connection goes on, unless the handler has said so.
func (r *ServerResponse) connection() string {
	if r.isSet(setConnection) {
		for _, h := range r.fields() {
			if strings.EqualFold(h.name, "Connection") && hasToken(h.value, "close") {
				r.keepAlive = false
			}
		}
		return ""
	}
	c := r.conn()
	if last := c.last; c.sl.closes() && last != nil && &last.res == r {
		r.keepAlive = false
	}
	if r.expecting && !r.continued && r.req != nil && !r.req.complete {
		r.keepAlive = false // the client may send its body or not: nobody can tell
	}
	switch {
	case r.known&(setConnection<<removedShift) != 0:
		return ""
	case !r.keepAlive:
		return "Connection: close\r\n"
	case r.isSet(setKeepAlive):
		return keepAliveLine
	}
	return c.sl.s.keepAlive
}

const keepAliveLine = "Connection: keep-alive\r\n"

// keepAliveLines are keepAliveLine and, if there is something to say, a Keep-Alive field.
func (o *ServerOptions) keepAliveLines() string {
	if o.IdleTimeout <= 0 {
		return keepAliveLine
	}
	b := append([]byte(keepAliveLine), "Keep-Alive: timeout="...)
	b = strconv.AppendInt(b, int64(o.IdleTimeout.Seconds()), 10)
	if o.MaxRequestsPerSocket > 0 {
		b = append(b, ", max="...)
		b = strconv.AppendInt(b, int64(o.MaxRequestsPerSocket), 10)
	}
	return string(append(b, "\r\n"...))
}
