package httpcore

import (
	"log/slog"
	"time"

	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/stream"
)

// ServerOptions say how a Server treats its clients. The zero value is good: every limit has a finite default. In a duration
// a negative value is no limit; sizes are in bytes.
type ServerOptions struct {
	// Limits bound the head and the framing: see h1.Limits.
	Limits h1.Limits
	// HighWaterMark is how much of a request's body is buffered before its socket is not read from any more, and how much of
	// the answers waits before a write says so. Default 16 KiB; stream.NoBuffer is as little as can be, and other negative values
	// panic. A message may have marks of its own: see IncomingMessage.SetReadableHighWaterMark and
	// ServerResponse.SetWritableHighWaterMark.
	HighWaterMark int
	// HeaderTimeout is how long a client has for a whole head, from its first byte on, or from the connection's beginning.
	// Default 10 s.
	HeaderTimeout time.Duration
	// BodyTimeout is how long a client may send nothing of a body. While we are the ones who do not read, it does not count.
	// Default 30 s.
	BodyTimeout time.Duration
	// MinBodyRate is how many bytes a second of a body a client has to send, on the average of twice BodyTimeout, 10 s at
	// least: so a pause that BodyTimeout allows is no reason, but many are. While we do not read, and while the client waits
	// for a 100, it does not count. Default 240, as in Kestrel, or none if BodyTimeout is negative; negative is none.
	MinBodyRate int
	// RequestTimeout is how long a whole body may take to arrive, however lively it is. Default 5 min.
	RequestTimeout time.Duration
	// IdleTimeout is how long a connection is kept between two requests. Default 60 s.
	IdleTimeout time.Duration
	// WriteTimeout is how long a client may take nothing of what it is sent: no byte may reach its kernel, which has a buffer of
	// its own. Where our kernel does not tell (see reactor.Conn.KernelQueueSize) it counts what that takes. One that has taken
	// something is ended a tenth later at most. Default 30 s.
	WriteTimeout time.Duration
	// MinWriteRate is how many bytes a second a client has to take while more of its answers waits than its kernel and ours
	// have room for, on the average of twice WriteTimeout, 10 s at least: so a pause that WriteTimeout allows is no reason, but
	// many are. What comes as slowly as it is taken does not wait. Default 240, as in Kestrel, or none if WriteTimeout is
	// negative, and where our kernel does not tell; negative is none.
	MinWriteRate int
	// MaxBody is how long a request's body may be; more is answered with 413, at once if the length is declared. Default 0: no
	// limit, since a body that nobody reads is not read from the socket either. In this and the next two negative is the same.
	MaxBody int64
	// MaxRequestsPerSocket closes a connection after so many requests. Default 0: no limit.
	MaxRequestsPerSocket int
	// MaxConnections closes connections beyond so many, over all loops, as soon as they come. Default 0: no limit.
	MaxConnections int
	// CloseOnFIN has the end of a client's input end its connection at once, as Node does by default. Without it the answers
	// that are due still go out.
	CloseOnFIN bool
	// Logger is told of clients that are lost (Debug), of what is refused or has let a deadline pass (Info), and of what the
	// server does to clients that are not to blame (Warn): MaxConnections is reached, there are no descriptors left to accept
	// with, the time of Shutdown or of a response is over. Its handler is called on the loops, which wait for it. Default nil: silence.
	Logger *slog.Logger
}

const (
	defaultHeaderTimeout  = 10 * time.Second
	defaultBodyTimeout    = 30 * time.Second
	defaultRequestTimeout = 5 * time.Minute
	defaultMinBodyRate    = 240
	defaultMinWriteRate   = 240
	defaultIdleTimeout    = 60 * time.Second
	defaultWriteTimeout   = 30 * time.Second

	// maxPipelined is how many requests of a connection may be under way before no more of its input is looked at.
	maxPipelined = 4
	// maxBurst is how many requests of a connection are looked at before others have their turn. One read may bring thousands,
	// and each that is answered at once makes room for the next.
	maxBurst = 64
	// maxDump is how much of a body that nobody reads is thrown away before its connection is closed instead: net/http's
	// bound. It is also how much is read behind the last answer, so that the client can read that.
	maxDump = 256 << 10
	// lingerTime is how long a client is waited for behind the last answer. A close with unread input would be a reset, which
	// may overtake the answer.
	lingerTime = 2 * time.Second
	// lastCall is how long a client that is connected and has sent nothing is waited for when the server closes: its request
	// may be on its way.
	lastCall = time.Second
	// oneMore is how long a client that was served, and has nothing under way, is waited for when the server closes. Under load
	// its next request lies in the socket, or is on its way while our end goes the other: so it is a long round trip, around
	// the world. Who sends a request in this time gets an answer that says close.
	oneMore = 250 * time.Millisecond
)

// finite has an option that is 0 be its default, and a negative one be 0: no limit.
func finite(d *time.Duration, byDefault time.Duration) {
	switch {
	case *d == 0:
		*d = byDefault
	case *d < 0:
		*d = 0
	}
}

func (o ServerOptions) withDefaults() ServerOptions {
	if o.MinBodyRate == 0 && o.BodyTimeout >= 0 {
		o.MinBodyRate = defaultMinBodyRate
	}
	if o.MinWriteRate == 0 && o.WriteTimeout >= 0 {
		o.MinWriteRate = defaultMinWriteRate
	}
	finite(&o.HeaderTimeout, defaultHeaderTimeout)
	finite(&o.BodyTimeout, defaultBodyTimeout)
	finite(&o.RequestTimeout, defaultRequestTimeout)
	finite(&o.IdleTimeout, defaultIdleTimeout)
	finite(&o.WriteTimeout, defaultWriteTimeout)
	if o.HighWaterMark == 0 {
		o.HighWaterMark = stream.DefaultHighWaterMark
	}
	_ = writableMark(o.HighWaterMark) // panics here rather than at a client's first request
	return o
}
