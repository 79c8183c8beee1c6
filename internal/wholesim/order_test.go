package wholesim

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
)

// order is what is asked for.
type order struct {
	method, path string
	act          byte     // what the server does: see visit
	header       []string // of the request
	size         int      // of its body
	sent         []byte   // which this is
	answer       int      // how long the answer's body is
	file         int      // which file is asked for, of 'f'
	ranges       [][2]int // and what of it; nil is all
	cached       bool     // only if it has changed
}

func (o *order) idempotent() bool {
	return slices.Contains([]string{"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}, o.method)
}

// shelf is the name of the upload.
func (o *order) shelf() string { return "shelf/" + strings.TrimPrefix(o.path, "/shelf/") }

// length is how long a body is: mostly short.
func (s *world) length() int {
	switch s.r.IntN(10) {
	case 0:
		return 0
	case 1:
		return s.r.IntN(200 << 10)
	case 2, 3:
		return s.r.IntN(20 << 10)
	}
	return s.r.IntN(1000)
}

// newOrder is anything.
func (s *world) newOrder() order {
	o := order{method: "GET", act: "fffffffuuudddggeeemmmn"[s.r.IntN(22)]}
	if s.chance(0.07) {
		o.act = "pxh"[s.r.IntN(3)]
	}
	o.answer = s.length()
	switch o.act {
	case 'f':
		return s.fileOrder(s.r.IntN(len(siteSizes)))
	case 'u':
		o.method = []string{"PUT", "PUT", "POST"}[s.r.IntN(3)]
		o.size, o.path = s.length(), s.anyShelf()
		return o
	case 'd':
		o.path = s.anyShelf()
		return o
	case 'e':
		o.method, o.size = []string{"POST", "PUT"}[s.r.IntN(2)], s.length()
		o.answer = o.size
	case 'g':
	default:
		o.method = []string{"GET", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}[s.r.IntN(8)]
		if o.method == "HEAD" && (o.act == 'x' || o.act == 'p') {
			o.method = "GET" // an answer to HEAD is whole with its head: the next request would be behind one that fails
		}
		if o.method[0] == 'P' {
			o.size = s.length()
		}
	}
	o.path = fmt.Sprintf("/%c?n=%d", o.act, o.answer)
	return o
}

func (s *world) anyShelf() string { return fmt.Sprintf("/shelf/u%d", s.r.IntN(5)) }

// fileOrder is for one of the files that are served: all of it, a part, some parts, or only if it has changed.
func (s *world) fileOrder(i int) order {
	o := order{method: "GET", act: 'f', path: "/" + fileName(i), file: i, answer: siteSizes[i]}
	if s.chance(0.1) {
		o.method = "HEAD"
	}
	if etag := s.etags[i]; etag != "" && s.chance(0.2) {
		return o.unlessSame(etag)
	}
	if o.method == "HEAD" || !s.chance(0.4) {
		return o
	}
	n := 1
	if s.chance(0.2) && s.parts {
		n = 2 + s.r.IntN(2)
	}
	size := siteSizes[i]
	if size == 0 {
		o.header = []string{"Range", "bytes=0-"}
		return o // as if it were not there
	}
	var spans []string
	for range n {
		first := s.r.IntN(size + size/20 + 1)
		last := first + s.r.IntN(size+1)
		switch s.r.IntN(4) {
		case 0: // to the end
			spans, last = append(spans, fmt.Sprintf("%d-", first)), size-1
		case 1: // the last ones
			spans = append(spans, fmt.Sprintf("-%d", first+1))
			first, last = max(0, size-first-1), size-1
		default:
			spans = append(spans, fmt.Sprintf("%d-%d", first, last))
		}
		if first < size {
			o.ranges = append(o.ranges, [2]int{first, min(last, size-1)})
		}
	}
	o.header = []string{"Range", "bytes=" + strings.Join(spans, ", ")}
	if o.ranges == nil {
		o.ranges = [][2]int{}
	}
	switch etag := s.etags[i]; {
	case etag != "" && s.chance(0.3):
		o.header = append(o.header, "If-Range", etag)
	case s.chance(0.1): // it has changed since
		o.header = append(o.header, "If-Range", `"another"`)
		o.ranges = nil
	}
	return o
}

// unlessSame is the order of a browser that has the file.
func (o order) unlessSame(etag string) order {
	o.header, o.cached = []string{"If-None-Match", etag}, true
	return o
}

// wish is what the body of an answer has to be.
type wish struct {
	any   [][]byte // one of these
	parts string   // or what is divided by this boundary
	f     *fetch
	sum   bool // a trailer has its length
	dont  bool // it does not matter
}

// wrong says why got is no beginning of it, or "".
func (w *wish) wrong(got []byte) string {
	if w.dont || w.parts != "" {
		return ""
	}
	for _, b := range w.any {
		if bytes.HasPrefix(b, got) {
			return ""
		}
	}
	return fmt.Sprintf("%d bytes that are not what was asked for", len(got))
}

// short says why got is not all of it, or "".
func (w *wish) short(got []byte) string {
	switch {
	case w.dont:
		return ""
	case w.parts != "":
		return w.f.wrongParts(got, w.parts)
	}
	for _, b := range w.any {
		if bytes.Equal(b, got) {
			return ""
		}
	}
	return fmt.Sprintf("it has %d bytes", len(got))
}

func exactly(b []byte) *wish { return &wish{any: [][]byte{b}} }

// head is that of an answer.
type head struct {
	status int
	length int64 // of the body, by Content-Length; -1 if it has none
	field  func(name string) string
}

// promise looks whose answer it is and what its head promises.
func (f *fetch) promise(res head) *wish {
	status, id := res.status, strconv.Itoa(f.id)
	f.status = status
	nothing := &wish{dont: true}
	switch {
	case res.field("X-Relay") == id && (status == 502 || status == 504) && f.to == proxyAddress:
		f.relayFailed = true
		return nothing
	case res.field("X-Id") == "" && f.mayBeRefused(status):
		f.relayFailed = true
		return nothing
	case res.field("X-Id") != id:
		f.fail("got the answer %d of %q", status, res.field("X-Id"))
		return nothing
	case status >= 500:
		if f.s.kind && !f.s.cuts {
			f.fail("%d, though nothing went wrong", status)
		}
		return nothing
	}
	w := f.promiseOf(status, res)
	if w == nil {
		f.fail("got the answer %d", status)
		return nothing
	}
	if n := res.length; f.method != "HEAD" && f.act != 'x' && n >= 0 && w.any != nil && !slices.ContainsFunc(w.any, func(b []byte) bool { return len(b) == int(n) }) {
		f.fail("a Content-Length of %d", n)
	}
	if f.method == "HEAD" {
		return exactly(nil)
	}
	return w
}

// mayBeRefused reports whether a server may give up on the request with such a status, by itself.
func (f *fetch) mayBeRefused(status int) bool {
	switch status {
	case 408:
		return f.s.jumps
	case 413:
		limit := func(h *house) bool { return h.options.MaxBody > 0 && int64(f.size) > h.options.MaxBody }
		return limit(f.s.origin) || limit(f.s.proxy)
	}
	return false
}

// promiseOf is promise of an answer of the origin's handler.
func (f *fetch) promiseOf(status int, res head) *wish {
	switch f.act {
	case 'f':
		return f.promiseOfFile(status, res)
	case 'u':
		if status == 201 {
			return exactly([]byte(strconv.Itoa(f.size)))
		}
	case 'd':
		switch status {
		case 404:
			return exactly(nil)
		case 200:
			w := &wish{any: [][]byte{}}
			for _, x := range f.s.shelves[f.shelf()] {
				w.any = append(w.any, x.sent)
			}
			return w
		}
	case 'e':
		if status == 200 {
			return exactly(f.sent)
		}
	case 'n':
		if status == 204 || status == 304 {
			return exactly(nil)
		}
	default:
		if status == 200 {
			w := exactly(text(f.id*2+1, f.answer))
			w.sum = res.field("Trailer") != ""
			return w
		}
	}
	return nil
}

// promiseOfFile is promise of one of the files.
func (f *fetch) promiseOfFile(status int, res head) *wish {
	s, content, size := f.s, fileText(f.file), siteSizes[f.file]
	etag := res.field("ETag")
	if known := s.etags[f.file]; known != "" && etag != known && status != 416 {
		f.fail("the ETag was %s, and is %q", known, etag)
	}
	switch status {
	case 304:
		if f.cached {
			return exactly(nil)
		}
	case 200:
		if f.cached || len(f.ranges) > 0 && f.sumOfRanges() <= size {
			return nil
		}
		s.etags[f.file] = etag
		return exactly(content)
	case 416:
		if f.ranges != nil && len(f.ranges) == 0 && res.field("Content-Range") == fmt.Sprintf("bytes */%d", size) {
			return &wish{dont: true}
		}
	case 206:
		if len(f.ranges) == 0 {
			return nil
		}
		s.etags[f.file] = etag
		media, params, err := mime.ParseMediaType(res.field("Content-Type"))
		if len(f.ranges) > 1 && err == nil && media == "multipart/byteranges" {
			return &wish{parts: params["boundary"], f: f}
		}
		span := f.ranges[0]
		if len(f.ranges) == 1 && res.field("Content-Range") == contentRange(span, size) {
			return exactly(content[span[0] : span[1]+1])
		}
	}
	return nil
}

func contentRange(span [2]int, size int) string {
	return fmt.Sprintf("bytes %d-%d/%d", span[0], span[1], size)
}

func (f *fetch) sumOfRanges() (sum int) {
	for _, x := range f.ranges {
		sum += x[1] - x[0] + 1
	}
	return sum
}

// wrongParts says why got is not what was asked for in parts.
func (f *fetch) wrongParts(got []byte, boundary string) string {
	content := fileText(f.file)
	r := multipart.NewReader(bytes.NewReader(got), boundary)
	for i := 0; ; i++ {
		p, err := r.NextRawPart()
		switch {
		case err == io.EOF && i == len(f.ranges):
			return ""
		case err != nil:
			return fmt.Sprintf("behind part %d of %d there is %v", i, len(f.ranges), err)
		case i == len(f.ranges):
			return "there are too many parts"
		}
		span := f.ranges[i]
		b, err := io.ReadAll(p)
		if err != nil || string(b) != string(content[span[0]:span[1]+1]) || p.Header.Get("Content-Range") != contentRange(span, len(content)) {
			return fmt.Sprintf("part %d is %q with %d bytes, %v", i, textproto.MIMEHeader(p.Header), len(b), err)
		}
	}
}
