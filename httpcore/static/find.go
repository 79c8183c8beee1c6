package static

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/weir-go/weir/stream"
)

// What is done off the loop: a file is looked for and the answer decided.

// shortBody is how long a body may be that is read with the look, in bytes: what fits a block of the pool, and no more than
// what a response holds by itself.
const shortBody = 16 << 10

// errNotServed is something that is there and is not found: a device, a pipe, a link if there shall be none.
var errNotServed = errors.New("neither a file nor a folder")

// find makes the findings. The file stays open only if something of it is still to be sent.
func (q *inquiry) find() {
	q.fields = q.inline[:0]
	name := q.target.name()
	f, info, err := q.h.open(name)
	defer func() {
		if f != nil && f != q.file {
			f.Close() // it was only read: what closing says is of no interest
		}
	}()
	switch {
	case err != nil:
	case !info.IsDir() && q.target.folder:
		q.misplaced()
	case !info.IsDir():
		err = q.describe(f, info, path.Base(name))
	case !q.target.folder && !q.h.o.NoRedirect:
		q.location = q.target.asFolder(q.path)
	default:
		err = q.folder(f, name)
	}
	if err != nil {
		q.refuse(statusOf(err), err)
	}
}

// misplaced is a file whose path ends with a slash, as only folders' do.
func (q *inquiry) misplaced() {
	if last := q.target.last; !q.h.o.NoRedirect && last != "" && last != "." && last != ".." {
		q.location = "../" + last
		return
	}
	q.refuse(404, nil)
}

// open opens a file or a folder, and nothing else: a pipe would wait for somebody to write to it.
func (h *Handler) open(name string) (*os.File, fs.FileInfo, error) {
	if h.o.NoSymlinks {
		if err := h.refuseLinks(name); err != nil {
			return nil, nil, err
		}
	}
	info, err := h.root.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if !served(info.Mode()) {
		return nil, nil, errNotServed
	}
	f, err := h.root.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err = f.Stat() // of what was opened: it may be another by now
	if err == nil && !served(info.Mode()) {
		err = errNotServed
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

func served(m fs.FileMode) bool { return m.IsRegular() || m.IsDir() }

// refuseLinks looks at each name on the way.
func (h *Handler) refuseLinks(name string) error {
	for end := 0; end < len(name); end++ {
		if next := strings.IndexByte(name[end:], '/'); next >= 0 {
			end += next
		} else {
			end = len(name)
		}
		info, err := h.root.Lstat(name[:end])
		switch {
		case err != nil:
			return err
		case info.Mode()&fs.ModeSymlink != 0:
			return errNotServed
		}
	}
	return nil
}

// folder answers with what stands for a folder.
func (q *inquiry) folder(f *os.File, name string) error {
	if !q.h.o.NoIndex {
		index, info, err := q.h.open(path.Join(name, q.h.o.Index))
		switch {
		case err == nil && info.Mode().IsRegular():
			err = q.describe(index, info, q.h.o.Index)
			if index != q.file {
				index.Close()
			}
			return err
		case err == nil:
			index.Close()
		case statusOf(err) != 404:
			return err
		}
	}
	if !q.h.o.Listing {
		return errNotServed
	}
	return q.list(f)
}

// describe answers with a file, or with why not: it has not changed, it has, or has nothing of what is wanted.
func (q *inquiry) describe(f *os.File, info fs.FileInfo, name string) error {
	v := validatorsOf(info, q.now)
	q.add("ETag", v.etag)
	if !v.modified.IsZero() {
		q.add("Last-Modified", v.lastModified(q.now))
	}
	q.status = q.weigh(v)
	switch {
	case q.status == 412:
		return nil
	case q.status == 304 && v.etag != "":
		q.fields = q.fields[:2] // the date says nothing that the ETag does not: RFC 9110 section 15.4.5
	}
	q.add("Cache-Control", q.h.o.CacheControl)
	if q.status == 304 {
		return nil
	}
	contentType, err := q.h.typeOf(f, name)
	if err != nil {
		return err
	}
	size := info.Size()
	spans, wanted := []span{{0, size}}, wantsAll
	if !q.head && q.ranges != "" && q.mayRange(v) { // a range is of a GET: section 14.2
		if parts, w := parseRange(q.ranges, size); w != wantsAll {
			spans, wanted = parts, w
		}
	}
	if wanted == wantsNothing {
		q.refuse(416, nil)
		q.add("Content-Range", "bytes */"+strconv.FormatInt(size, 10))
		return nil
	}
	q.add("Accept-Ranges", "bytes")
	if q.h.o.NoSniff {
		q.add("X-Content-Type-Options", "nosniff")
	}
	q.status = 200
	if wanted == wantsSpans {
		q.status = 206
	}
	switch {
	case len(spans) > 1:
		q.parts(spans, size, contentType)
		return q.take(f)
	case q.status == 206:
		q.add("Content-Range", spans[0].contentRange(size))
	}
	q.add("Content-Type", contentType)
	q.length = spans[0].length
	q.pieces = append(q.pieces, piece{span: spans[0]}, piece{})
	return q.take(f)
}

// add adds a field that has a value.
func (q *inquiry) add(name, value string) {
	if value != "" {
		q.fields = append(q.fields, name, value)
	}
}

// take reads the body now if it is short, or keeps f for it to be sent.
func (q *inquiry) take(f *os.File) error {
	switch {
	case q.head || q.length == 0:
		q.pieces = nil
		return nil
	case q.length > shortBody:
		q.file = f
		return nil
	}
	q.body = stream.NewBlock(int(q.length))
	room := q.body.Bytes()
	for _, p := range q.pieces {
		room = room[copy(room, p.text):]
		if p.length == 0 {
			continue
		}
		n, err := f.ReadAt(room[:p.length], p.start)
		if int64(n) < p.length {
			q.body.Release()
			q.body = nil
			return shorter(err)
		}
		room = room[p.length:]
	}
	q.pieces = nil
	return nil
}

// shorter is err, or what it means if it is the end of a file that was longer when it was opened.
func shorter(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
