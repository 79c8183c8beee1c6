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
func (r *ClientRequest) resolve(raw string, o *RequestOptions) (auth string, err error) {
	r.target = o.Target
	address, host, plain := plainAuthority(raw)
	var u *url.URL
	switch {
	case plain && r.target == "" && r.method != "CONNECT":
		r.target = "/"
	case plain:
	default:
		if u, err = url.Parse(raw); err != nil {
			return "", ErrInvalidURL.because(err)
		}
		if err := r.absolute(u); err != nil {
			return "", err
		}
	}
	if !h1.ValidTarget(r.method, r.target) {
		return "", ErrInvalidTarget
	}
	if u != nil {
		if address, host, auth, err = apart(u); err != nil {
			return "", err
		}
	}
	r.key = originKey{"tcp", address, o.LocalAddr}
	if o.SocketPath != "" {
		r.key = originKey{"unix", o.SocketPath, o.LocalAddr}
	}
	r.host = r.authority(host)
	return auth, nil
}

// absolute looks whether u is a whole http URL, and asks for its path if nothing else is asked for.
func (r *ClientRequest) absolute(u *url.URL) error {
	switch {
	case !strings.EqualFold(u.Scheme, "http"):
		return ErrInvalidProtocol
	case u.Host == "" || u.Opaque != "" || !h1.ValidHost(withoutZone(u.Host)):
		return ErrInvalidURL
	case r.target == "" && r.method != "CONNECT":
		r.target = u.RequestURI()
	}
	return nil
}

// apart is where u leads to, what its host is in a Host field, which leaves out a port that goes without saying, and who asks.
func apart(u *url.URL) (address, host, auth string, err error) {
	address = u.Host
	port := u.Port()
	if port == "" {
		address = net.JoinHostPort(u.Hostname(), "80")
	} else if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "", "", ErrInvalidURL
	}
	host = u.Host
	if port == "" || port == "80" {
		host = strings.TrimSuffix(host, ":"+port) // an empty port may have its colon
	}
	if u.User != nil {
		password, _ := u.User.Password()
		auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
	}
	return strings.ToLower(address), withoutZone(host), auth, nil
}

// authority is the value of the Host field: that of the target if it has one (RFC 9112 sections 3.2.2 and 3.2.3), else the
// URL's.
func (r *ClientRequest) authority(host string) string {
	if r.method == "CONNECT" {
		return r.target
	}
	if authority, _, ok := cutAbsolute(r.target); ok {
		return authority
	}
	return host
}

// plainAuthority is apart for a URL that has no more than a name or an IPv4 address, and perhaps a port and the path "/", if no
// byte of it has another meaning in a URL: who forwards requests says no more, and url.Parse would find nothing else.
func plainAuthority(raw string) (address, host string, ok bool) {
	authority, ok := strings.CutPrefix(raw, "http://")
	authority = strings.TrimSuffix(authority, "/")
	i, port := 0, 0
	for i < len(authority) && plainHost(authority[i]) {
		i++
	}
	host = authority[:i]
	switch {
	case !ok || host == "":
		return "", "", false
	case host == authority:
		return host + ":80", host, true
	case authority[i] != ':':
		return "", "", false
	}
	for i++; i < len(authority) && authority[i]-'0' <= 9 && port < 1<<16; i++ {
		port = 10*port + int(authority[i]-'0')
	}
	if i < len(authority) || port == 0 || port >= 1<<16 {
		return "", "", false
	}
	if authority[len(host):] != ":80" {
		host = authority
	}
	return authority, host, true
}

// plainHost reports whether c may be in the name of a host that is written as it is kept: in lower case.
func plainHost(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.'
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
