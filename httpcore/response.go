package httpcore

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

	// StatusCode is the status, 100 to 999. It is 200 unless it is set before the head is sent.
	StatusCode int
	// StatusMessage is the reason phrase; "" means that of the status.
	StatusMessage string
	// NoDate leaves the Date field out.
	NoDate bool

	keepAlive bool             // the connection goes on behind this response
	expecting bool             // the client waits for a 100 before it sends its body
	continued bool             // a 100 was sent
	maySwitch bool             // the request asks for another protocol, and nothing behind it is looked at before it is answered
	req       *IncomingMessage // what it answers; nil if that was no request
	major     uint8
	minor     uint8
	head      bool // the request was a HEAD
}

// init makes r the response of x, which is behind all others of c.
func (r *ServerResponse) init(c *serverConn, x *exchange) {
	r.outgoing.init(&c.sl.shared, c.sl.s.o.HighWaterMark, r)
	r.c = &c.wire
	r.StatusCode = 200
	r.major, r.minor = 1, x.req.minor
	if x.req.line == "" {
		r.minor = 1 // an answer of ours to what is no request
	} else {
		r.head = x.req.Method() == "HEAD"
		r.req = &x.req
	}
}

// WriteHead sets the status and the given fields, in turn name and value, and fixes the head. It is sent with the first
// bytes, or by FlushHeaders. A name that is given twice has two lines. It returns the same errors as SetHeader, or
// ErrInvalidStatus, or ErrOddFields, and then nothing is fixed.
func (r *ServerResponse) WriteHead(status int, fields ...string) error {
	switch {
	case r.headSent:
		return ErrHeadersSent
	case status < 100 || status > 999:
		return ErrInvalidStatus
	}
	if err := r.setAll(fields); err != nil {
		return err
	}
	before := r.StatusCode
	r.StatusCode = status
	if err := r.fixHead(-1); err != nil {
		r.StatusCode = before
		return err
	}
	r.lend() // the turn may end before anything is written
	return nil
}

// setAll has the fields of a list take the place of those that were set. One that has a name twice has two lines.
func (r *ServerResponse) setAll(fields []string) error {
	if len(r.headers) == 0 {
		return r.addAll(fields)
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
	return nil
}
