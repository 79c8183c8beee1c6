package stdhttp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
)

// How a request of net/http's becomes one of httpcore's: on the caller's goroutine, so that the loop only sends it.

// How the body of a request is sent.
type sending uint8

const (
	sendNone   sending = iota
	sendWhole          // it is short and in memory: with the head, and once more if need be
	sendStream         // somebody has to read it, while the head goes ahead
	sendProbe          // as sendStream, but the head waits for what is read first: there may be nothing
)

// maxWhole is the longest body that is sent as a whole: what httpcore would send once more.
const maxWhole = 16 << 10

// userAgent is what a request without a User-Agent has: some servers refuse one that has none.
const userAgent = "weir"

// prepare makes everything of the request that can be made off the loop.
func (x *trip) prepare() error {
	r := x.r
	switch {
	case x.l.OnLoop():
		return stream.ErrWouldBlock
	case r.URL == nil:
		return httpcore.ErrInvalidURL
	case !strings.EqualFold(r.URL.Scheme, "http"):
		return httpcore.ErrInvalidProtocol
	case r.Method == http.MethodConnect:
		return fmt.Errorf("CONNECT is not for a RoundTripper; ClientRequest.OnConnect takes a tunnel: %w", errors.ErrUnsupported)
	}
	x.method = r.Method
	if x.method == "" {
		x.method = http.MethodGet
	}
	base := url.URL{Scheme: "http", User: r.URL.User, Host: r.URL.Host}
	x.url = base.String()
	x.o = x.t.o.Request
	x.o.Target = r.URL.RequestURI()
	if ctx := r.Context(); ctx.Done() != nil {
		if ctx.Err() != nil {
			return x.canceled()
		}
		x.o.Context = ctx
	}
	if err := x.frame(); err != nil {
		return err
	}
	return x.fields()
}

// frame decides how the body is sent, and takes it if it is sent as a whole.
func (x *trip) frame() error {
	r := x.r
	chunked := len(r.TransferEncoding) > 0
	if chunked && (len(r.TransferEncoding) > 1 || !strings.EqualFold(r.TransferEncoding[0], "chunked")) {
		return fmt.Errorf("a Transfer-Encoding of %q: %w", r.TransferEncoding, errors.ErrUnsupported)
	}
	x.length = r.ContentLength
	switch {
	case r.Body == nil || r.Body == http.NoBody:
		if x.length > 0 {
			return httpcore.ErrContentLength
		}
		x.length = 0
		return nil
	case x.length <= 0 || chunked:
		x.length = -1
	}
	x.send = sendStream
	switch {
	case x.length < 0 && !chunked && !x.usualBody() && !has(r.Header.Get("Expect"), "100-continue"):
		x.send = sendProbe
	case x.length >= 0 && x.length <= maxWhole && r.GetBody != nil:
		x.send = sendWhole
		return x.takeWhole()
	}
	return nil
}

// usualBody reports whether a request of that method has a body as a rule.
func (x *trip) usualBody() bool {
	switch x.method {
	case "GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "SEARCH":
		return false
	}
	return true
}

// takeWhole reads a body that is in memory.
func (x *trip) takeWhole() error {
	x.page = copies.Get().(*[copySize]byte)
	n, err := io.ReadFull(x.r.Body, x.page[:x.length+1]) // one more, which must not be there
	x.closeBody()
	switch {
	case err == nil, n != int(x.length) && (err == io.EOF || err == io.ErrUnexpectedEOF):
		err = httpcore.ErrContentLength
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return nil
	default:
		err = bodyError(err)
	}
	x.giveBack()
	return err
}

// fields makes the list of fields, by name: Host first, then the request's own, then what the options add, then the framing.
func (x *trip) fields() error {
	r := x.r
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	names := make([]string, 0, 16)
	n := 0
	for name, values := range r.Header {
		names = append(names, name)
		n += len(values)
	}
	slices.Sort(names)
	list := make([]string, 0, 2*n+len(x.o.Header)+10)
	list = append(list, "Host", withoutZone(host))
	closes := false
	for _, name := range names {
		switch http.CanonicalHeaderKey(name) {
		case "Host", "Content-Length", "Transfer-Encoding", "Trailer":
			continue // net/http has them elsewhere
		case "User-Agent":
			if values := r.Header[name]; len(values) == 0 || values[0] == "" {
				continue // that is how one asks for none
			}
		case "Expect":
			if x.send == sendNone {
				continue // RFC 9110 section 10.1.1
			}
		case "Connection":
			closes = slices.ContainsFunc(r.Header[name], func(v string) bool { return has(v, "close") })
		case "Upgrade":
			x.upgrade = true
		}
		for _, v := range r.Header[name] {
			list = append(list, name, v)
		}
	}
	own := len(list)
	for i := 0; i+1 < len(x.o.Header); i += 2 {
		name := http.CanonicalHeaderKey(x.o.Header[i])
		if _, ok := r.Header[name]; !ok && name != "Host" {
			list = append(list, name, x.o.Header[i+1])
		}
	}
	if _, ok := r.Header["User-Agent"]; !ok && !slices.Contains(list[own:], "User-Agent") {
		list = append(list, "User-Agent", userAgent)
	}
	if r.Close && !closes {
		list = append(list, "Connection", "close")
	}
	switch {
	case x.send == sendNone || x.send == sendProbe:
	case x.length >= 0:
		list = append(list, "Content-Length", strconv.FormatInt(x.length, 10))
	default:
		list = append(list, "Transfer-Encoding", "chunked")
	}
	x.o.Header = list
	return x.announceTrailers()
}

// announceTrailers adds the Trailer field of a body without a length: one with a length can have none.
func (x *trip) announceTrailers() error {
	if x.length >= 0 || len(x.r.Trailer) == 0 {
		return nil
	}
	var names []string
	for name := range x.r.Trailer {
		if name = http.CanonicalHeaderKey(name); !mayTrail(name) {
			return fmt.Errorf("the trailer %q: %w", name, httpcore.ErrInvalidTrailer)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	x.o.Header = append(x.o.Header, "Trailer", strings.Join(names, ","))
	return nil
}

// withoutZone is a host without the zone of an IPv6 address: RFC 6874 section 4.
func withoutZone(host string) string {
	at, end := strings.IndexByte(host, '%'), strings.IndexByte(host, ']')
	if at < 0 || end < at {
		return host
	}
	return host[:at] + host[end:]
}
