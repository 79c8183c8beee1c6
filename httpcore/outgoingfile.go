package httpcore

import (
	"io"

	"github.com/weir-go/weir/stream"
)

// A stretch of a file as a part of a message's body: framed and counted like the bytes that it stands for, but sent by the
// kernel. It may turn out shorter than it was said to be, so nothing is put behind it before it has left: what is written
// meanwhile is kept, as in a message that does not own the transport, and so is what ends the message.

var (
	_ stream.FileWriter = (*ServerResponse)(nil)
	_ stream.FileWriter = (*ClientRequest)(nil)
)

// TakesFile is stream.FileWriter's: a message takes one while the connection is its own and nothing of it is kept back. It
// is for those who are piped to the message, as WriteFile is.
func (o *outgoing) TakesFile(as stream.WritableStream) bool {
	switch {
	case as != stream.WritableStream(o.msg), o.ended, o.gone, o.failed, o.corked > 0, o.hold, o.inFile, o.noBody:
		return false
	case !o.owns() || o.holds():
		return false
	}
	_, ok := o.c.t.(stream.FileSender)
	return ok
}

// WriteFile is stream.FileWriter's. What a stretch ends short of was never written: strict content length finds it at the
// end. A chunk that is short, or a message that has ended meanwhile, is cut off at once, with its connection.
func (o *outgoing) WriteFile(x stream.FileRange) (more, taken bool) {
	if !o.TakesFile(o.msg) {
		return false, false // writing the bytes leads to what is due
	}
	head, err := o.takeHead(-1, chunkRoom(0))
	if err != nil || o.noBody || o.length >= 0 && o.written+int64(x.N) > o.length {
		o.keepHead(head)
		return false, false
	}
	c := o.c
	o.written += int64(x.N)
	if o.chunked {
		o.pass(o.sh.arena.put(appendChunkSize(o.open(head, chunkRoom(0)), x.N)), lastsTurn, nil)
	} else {
		o.passHead(head)
	}
	c.handGathered()
	o.inFile = true
	o.flying++
	o.onWire = true
	c.writing(x.N)
	err = c.t.(stream.FileSender).SendFile(x.FD, x.Off, x.N, func(off int64, n int, give func([]byte)) {
		c.waitsForFile = true
		x.Stuck(off, n, func(p []byte) {
			c.waitsForFile = false
			give(p)
		})
	}, func(sent int, err error) { c.sentFile(o, &x, sent, err) })
	if err != nil {
		o.loop().NextTick(func() { c.failed(o, func(err error) { x.Done(0, err) }, err) }) // as if the transport had told
		return false, true
	}
	c.flights.push(flight{o: o, file: true}, &o.sh.flights)
	c.settleLater()
	return o.goOn(), true
}

// sentFile is the transport being through with x, a part of o, which nothing is behind.
func (w *wire) sentFile(o *outgoing, x *stream.FileRange, sent int, err error) {
	w.waitsForFile = false
	o.inFile = false
	missing := x.N - sent
	if err != nil {
		missing = 0
	}
	o.written -= int64(missing)
	w.handed -= uint32(missing)
	w.side.handing(-missing)
	broken := missing > 0 && (o.chunked || o.ended) // what was said of its length is said
	switch {
	case err != nil || o.c == nil || o.gone:
	case broken:
		o.msg.Destroy(nil)
	default:
		if o.chunked {
			o.send(crlf, lastsOn, nil)
		}
		if o.corked == 0 {
			o.release()
		}
		if o.over && o.owns() && !o.holds() {
			w.side.answered(o)
		}
	}
	w.complete(err, func(err error) {
		if broken && err == nil {
			err = io.ErrUnexpectedEOF
		}
		x.Done(sent, err)
	})
}
