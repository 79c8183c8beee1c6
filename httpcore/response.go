package httpcore

import (
	"slices"
	"strings"

	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// ServerResponse is the answer to a request: a writable stream directly over the connection. What is written is framed and
// handed to the transport, where bytes wait and nowhere else; a response that is behind another keeps its bytes until that
// one is complete, and moves them once.
//
// The head is sent with the first write, or by End, with what was set until then; from then on it is fixed. If nobody has set
// a framing, a body that is given to End as a whole has a Content-Length, one that is written in pieces is chunked, and
// one for a client that does not know that ends with the connection.
//
// It belongs to the loop's goroutine. It does not end by itself: a handler ends it, at once or later, or destroys it.
type ServerResponse struct {
	outgoing
	l *loop.Loop

	// StatusCode is the status, 100 to 999. It is 200 unless it is set before the head is sent.
	StatusCode int
	// StatusMessage is the reason phrase; "" means that of the status.
	StatusMessage string
	// NoDate leaves the Date field out.
	NoDate bool

	headers   []header
	inline    [4]header // where headers begins
	known     knownHeaders
	keepAlive bool // the connection goes on behind this response
	expecting bool // the client waits for a 100 before it sends its body
	major     uint8
	minor     uint8
	head      bool // the request was a HEAD
}

type header struct{ name, value string }

// knownHeaders are the fields that mean something to us, one bit each: those that were set, and above them those that
// were removed, which is not the same as never set.
type knownHeaders uint16

const (
	setLength knownHeaders = 1 << iota
	setCoding
	setConnection
	setKeepAlive
	setDate
	setTrailer
	removedShift = 8
)

func knownHeader(name string) knownHeaders {
	is := func(s string, bit knownHeaders) knownHeaders {
		if strings.EqualFold(name, s) {
			return bit
		}
		return 0
	}
	switch len(name) {
	case 4:
		return is("date", setDate)
	case 7:
		return is("trailer", setTrailer)
	case 10:
		return is("connection", setConnection) | is("keep-alive", setKeepAlive)
	case 14:
		return is("content-length", setLength)
	case 17:
		return is("transfer-encoding", setCoding)
	}
	return 0
}

// init makes r the response of x, which is behind all others of c.
func (r *ServerResponse) init(c *serverConn, x *exchange) {
	r.outgoing.init(c, r)
	r.l = c.sl.l
	r.StatusCode = 200
	r.headers = r.inline[:0]
	r.major, r.minor = 1, x.req.minor
	if x.req.line == "" {
		r.minor = 1 // an answer of ours to what is no request
	} else {
		r.head = x.req.Method() == "HEAD"
		r.outgoing.req = &x.req
	}
}

// SetHeader sets a field, in place of all of that name. It returns ErrHeadersSent, or ErrInvalidName or ErrInvalidValue, and
// then nothing is changed. Whitespace around the value is left out.
func (r *ServerResponse) SetHeader(name, value string) error {
	if err := r.mayHave(name, &value); err != nil {
		return err
	}
	r.mark(name, true)
	at := -1
	for i := 0; i < len(r.headers); i++ {
		switch {
		case !strings.EqualFold(r.headers[i].name, name):
		case at < 0:
			at = i
			r.headers[i] = header{name, value}
		default:
			r.headers = append(r.headers[:i], r.headers[i+1:]...)
			i--
		}
	}
	if at < 0 {
		r.headers = append(r.headers, header{name, value})
	}
	return nil
}

// AppendHeader adds a field, behind those of the same name. It returns the same errors as SetHeader.
func (r *ServerResponse) AppendHeader(name, value string) error {
	if err := r.mayHave(name, &value); err != nil {
		return err
	}
	r.mark(name, true)
	r.headers = append(r.headers, header{name, value})
	return nil
}

// RemoveHeader takes all fields of that name away: one that would be sent by itself, such as Date, too. It returns
// ErrHeadersSent.
func (r *ServerResponse) RemoveHeader(name string) error {
	if r.headSent {
		return ErrHeadersSent
	}
	r.mark(name, false)
	kept := r.headers[:0]
	for _, h := range r.headers {
		if !strings.EqualFold(h.name, name) {
			kept = append(kept, h)
		}
	}
	r.headers = kept
	return nil
}

// Header is the first value that was set for a field; "" if there is none.
func (r *ServerResponse) Header(name string) string {
	for _, h := range r.headers {
		if strings.EqualFold(h.name, name) {
			return h.value
		}
	}
	return ""
}

// HasHeader reports whether a field was set.
func (r *ServerResponse) HasHeader(name string) bool {
	for _, h := range r.headers {
		if strings.EqualFold(h.name, name) {
			return true
		}
	}
	return false
}

// HeaderNames are the names of the fields that were set, in order and in lower case, each once.
func (r *ServerResponse) HeaderNames() (names []string) {
	seen := map[string]bool{}
	for _, h := range r.headers {
		if name := strings.ToLower(h.name); !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// WriteHead sets the status and the given fields, in turn name and value, and fixes the head. It is sent with the first
// bytes, or by FlushHeaders. A name that is given twice has two lines. It returns the same errors as SetHeader, or
// ErrInvalidStatus, or ErrFields, and then nothing is fixed.
func (r *ServerResponse) WriteHead(status int, fields ...string) error {
	switch {
	case r.headSent:
		return ErrHeadersSent
	case status < 100 || status > 999:
		return ErrInvalidStatus
	}
	if err := r.mayHaveAll(fields); err != nil {
		return err
	}
	for i := 0; i < len(fields); i += 2 {
		if given(fields[:i], fields[i]) {
			r.AppendHeader(fields[i], fields[i+1])
		} else {
			r.SetHeader(fields[i], fields[i+1])
		}
	}
	before := r.StatusCode
	r.StatusCode = status
	if err := r.fixHead(-1); err != nil {
		r.StatusCode = before
		return err
	}
	r.headBytes = slices.Clone(r.headBytes) // the turn may end before anything is written
	return nil
}

// FlushHeaders sends the head now, before there is any body.
func (r *ServerResponse) FlushHeaders() error {
	if err := r.fixHead(-1); err != nil {
		return err
	}
	r.flushHead()
	return nil
}

// HeadersSent reports whether the head is fixed.
func (r *ServerResponse) HeadersSent() bool { return r.headSent }

// AddTrailer adds a field to the trailer section, which a chunked message has. It returns ErrTrailer if the message is not,
// as far as that is known already; one that turns out not to be, such as any for HTTP/1.0, leaves its trailers out.
func (r *ServerResponse) AddTrailer(name, value string) error {
	switch {
	case r.ended, r.headSent && !r.chunked, r.isSet(setLength):
		return ErrTrailer
	case !h1.ValidToken(name):
		return ErrInvalidName
	case !h1.ValidFieldValue(value):
		return ErrInvalidValue
	}
	r.trailers = append(r.trailers, header{name, value})
	return nil
}

func (r *ServerResponse) mayHave(name string, value *string) error {
	*value = strings.Trim(*value, " \t")
	switch {
	case r.headSent:
		return ErrHeadersSent
	case !h1.ValidToken(name):
		return ErrInvalidName
	case !h1.ValidFieldValue(*value):
		return ErrInvalidValue
	}
	return nil
}

// mayHaveAll is mayHave for a list of names and values, in turn.
func (r *ServerResponse) mayHaveAll(fields []string) error {
	if len(fields)%2 != 0 {
		return ErrFields
	}
	for i := 0; i < len(fields); i += 2 {
		value := fields[i+1]
		if err := r.mayHave(fields[i], &value); err != nil {
			return err
		}
	}
	return nil
}

// given reports whether a list of names and values has a name.
func given(fields []string, name string) bool {
	for i := 0; i < len(fields); i += 2 {
		if strings.EqualFold(fields[i], name) {
			return true
		}
	}
	return false
}

func (r *ServerResponse) mark(name string, set bool) {
	bit := knownHeader(name)
	r.known &^= bit | bit<<removedShift
	if set {
		r.known |= bit
	} else {
		r.known |= bit << removedShift
	}
}

func (r *ServerResponse) isSet(bit knownHeaders) bool { return r.known&bit != 0 }

// is reports whether a field was set or removed: whether it is not ours to send.
func (r *ServerResponse) is(bit knownHeaders) bool { return r.known&(bit|bit<<removedShift) != 0 }

// OnError listens for the errors of this response: a write after its end, a body that is not as long as it was said to be.
// An error of the connection is none of them, as in Node: then there is OnClose.
func (r *ServerResponse) OnError(fn func(error)) stream.Sub { return r.onError.Add(fn) }
