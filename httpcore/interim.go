package httpcore

import (
	"strconv"
	"strings"
)

// Interim responses: RFC 9110 section 15.2. They leave before the head, and a client may get any number of them.

// WriteContinue tells a client that waits with Expect: 100-continue to send its body. It does nothing once the head is fixed.
func (r *ServerResponse) WriteContinue() {
	if !r.headSent && !r.continued {
		r.continued = true
		r.interim("HTTP/1.1 100 Continue\r\n\r\n")
	}
}

// WriteProcessing tells a client that the answer takes its time: RFC 2518 section 10.1.
func (r *ServerResponse) WriteProcessing() { r.interim("HTTP/1.1 102 Processing\r\n\r\n") }

// WriteEarlyHints sends a 103 with the given fields, in turn name and value: RFC 8297. It returns the errors of SetHeader,
// and then sends nothing.
func (r *ServerResponse) WriteEarlyHints(fields ...string) error {
	return r.WriteInformation(103, fields...)
}

// WriteInformation sends an interim response, 100 to 199 but not 101, with the given fields, in turn name and value. It returns
// ErrInvalidStatus or the errors of SetHeader, and then sends nothing. A client of HTTP/1.0 is sent none.
func (r *ServerResponse) WriteInformation(status int, fields ...string) error {
	if status < 100 || status > 199 || status == 101 {
		return ErrInvalidStatus
	}
	if err := r.mayHaveAll(fields); err != nil {
		return err
	}
	b := []byte("HTTP/1.1 ")
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	b = append(b, StatusText(status)...)
	b = append(b, "\r\n"...)
	for i := 0; i < len(fields); i += 2 {
		b = append(b, fields[i]...)
		b = append(b, ": "...)
		b = append(b, strings.Trim(fields[i+1], " \t")...)
		b = append(b, "\r\n"...)
	}
	r.continued = r.continued || status == 100
	r.interim(string(append(b, "\r\n"...)))
	return nil
}

// interim sends an interim response, to a client that knows what it is.
func (r *ServerResponse) interim(head string) {
	if !r.headSent && !r.gone && r.minor > 0 {
		r.pass([]byte(head), lastsOn, nil)
	}
}
