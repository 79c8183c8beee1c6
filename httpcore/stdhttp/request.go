package stdhttp

import (
	"net/http"
	"net/url"
)

// request makes the handler's Request of the message's head, as net/http does: Host, Transfer-Encoding and the Trailer field of
// a chunked message are not in Header. An error is a target that is no URL.
func (x *exchange) request() (*http.Request, error) {
	m := x.req
	u, err := url.ParseRequestURI(m.URL())
	if err != nil {
		return nil, err
	}
	r := (&http.Request{
		Method:        m.Method(),
		URL:           u,
		RequestURI:    m.URL(),
		ContentLength: m.ContentLength(),
		Body:          http.NoBody,
	}).WithContext(&x.outer)
	r.ProtoMajor, r.ProtoMinor = m.HTTPVersion()
	r.Proto = proto(r.ProtoMinor)
	r.RemoteAddr = "@" // what package net says for the other end of a Unix socket
	if a := m.RemoteAddr(); a.IsValid() {
		r.RemoteAddr = a.String()
	}
	if r.ContentLength != 0 {
		r.Body = &x.body
	}
	f := takeFields(m, r.ContentLength < 0)
	r.Header, r.Trailer, r.TransferEncoding, r.Host = f.header, f.trailer, f.coding, f.host
	r.Close = f.closes(r.ProtoMinor)
	if u.Host != "" {
		r.Host = u.Host // RFC 9112 section 3.2.2: an absolute-form wins
	}
	x.r = r
	return r, nil
}
