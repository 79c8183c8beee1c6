package httpcore

import (
	"github.com/weir-go/weir/stream"
)

// Interim responses: RFC 9110 section 15.2. They leave before the head, and a client may get any number of them. All are one
// method, WriteInformationWith; the others are its short forms.

// WriteContinue tells a client that waits with Expect: 100-continue to send its body. It does nothing once the head is fixed.
func (r *ServerResponse) WriteContinue() {
	_ = r.WriteInformation(100) // the head is fixed: then there is nothing to wait for
}

// WriteProcessing tells a client that the answer takes its time: RFC 2518 section 10.1. It does nothing once the head is fixed.
func (r *ServerResponse) WriteProcessing() {
	_ = r.WriteInformation(102) // the head is fixed: that is as good
}

// WriteEarlyHints sends a 103 with the given fields, in turn name and value: RFC 8297. It returns the errors of SetHeader,
// and then sends nothing.
func (r *ServerResponse) WriteEarlyHints(fields ...string) error {
	return r.WriteInformation(103, fields...)
}

// WriteInformation is WriteInformationWith without a callback.
func (r *ServerResponse) WriteInformation(status int, fields ...string) error {
	return r.WriteInformationWith(status, fields, nil)
}

// WriteInformationWith sends an interim response of any status from 100 to 199 but 101, which is OnUpgrade's, with the given
// fields, in turn name and value: a proxy relays with it what it does not know. Content-Length and Transfer-Encoding are left
// out, since there is no body. A second 100 is not sent, and nothing is to a client of HTTP/1.0, which does not know what an
// interim response is.
//
// cb, which may be nil, is called once: when the kernel has it, or there is nothing to send, or with why it is lost. An error
// is returned instead if nothing can be sent: ErrHeadersSent, ErrInvalidStatus, and those of SetHeader; then cb is not called.
func (r *ServerResponse) WriteInformationWith(status int, fields []string, cb func(error)) error {
	if status < 100 || status > 199 || status == 101 {
		return ErrInvalidStatus
	}
	if r.headSent {
		return ErrHeadersSent
	}
	if err := r.mayHaveAll(fields); err != nil {
		return err
	}
	switch {
	case r.gone:
		r.tick(cb, stream.ErrDestroyed)
		return nil
	case r.minor == 0, status == 100 && r.continued:
		if cb != nil && (r.flying > 0 || r.holds()) {
			r.pass(nil, lastsOn, cb) // its turn comes behind the others'
		} else {
			r.tick(cb, nil)
		}
		return nil
	case status == 100:
		r.continued = true
	}
	b := appendStatusLine(make([]byte, 0, 128), status, StatusText(status))
	for i := 0; i < len(fields); i += 2 {
		if knownHeader(fields[i])&(setLength|setCoding) != 0 {
			continue
		}
		b = append(b, fields[i]...)
		b = append(b, ": "...)
		b = append(b, trimOWS(fields[i+1])...)
		b = append(b, "\r\n"...)
	}
	r.pass(append(b, "\r\n"...), lastsOn, cb)
	return nil
}
