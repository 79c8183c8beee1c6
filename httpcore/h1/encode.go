package h1

import "strconv"

// The encoder: RFC 9112 section 2.1, a part of a message at a time. Each function appends to dst and returns it, and
// allocates nothing if there is room. It knows no other part, so the order of the parts, and what only a whole message
// can have wrong, are its caller's: no Host or two, two lengths, a length beside a coding, a body of another length.
//
// What would not be read back as what was meant is refused with an *Error whose Code is CodeUnsafe; dst is then returned
// as it was, and nothing was written to the room behind it. No argument may share memory with that room: it would be
// overwritten while it is read.

func refuse(reason string) error { return &Error{Code: CodeUnsafe, Reason: reason} }

// AppendRequestLine appends a request line of HTTP/1.1. It refuses what ValidMethod and ValidTarget say no to.
func AppendRequestLine[M, T ~string | ~[]byte](dst []byte, method M, target T) ([]byte, error) {
	switch {
	case !ValidMethod(method):
		return dst, refuse("a method that is no token, too long, or PRI")
	case !ValidTarget(method, target):
		return dst, refuse("a request-target of no form, or not for its method")
	}
	dst = append(dst, method...)
	dst = append(dst, ' ')
	dst = append(dst, target...)
	return append(dst, " HTTP/1.1\r\n"...), nil
}

// AppendStatusLine appends a status line. It says HTTP/1.1 to a client of HTTP/1.0 too, since the version is the
// sender's: RFC 9110 section 2.5. It refuses a status that is not three digits, and what ValidReason says no to.
func AppendStatusLine[S ~string | ~[]byte](dst []byte, status int, reason S) ([]byte, error) {
	switch {
	case status < 100 || status > 999:
		return dst, refuse("a status that is not three digits, the first of them not 0")
	case !ValidReason(reason):
		return dst, refuse("a control byte in the reason phrase")
	}
	dst = append(dst, "HTTP/1.1 "...)
	dst = append(dst, byte('0'+status/100), byte('0'+status/10%10), byte('0'+status%10), ' ')
	dst = append(dst, reason...)
	return append(dst, "\r\n"...), nil
}

// AppendField appends a field line of a head. It refuses a name that is no token and what ValidFieldValue says no to.
// Whitespace at a value's ends is refused, not trimmed: no reader would give it back, and whether it was meant is not
// known here.
//
// Of the fields that frame or route a message it refuses any value that a Parser would: a Host that names no host, a
// Content-Length that is no number, a Transfer-Encoding other than chunked. Such a line is wrong whatever else is in the
// head, and another reader might make something else of it.
func AppendField[N, V ~string | ~[]byte](dst []byte, name N, value V) ([]byte, error) {
	if err := checkField(name, value); err != nil {
		return dst, err
	}
	switch knownField(name) {
	case knownHost:
		if !ValidHost(value) {
			return dst, refuse("a Host that names no host")
		}
	case knownLength:
		if !isLength(value) {
			return dst, refuse("a Content-Length that is not a number, or is too large")
		}
	case knownCoding:
		if len(value) != len(chunkedCoding) || !foldEqual(value, chunkedCoding) {
			return dst, refuse("a transfer coding other than chunked")
		}
	case knownConnection, knownUpgrade, knownExpect: // any value says something, if only to others
	}
	return appendField(dst, name, value), nil
}

// AppendContentLength appends a Content-Length field of n, without a string in between. It refuses a negative one.
func AppendContentLength(dst []byte, n int64) ([]byte, error) {
	if n < 0 {
		return dst, refuse("a Content-Length that is negative")
	}
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, "\r\n"...), nil
}

// AppendSectionEnd appends the empty line that ends a head, or a trailer section and with it the chunked body.
func AppendSectionEnd(dst []byte) []byte { return append(dst, "\r\n"...) }

// AppendChunk appends a chunk with its data. Without data it appends nothing: an empty chunk is the last.
func AppendChunk[S ~string | ~[]byte](dst []byte, data S) []byte {
	if len(data) == 0 {
		return dst
	}
	dst = appendSize(dst, uint64(len(data)))
	dst = append(dst, data...)
	return append(dst, "\r\n"...)
}

// AppendChunkHeader appends the line that stands before a chunk's data, for data that goes out from where it is; what
// AppendChunkEnd appends belongs behind it. It refuses 0, since an empty chunk is the last, and what is more than a
// Parser reads, 1<<63 - 1.
func AppendChunkHeader(dst []byte, size uint64) ([]byte, error) {
	switch {
	case size == 0:
		return dst, refuse("an empty chunk, which would end the body")
	case size > 1<<63-1:
		return dst, refuse("a chunk that is too large")
	}
	return appendSize(dst, size), nil
}

// AppendChunkEnd appends what stands behind a chunk's data.
func AppendChunkEnd(dst []byte) []byte { return append(dst, "\r\n"...) }

// AppendLastChunk appends the chunk that ends the data. The trailer section follows, which may be empty: AppendTrailer
// for each field, and AppendSectionEnd.
func AppendLastChunk(dst []byte) []byte { return append(dst, "0\r\n"...) }

// AppendTrailer appends a field line of a trailer section. It refuses a name that is no token, what ValidFieldValue says
// no to, and the fields that frame or route a message, whatever their value: Host, Content-Length, Transfer-Encoding,
// Connection and Upgrade. A Parser does not act on them there, but a recipient that merges trailers into the head might:
// RFC 9110 section 6.5.1. Which of the others may come behind a body is their meaning's to say.
func AppendTrailer[N, V ~string | ~[]byte](dst []byte, name N, value V) ([]byte, error) {
	if err := checkField(name, value); err != nil {
		return dst, err
	}
	if k := knownField(name); k != 0 && k != knownExpect {
		return dst, refuse("a field that frames or routes the message, in a trailer section")
	}
	return appendField(dst, name, value), nil
}

func checkField[N, V ~string | ~[]byte](name N, value V) error {
	switch {
	case !ValidToken(name):
		return refuse("a field's name that is no token")
	case !isText(value):
		return refuse("a control byte in a field's value")
	case !trimmed(value):
		return refuse("whitespace at an end of a field's value")
	}
	return nil
}

func appendField[N, V ~string | ~[]byte](dst []byte, name N, value V) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

func appendSize(dst []byte, size uint64) []byte {
	dst = strconv.AppendUint(dst, size, 16)
	return append(dst, "\r\n"...)
}
