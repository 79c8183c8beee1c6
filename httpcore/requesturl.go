package httpcore

import (
	"encoding/base64"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/weir-go/weir/httpcore/h1"
)

// Where a request goes, and what it asks for there.

// resolve takes the URL apart. auth is what its user is in an Authorization field; "" if it has none.
func (r *ClientRequest) resolve(raw string) (auth string, err error) {
	u := &url.URL{Scheme: "http"}
	if authority, ok := onlyAuthority(raw); ok {
		u.Host = authority
	} else if u, err = url.Parse(raw); err != nil {
		return "", ErrInvalidURL.because(err)
	}
	switch {
	case !strings.EqualFold(u.Scheme, "http"):
		return "", ErrInvalidProtocol
	case u.Host == "" || u.Opaque != "" || !h1.ValidHost(withoutZone(u.Host)):
		return "", ErrInvalidURL
	}
	r.target = r.o.Target
	if r.target == "" && r.method != "CONNECT" {
		r.target = u.RequestURI()
	}
	if !h1.ValidTarget(r.method, r.target) {
		return "", ErrInvalidTarget
	}
	address := u.Host
	if port := u.Port(); port == "" {
		address = net.JoinHostPort(u.Hostname(), "80")
	} else if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", ErrInvalidURL
	}
	r.key = originKey{"tcp", strings.ToLower(address), r.o.LocalAddr}
	if r.o.SocketPath != "" {
		r.key = originKey{"unix", r.o.SocketPath, r.o.LocalAddr}
	}
	r.host = r.authority(u)
	if u.User != nil {
		password, _ := u.User.Password()
		auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
	}
	return auth, nil
}

// authority is the value of the Host field: that of the target if it has one (RFC 9112 sections 3.2.2 and 3.2.3), else the
// URL's, without a port that goes without saying.
func (r *ClientRequest) authority(u *url.URL) string {
	if r.method == "CONNECT" {
		return r.target
	}
	if authority, _, ok := cutAbsolute(r.target); ok {
		return authority
	}
	host := u.Host
	if port := u.Port(); port == "" || port == "80" {
		host = strings.TrimSuffix(host, ":"+port) // an empty port may have its colon
	}
	return withoutZone(host)
}

// onlyAuthority is the authority of a URL that has no more than that, and perhaps the path "/", if no byte of it has another meaning
// in a URL: who forwards requests says no more, and url.Parse would find nothing else.
func onlyAuthority(raw string) (authority string, ok bool) {
	authority, ok = strings.CutPrefix(raw, "http://")
	authority = strings.TrimSuffix(authority, "/")
	for i := 0; ok && i < len(authority); i++ {
		c := authority[i]
		ok = 'a' <= c && c <= 'z' || '0' <= c && c <= ':' || c == '-' || c == '.'
	}
	return authority, ok
}

// withoutZone is a host without the zone of an IPv6 address, which means something on this machine only: RFC 6874 section 4.
func withoutZone(host string) string {
	at := strings.IndexByte(host, '%')
	end := strings.IndexByte(host, ']')
	if at < 0 || end < at {
		return host
	}
	return host[:at] + host[end:]
}
