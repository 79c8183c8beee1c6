package static

import (
	"strconv"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

// What is done on the loop with the findings: an answer is sent, at the pace of its client.

// begin fixes what the head will say. It is sent with the first bytes.
func (q *inquiry) begin() {
	q.res.StatusCode = q.status
	q.setFields()
	if q.status != 304 && q.length >= 0 {
		q.res.SetHeader("Content-Length", strconv.FormatInt(q.length, 10))
	}
}

func (q *inquiry) setFields() {
	for i := 0; i < len(q.fields); i += 2 {
		q.res.SetHeader(q.fields[i], q.fields[i+1])
	}
}

// takeBack undoes begin, but for the length: the head would say of another answer what was true of this one.
func (q *inquiry) takeBack() {
	for i := 0; i < len(q.fields); i += 2 {
		q.res.RemoveHeader(q.fields[i])
	}
}

// sendWhole sends an answer of which everything is there, or can be made.
func (q *inquiry) sendWhole() {
	switch {
	case q.body != nil:
		b := q.body
		q.body = nil
		q.res.WriteOwned(b.Bytes(), func(error) { b.Release() })
		q.res.End()
	case q.page != nil:
		q.page.send(q.l, q.res)
	default:
		q.res.End()
	}
}

// send pipes the page to dst, a block at a time.
func (p *listing) send(l *loop.Loop, dst stream.WritableStream) {
	stream.NewReadable(l, stream.ReadableOptions{Read: func(r *stream.Readable, _ int) {
		if p.over() {
			r.PushEOF()
			return
		}
		b := stream.NewBlock(shortBody)
		b.Truncate(p.fill(b.Bytes()))
		r.PushBlock(b)
	}}).Pipe(dst)
}

// sendNext sends the next piece, or the end.
func (q *inquiry) sendNext() {
	p := q.pieces[0]
	q.pieces = q.pieces[1:]
	if p.length == 0 {
		q.res.EndString(p.text)
		return
	}
	// The stream has a descriptor of its own. So ours is closed before the last piece, which waits for nothing: the file
	// stays open.
	src := files.FromFile(q.l, q.file, files.ReadOptions{Start: p.start, Length: p.length, KeepOpen: true, NoSendFile: q.h.o.NoSendFile})
	if len(q.pieces) == 1 {
		q.file.Close()
		q.file = nil
	}
	q.src = src
	src.OnOpen(func() {
		if !q.res.HeadersSent() {
			q.begin()
		}
		if p.text != "" {
			q.res.WriteString(p.text)
		}
		src.PipeWith(q.res, stream.PipeOptions{NoEnd: true})
	})
	src.OnEnd(q.sendNext)
	src.OnError(q.failed)
}

// failed is the file not being read to its end.
func (q *inquiry) failed(err error) {
	q.drop()
	if q.res.HeadersSent() {
		q.tell("cut off", err)
		q.res.OnError(func(error) {}) // that was it
		q.res.Destroy(err)
		return
	}
	q.takeBack()
	q.refuse(statusOf(err), err)
	q.tellRefusal(err)
	refuse(q.res, q.status)
}

// over is the end of the response: everything has left, or the client.
func (q *inquiry) over() {
	if q.work != nil {
		_ = q.work.Cancel() // EBUSY: it has begun, and found sees that nobody waits
		return
	}
	if q.src != nil {
		q.src.Destroy(nil)
		q.src = nil
	}
	q.drop()
}

// drop lets go of what was found.
func (q *inquiry) drop() {
	q.body.Release()
	q.body = nil
	f := q.file
	if f == nil {
		return
	}
	q.file = nil
	if _, err := q.l.QueueSlowWork(func() { f.Close() }, nil); err != nil {
		f.Close() // the loop is closed: there is nowhere else, and nobody to be kept waiting
	}
}
