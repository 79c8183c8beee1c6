package h1

// uri-host [ ":" port ], as a Host field and an authority have it: RFC 9110 section 7.2, RFC 3986 section 3.2.2. An IP
// literal's bytes are checked, not what they mean.

// hostState is where the machine that reads it stands. Its first states are those in which what was read is complete.
type hostState uint8

const (
	hostStart  hostState = iota // nothing was read
	hostName                    // a reg-name or an IPv4 address
	hostAfter                   // behind "]"
	hostPort                    // behind ":"
	hostDigits                  // and a digit more
	hostSpace                   // whitespace behind a field's value

	hostPct1    // behind "%"
	hostPct2    // behind "%" and a digit
	hostLiteral // behind "["
	hostInside  // and a byte more
	hostRefused // what was read is none
)

// done reports whether what was read is complete; nothing at all is.
func (s hostState) done() bool { return s <= hostSpace }

// next moves the machine on by c. It is small enough to be inlined for the bytes that most hosts are made of.
func (s hostState) next(c byte) hostState {
	if s <= hostName && classes[c]&classHost != 0 {
		return hostName
	}
	return s.special(c)
}

// plainHost has the machine begin at i, and moves it on through a name or an IPv4 address and a port, which nearly all hosts are
// made of. It returns where the machine stands then, and at which byte.
func plainHost(p []byte, i int) (hostState, int) {
	k := skip(p, i, classHost)
	switch {
	case k == i:
		return hostStart, i
	case k == len(p) || p[k] != ':':
		return hostName, k
	}
	d := k + 1
	for d < len(p) && p[d]-'0' <= 9 {
		d++
	}
	if d == k+1 {
		return hostPort, d
	}
	return hostDigits, d
}

// special is next for what is no plain byte of a name.
func (s hostState) special(c byte) hostState {
	k := classes[c]
	switch s {
	case hostStart, hostName:
		switch {
		case c == '%':
			return hostPct1
		case c == ':' && s == hostName: // else a port of no host
			return hostPort
		case c == '[' && s == hostStart:
			return hostLiteral
		}
	case hostPct1:
		if k&classHex != 0 {
			return hostPct2
		}
	case hostPct2:
		if k&classHex != 0 {
			return hostName
		}
	case hostLiteral, hostInside:
		switch {
		case c == ']' && s == hostInside:
			return hostAfter
		case k&classHost != 0 || c == ':' || c == '%': // "%25" begins a zone
			return hostInside
		}
	case hostAfter:
		if c == ':' {
			return hostPort
		}
	case hostPort, hostDigits:
		if c >= '0' && c <= '9' {
			return hostDigits
		}
	case hostSpace, hostRefused:
	}
	return hostRefused
}

// maxPort is the highest port.
const maxPort = 1<<16 - 1

// portOf is the number behind the last ":" of s, which the machine has found to be digits; 0 if there are none, and more
// than maxPort if it is too high.
func portOf[S ~string | ~[]byte](s S) (port uint64) {
	i := len(s)
	for i > 0 && s[i-1] != ':' {
		i--
	}
	for ; i < len(s) && port <= maxPort; i++ {
		port = port*10 + uint64(s[i]-'0')
	}
	return port
}

// hostOf is where the machine stands behind s.
func hostOf[S ~string | ~[]byte](s S) hostState {
	state := hostStart
	for i := range len(s) {
		state = state.next(s[i])
	}
	return state
}
