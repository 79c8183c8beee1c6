package httpcore

import (
	"context"
	"net/netip"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// IncomingMessage is a request that a server receives, or a response that a client does. It is a readable stream of its body,
// and has everything that was in its head. Nothing of the body is read from the socket beyond the mark before somebody reads
// it. A response holds its connection until it was read to its end, or destroyed: who does not want its body resumes it.
//
// It belongs to the loop's goroutine, and to one request: it is never used for another.
type IncomingMessage struct {
	stream.EmbeddedReadable
	c *wire // its connection

	text              string // method, newline, target, newline; of a response, its reason phrase, newline; and the fields
	line              uint32 // how long what is before the fields is
	method            uint16 // how long the method is
	status            uint16 // of a response; 0 in a request
	minor             uint8  // of the version; the other half is 1
	loose             bool   // it has nothing to do with its connection any more, but for whose that was
	complete, aborted bool
	consumed          bool // somebody has asked for the body
	hasBody, dumped   bool
	upgrade           bool
	eofDue            bool // the end of input was received, and is pushed when somebody reads
	length, received  int64
	more              *incomingExtras // nil while there are none
}

// incomingExtras are what few messages have.
type incomingExtras struct {
	tail      section        // the trailer section
	local     netip.AddrPort // the zero one before somebody asks
	onAborted stream.Listeners[func()]
	ctx       context.Context // nil before somebody asks
	cancel    context.CancelCauseFunc
}

// noIncomingExtras are those of a message that has none. They are only read.
var noIncomingExtras incomingExtras

// extra are m's extras to look at.
func (m *IncomingMessage) extra() *incomingExtras {
	if m.more == nil {
		return &noIncomingExtras
	}
	return m.more
}

// extend are m's extras to add to.
func (m *IncomingMessage) extend() *incomingExtras {
	if m.more == nil {
		m.more = new(incomingExtras)
	}
	return m.more
}

// fields are those of the head.
func (m *IncomingMessage) fields() section { return section(m.text[m.line:]) }

// Loop is the loop that the message belongs to.
func (m *IncomingMessage) Loop() *loop.Loop { return m.Scheduler().(*loop.Loop) }

// Method is the request's method, in the case that it was received in; "" of a response.
func (m *IncomingMessage) Method() string { return m.text[:m.method] }

// URL is the request-target as it was received: "/path?query", or what else RFC 9112 section 3.2 allows. It is "" of a
// response.
func (m *IncomingMessage) URL() string {
	if m.status != 0 {
		return ""
	}
	return m.text[m.method+1 : m.line-1]
}

// StatusCode is the response's status; 0 of a request.
func (m *IncomingMessage) StatusCode() int { return int(m.status) }

// StatusMessage is the response's reason phrase as it was received, which is often empty.
func (m *IncomingMessage) StatusMessage() string {
	if m.status == 0 {
		return ""
	}
	return m.text[:m.line-1]
}

// Upgrade reports whether what follows the message may be another protocol: it is a request for one, without a body, or a
// CONNECT, or the response that switches.
func (m *IncomingMessage) Upgrade() bool { return m.upgrade }

// HTTPVersion is the version that the message was sent in.
func (m *IncomingMessage) HTTPVersion() (major, minor int) { return 1, int(m.minor) }

// Header is the value of a field, in any case of its name; "" if there is none. Of several it is what Node's headers
// has: cookies joined by "; ", fields that make no sense as a list the first, all others joined by ", ".
func (m *IncomingMessage) Header(name string) string { return m.fields().joined(name) }

// HasHeader reports whether there is a field of that name.
func (m *IncomingMessage) HasHeader(name string) bool { return m.fields().has(name) }

// HeaderValues are all values of a field, one for each line that it came in: Node's headersDistinct.
func (m *IncomingMessage) HeaderValues(name string) []string { return m.fields().values(name) }

// RawHeaders are the names and values of all fields, in turn, in the order and the case that they came in.
func (m *IncomingMessage) RawHeaders() []string { return m.fields().raw() }

// EachHeader calls fn with each field in order, until it returns false.
func (m *IncomingMessage) EachHeader(fn func(name, value string) bool) { m.fields().each(fn) }

// Trailer is Header for the trailer section, which is there once Complete is true.
func (m *IncomingMessage) Trailer(name string) string { return m.extra().tail.joined(name) }

// RawTrailers is RawHeaders for the trailer section.
func (m *IncomingMessage) RawTrailers() []string { return m.extra().tail.raw() }

// ContentLength is how long the body is by the head; -1 if that is not known.
func (m *IncomingMessage) ContentLength() int64 { return m.length }

// Complete reports whether the whole message was received. It is true before OnEnd is told.
func (m *IncomingMessage) Complete() bool { return m.complete }

// Aborted reports whether the message was cut off: its peer went away, or it was destroyed.
func (m *IncomingMessage) Aborted() bool { return m.aborted }

// LocalAddr is our address, which is asked for when it is needed first: the zero AddrPort once the connection has gone or the
// exchange is over.
func (m *IncomingMessage) LocalAddr() netip.AddrPort {
	if a := m.extra().local; a.IsValid() || m.loose {
		return a
	}
	x := m.extend()
	x.local = m.c.t.LocalAddr() // a system call
	return x.local
}

// RemoteAddr is the peer's address.
func (m *IncomingMessage) RemoteAddr() netip.AddrPort { return m.c.t.RemoteAddr() }

// OnAborted listens for the message being cut off: its peer has gone, a limit was passed (MaxBody, BodyTimeout and their like), or it
// was destroyed. There is no 'end' then, and Pipe leaves what it fed as it is: here is where to destroy that. It is told at once, inside
// what causes it, and never behind the 'end'.
func (m *IncomingMessage) OnAborted(fn func()) stream.Sub { return m.extend().onAborted.Add(fn) }

// Context is cancelled when the client has gone, paused or not, with why as the cause: ErrClientEnded if it has only ended
// its side; and when the response is closed, so that nobody waits for ever. It is made when it is first asked for. Its
// cancellation may be waited for on any goroutine.
func (m *IncomingMessage) Context() context.Context {
	x := m.extend()
	if x.ctx == nil {
		x.ctx, x.cancel = context.WithCancelCause(context.Background())
		if m.loose {
			x.cancel(ErrAborted)
		} else if m.c.flags&connEnded != 0 && m.complete {
			x.cancel(ErrClientEnded)
		}
	}
	return x.ctx
}

func (m *IncomingMessage) cancelled(cause error) {
	if x := m.more; x != nil && x.cancel != nil {
		x.cancel(cause)
	}
}

// begin makes the message a stream of its body.
func (m *IncomingMessage) begin(sh *shared, mark int) {
	stream.InitEmbedded(&m.EmbeddedReadable, sh.l, mark, (*messageSource)(m))
}

// messageSource is a message as the hooks of the stream that it is.
type messageSource IncomingMessage

// Stream is the message.
func (x *messageSource) Stream() stream.ReadableStream { return (*IncomingMessage)(x) }

// ReadMore is the Read hook.
func (x *messageSource) ReadMore(int) {
	m := (*IncomingMessage)(x)
	m.consumed = true
	switch {
	case m.eofDue:
		m.eofDue = false
		m.PushEOF()
	case !m.loose:
		m.c.bodyWanted(m)
	}
}

// Teardown is the Destroy hook: RFC 9112 has no way to end a message but with its connection, so a message that is
// destroyed before it is complete takes that with it.
func (x *messageSource) Teardown(err error, done func(error)) {
	m := (*IncomingMessage)(x)
	defer m.tornDown(err, done) // whoever panics
	if !m.ReadableEnded() || !m.complete {
		m.aborted = true
		defer func() {
			if !m.loose {
				m.c.side.destroy(err)
			}
		}()
		m.extra().onAborted.Each(func(fn func()) { fn() })
	} else if !m.loose {
		m.c.side.consumed(m)
	}
}

// tornDown has 'error' and 'close' told.
func (m *IncomingMessage) tornDown(err error, done func(error)) {
	if err != nil && !stream.ErrorListened(&m.Readable) {
		err = nil // an abort is 'aborted' and 'close'; an error is for those who listen
	}
	m.Loop().NextTick(func() { done(err) }) // as Node does: a response that its 'end' has ended closes first
}

// dump throws away what nobody reads.
func (m *IncomingMessage) dump() {
	if m.consumed || m.ReadableFlowing() == stream.FlowOn { // it was asked to flow, though it does so from a tick on
		if !m.loose && !m.complete {
			m.c.d.Resume(loop.DeadlineExchange) // the time for it runs, whether or not somebody reads on
		}
		return
	}
	if m.complete && stream.RetireEmbedded(&m.EmbeddedReadable) {
		m.dumped = true
		return
	}
	m.discard()
}

// discard throws away what still comes, up to a bound: then the connection ends behind its answer.
func (m *IncomingMessage) discard() {
	m.dumped = true
	m.Resume()
}

// end is the whole message being received.
func (m *IncomingMessage) end(tail string) {
	m.complete = true
	if tail != "" {
		m.extend().tail = section(tail)
	}
	switch {
	case m.Destroyed():
	case m.hasBody:
		m.PushEOF()
	default:
		m.eofDue = true
	}
}
