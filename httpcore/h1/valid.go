package h1

// What may be written. The Parser asks the same of what it reads, byte by byte as it comes; here the whole is known. The
// byte classes and the host machine are the Parser's own.

// ValidToken reports whether s is a token, as a field's name is: RFC 9110 section 5.6.2.
func ValidToken[S ~string | ~[]byte](s S) bool {
	return len(s) > 0 && (isWords(s) || only(s, classToken))
}

// ValidMethod reports whether s can be a request's method: a token that is not longer than a Parser reads, 32 bytes, and
// not PRI, with which an HTTP/2 connection begins.
func ValidMethod[S ~string | ~[]byte](s S) bool {
	return len(s) <= maxMethod && ValidToken(s) && string(s) != "PRI"
}

// ValidTarget reports whether target can be the request-target of method, in one of the forms of RFC 9112 section 3.2:
// a path with its query for any method but CONNECT; an absolute URI with a host for the same, as proxies are asked;
// host and port for CONNECT, which has no port 0; "*" for OPTIONS. No fragment, no user information, no whitespace and no byte beyond ASCII
// is in any of them.
func ValidTarget[M, T ~string | ~[]byte](method M, target T) bool {
	switch {
	case string(method) == "CONNECT":
		return hostOf(target) == hostDigits && portOf(target) > 0 && portOf(target) <= maxPort
	case len(target) == 0:
		return false
	case target[0] == '/':
		return only(target, classTarget)
	case len(target) == 1 && target[0] == '*':
		return string(method) == "OPTIONS"
	}
	return isAbsolute(target)
}

// isAbsolute reports whether s is a scheme, "://", an authority and whatever follows it.
func isAbsolute[S ~string | ~[]byte](s S) bool {
	i := 0
	for i < len(s) && schemeByte(s[i]) {
		i++
	}
	if i == 0 || !isLetter(s[0]) || len(s)-i < 3 || string(s[i:i+3]) != "://" {
		return false
	}
	i += 3
	j := i
	for j < len(s) && s[j] != '/' && s[j] != '?' {
		j++
	}
	host := hostOf(s[i:j])
	if host == hostDigits && portOf(s[i:j]) > maxPort {
		return false
	}
	return host != hostStart && host.done() && only(s[j:], classTarget)
}

// ValidHost reports whether s can be the value of a Host field: a name or an address, and perhaps a port. It may be
// empty, which is what a request has whose target has no authority: RFC 9110 section 7.2.
func ValidHost[S ~string | ~[]byte](s S) bool {
	return hostOf(s).done()
}

// ValidFieldValue reports whether s can be the value of a field: any bytes but control bytes, of which a tab is allowed,
// with no whitespace at its ends, since that is no part of a value and would not be read back: RFC 9110 section 5.5.
func ValidFieldValue[S ~string | ~[]byte](s S) bool {
	return trimmed(s) && isText(s)
}

// ValidReason reports whether s can be a reason phrase, which may be empty: any bytes but control bytes, of which a tab
// is allowed. RFC 9112 section 4 has whitespace at its ends belong to it.
func ValidReason[S ~string | ~[]byte](s S) bool {
	return isText(s)
}

// isLength reports whether s is a number that a Parser takes for a length.
func isLength[S ~string | ~[]byte](s S) bool {
	n := uint64(0)
	for i := range len(s) {
		d := uint64(s[i] - '0')
		if d > 9 || n > (1<<63-1-d)/10 {
			return false
		}
		n = n*10 + d
	}
	return len(s) > 0
}

// isWords reports whether s has eight bytes or more and they are letters and "-", as those of most names are: eight bytes at a time.
func isWords[S ~string | ~[]byte](s S) bool {
	if len(s) < 8 {
		return false
	}
	for i := 0; i < len(s)-8; i += 8 {
		if unlettered(load(s[i:])) != 0 {
			return false
		}
	}
	return unlettered(load(s[len(s)-8:])) == 0
}

// trimmed reports whether there is no whitespace at the ends of s, if there is no control byte either.
func trimmed[S ~string | ~[]byte](s S) bool {
	return len(s) == 0 || s[0] > ' ' && s[len(s)-1] > ' '
}

// only reports whether all bytes of s are of class c.
func only[S ~string | ~[]byte](s S, c class) bool {
	for i := range len(s) {
		if classes[s[i]]&c == 0 {
			return false
		}
	}
	return true
}

// isText is only for classText, eight bytes at a time.
func isText[S ~string | ~[]byte](s S) bool {
	for len(s) >= 8 {
		if unprinted(load(s)) != 0 && !only(s[:8], classText) {
			return false
		}
		s = s[8:]
	}
	return only(s, classText)
}
