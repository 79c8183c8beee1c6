package static

import (
	"bytes"
	"mime/multipart"
	"net/textproto"
)

// parts makes the body of several ranges: multipart/byteranges, RFC 9110 section 14.6. The boundary is package multipart's,
// 240 bits of chance, so that no file can be made that has it.
func (q *inquiry) parts(spans []span, size int64, contentType string) {
	var head bytes.Buffer
	w := multipart.NewWriter(&head)
	text := func() string {
		s := head.String()
		head.Reset()
		q.length += int64(len(s))
		return s
	}
	for _, s := range spans {
		// Neither returns an error: they write into memory.
		w.CreatePart(textproto.MIMEHeader{"Content-Range": {s.contentRange(size)}, "Content-Type": {contentType}})
		q.pieces = append(q.pieces, piece{text(), s})
		q.length += s.length
	}
	w.Close()
	q.pieces = append(q.pieces, piece{text: text()})
	q.add("Content-Type", "multipart/byteranges; boundary="+w.Boundary())
}
