package static

import (
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/weir-go/weir/httpcore"
)

// validators are what tells one state of a file from another.
type validators struct {
	etag     string    // as it is sent; "" if there is none
	modified time.Time // in whole seconds; zero if it is not known
	recent   bool      // the file may be changed once more and look the same
}

// tick is what a file's date may be coarse by: two seconds on FAT, one in Last-Modified, some milliseconds on Linux.
const tick = 2 * time.Second

// validatorsOf makes the ETag of a file's size and of its date, to the nanosecond: what is the same on every machine that
// the file was copied to with its date, which its inode is not. A file that has changed in the last two seconds may change again
// in the same tick of its system's clock, so until then its ETag is weak (RFC 9110 section 8.8.1) and its Last-Modified no strong
// validator (section 8.8.2.2): nobody puts halves of two files together. One that is dated to 1970, as packages are
// that are built reproducibly, has no date, and so neither.
func validatorsOf(info fs.FileInfo, now time.Time) (v validators) {
	at := info.ModTime()
	if at.Unix() <= 1 && at.Unix() >= 0 || at.IsZero() {
		return v
	}
	v.recent = now.Sub(at) < tick
	b := make([]byte, 0, 48)
	if v.recent {
		b = append(b, "W/"...)
	}
	b = append(b, '"')
	b = strconv.AppendInt(b, at.UnixNano(), 36)
	b = append(b, '-')
	b = strconv.AppendInt(b, info.Size(), 36)
	v.etag = string(append(b, '"'))
	v.modified = at.Truncate(time.Second)
	return v
}

// lastModified is the value of Last-Modified, which is never later than Date: RFC 9110 section 8.8.2.1.
func (v validators) lastModified(now time.Time) string {
	at := v.modified
	if at.After(now) {
		at = now
	}
	return at.UTC().Format(httpDate)
}

// conditions are the fields of a request that make it conditional, and Range, which they may drop.
type conditions struct {
	ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince, ifRange, ranges string
}

func conditionsOf(req *httpcore.IncomingMessage) conditions {
	return conditions{
		ifMatch:           req.Header("If-Match"),
		ifUnmodifiedSince: req.Header("If-Unmodified-Since"),
		ifNoneMatch:       req.Header("If-None-Match"),
		ifModifiedSince:   req.Header("If-Modified-Since"),
		ifRange:           req.Header("If-Range"),
		ranges:            req.Header("Range"),
	}
}

// weigh is RFC 9110 section 13.2.2, for GET and HEAD of what exists: 412, 304, or 0 to go on.
func (c *conditions) weigh(v validators) (status int) {
	switch {
	case c.ifMatch != "":
		if !matches(c.ifMatch, v.etag, true) {
			return 412
		}
	case v.after(c.ifUnmodifiedSince) == yes:
		return 412
	}
	switch {
	case c.ifNoneMatch != "":
		if matches(c.ifNoneMatch, v.etag, false) {
			return 304
		}
	case v.after(c.ifModifiedSince) == no:
		return 304
	}
	return 0
}

// mayRange reports whether Range counts: section 13.1.5. The client wants a part only of the file that it has a part of.
func (c *conditions) mayRange(v validators) bool {
	switch {
	case c.ifRange == "":
		return true
	case strings.HasSuffix(c.ifRange, `"`):
		tag, rest, ok := cutTag(c.ifRange)
		return ok && rest == "" && strong(tag) && tag == v.etag
	}
	at, ok := parseDate(c.ifRange)
	return ok && !v.recent && !v.modified.IsZero() && at.Equal(v.modified)
}

// answer is yes or no, or neither.
type answer uint8

const (
	unknown answer = iota
	yes
	no
)

// after reports whether the file has changed behind a date; unknown if there is none or it is not known.
func (v validators) after(date string) answer {
	if date == "" || v.modified.IsZero() {
		return unknown
	}
	at, ok := parseDate(date)
	switch {
	case !ok:
		return unknown
	case v.modified.After(at):
		return yes
	}
	return no
}

// matches reports whether one of a list of entity-tags is etag, or any is if the list is "*". By the strong comparison a weak
// one is not even the same as itself: section 8.8.3.2. What is behind something malformed does not count.
func matches(list, etag string, strongly bool) bool {
	if strings.Trim(list, " \t") == "*" {
		return true
	}
	for {
		list = strings.TrimLeft(list, " \t,")
		tag, rest, ok := cutTag(list)
		switch {
		case !ok:
			return false
		case strongly && tag == etag && strong(tag), !strongly && opaque(tag) == opaque(etag):
			return true
		}
		list = rest
	}
}

func strong(tag string) bool { return strings.HasPrefix(tag, `"`) }

func opaque(tag string) string { return strings.TrimPrefix(tag, "W/") }

// cutTag cuts an entity-tag off s: section 8.8.3.
func cutTag(s string) (tag, rest string, ok bool) {
	start := 0
	if strings.HasPrefix(s, "W/") {
		start = 2
	}
	if len(s) <= start || s[start] != '"' {
		return "", "", false
	}
	for i := start + 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return s[:i+1], s[i+1:], true
		case c < 0x21 || c == 0x7f:
			return "", "", false
		}
	}
	return "", "", false
}

// httpDate is the form in which dates are sent: RFC 9110 section 5.6.7.
const httpDate = "Mon, 02 Jan 2006 15:04:05 GMT"

// parseDate reads a date in any of the three forms of that section.
func parseDate(s string) (time.Time, bool) {
	for _, form := range [...]string{httpDate, time.RFC850, time.ANSIC} {
		if at, err := time.Parse(form, s); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
