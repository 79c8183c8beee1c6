package static

import (
	"math"
	"strconv"
	"strings"
)

// span is a stretch of a file. It is never empty.
type span struct{ start, length int64 }

// contentRange is the value of Content-Range for s, of so many bytes.
func (s span) contentRange(size int64) string {
	b := append(make([]byte, 0, 64), "bytes "...)
	b = strconv.AppendInt(b, s.start, 10)
	b = append(b, '-')
	b = strconv.AppendInt(b, s.start+s.length-1, 10)
	b = append(b, '/')
	return string(strconv.AppendInt(b, size, 10))
}

// maxRanges is how many ranges of one request are served. Whoever wants more gets everything; who has a use for so many
// is not known, and each costs a descriptor, a head and two trips off the loop.
const maxRanges = 32

// wanted is what a Range field comes to.
type wanted uint8

const (
	wantsAll     wanted = iota // there is none, or none that counts
	wantsSpans                 // what is in the spans
	wantsNothing               // nothing of it is in the file: 416
)

// parseRange reads a Range field: RFC 9110 section 14.2. One that is malformed, of another unit, or asks for more than the file
// has (by overlaps: RFC 9110 section 17.15) or for too many stretches is as if it were not there. So is any of an empty
// file, as in net/http: some clients ask for ranges always, and there is none that could be named.
func parseRange(field string, size int64) ([]span, wanted) {
	unit, set, ok := strings.Cut(field, "=")
	if !ok || !strings.EqualFold(unit, "bytes") || size == 0 {
		return nil, wantsAll
	}
	var spans []span
	count, sum := 0, int64(0)
	for spec := range strings.SplitSeq(set, ",") {
		spec = strings.Trim(spec, " \t")
		if spec == "" {
			continue // section 5.6.1.2
		}
		s, ok := parseSpec(spec, size)
		if count++; !ok || count > maxRanges {
			return nil, wantsAll
		}
		if s.length == 0 {
			continue
		}
		if s.length > size-sum {
			return nil, wantsAll
		}
		sum += s.length
		spans = append(spans, s)
	}
	switch {
	case count == 0:
		return nil, wantsAll
	case len(spans) == 0:
		return nil, wantsNothing
	}
	return spans, wantsSpans
}

// parseSpec reads "first-", "first-last" or "-suffix". ok is false if it is none; the span is empty if nothing of it is in
// the file.
func parseSpec(spec string, size int64) (s span, ok bool) {
	from, to, ok := strings.Cut(spec, "-")
	if !ok {
		return s, false
	}
	if from == "" {
		n, ok := parsePosition(to)
		n = min(n, size)
		return span{size - n, n}, ok
	}
	first, ok := parsePosition(from)
	last := int64(math.MaxInt64)
	if ok && to != "" {
		last, ok = parsePosition(to)
	}
	if !ok || last < first {
		return s, false
	}
	if first >= size {
		return s, true
	}
	return span{first, min(last, size-1) - first + 1}, true
}

// parsePosition reads digits. What is too large for an int64 is larger than any file.
func parsePosition(digits string) (n int64, ok bool) {
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n > (math.MaxInt64-9)/10 {
			n = math.MaxInt64
			continue
		}
		n = n*10 + int64(c-'0')
	}
	return n, digits != ""
}
