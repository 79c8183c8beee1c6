package static

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

// inquiry is a request under way. It is the loop's, but for the time in which work is: then all but work and res belongs to
// that, and nothing of the message is used.
type inquiry struct {
	h      *Handler
	l      *loop.Loop
	res    *httpcore.ServerResponse
	target target
	path   string // the request's own, undecoded
	query  string
	head   bool
	now    time.Time
	conditions
	work *loop.Work        // the look under way
	src  *files.ReadStream // of the piece that is being sent

	findings
}

// findings are the answer that a look off the loop comes to.
type findings struct {
	status   int
	fields   []string // names and values, in turn
	inline   [16]string
	location string        // of a redirection
	length   int64         // of the body; -1 if it is not known
	body     *stream.Block // all of it, if it is short
	pieces   []piece       // otherwise: of file
	page     *listing      // or of a folder
	file     *os.File      // open, if there are pieces
	err      error         // what nobody but our own side is told
}

// piece is a part of a body: a text, and behind it a stretch of the file. The last piece of a body has only a text.
type piece struct {
	text string
	span
}

// look has the file looked for, and then the answer given.
func (h *Handler) look(req *httpcore.IncomingMessage, res *httpcore.ServerResponse, t target) {
	l := req.Loop()
	q := &inquiry{
		h: h, l: l, res: res, target: t, path: req.Path(), query: req.RawQuery(), head: req.Method() == "HEAD",
		now: l.Reactor().Kernel().Wall(), conditions: conditionsOf(req),
	}
	w, err := l.QueueSlowWork(q.find, q.found)
	if err != nil {
		res.Destroy(nil) // the loop is closed: there is nobody who could be told
		return
	}
	q.work = w
	res.OnClose(q.over)
}

// found is the end of the look, on the loop.
func (q *inquiry) found(err error) {
	q.work = nil
	if err != nil {
		q.drop()
		q.refuse(500, err) // it has panicked, or the client has gone before it began
	}
	if q.res.HeadersSent() || q.res.Destroyed() {
		q.drop() // the client has gone meanwhile, or has its answer already: that it took too long, say
		return
	}
	if q.err != nil {
		q.tellRefusal(q.err)
	}
	switch {
	case q.location != "":
		redirect(q.res, q.location, q.query)
	case q.status >= 400 && q.status != 412:
		q.setFields()
		refuse(q.res, q.status)
	case q.file != nil:
		q.sendNext()
	default:
		q.begin()
		q.sendWhole()
	}
}

// tell has our own side hear why, in a line: a file's name may have any byte in it, and so is quoted.
func (q *inquiry) tell(what string, err error) {
	var ofPath *fs.PathError
	var ofFile *files.Error
	switch {
	case errors.As(err, &ofPath):
		err = fmt.Errorf("%s %q: %w", ofPath.Op, ofPath.Path, ofPath.Err)
	case errors.As(err, &ofFile):
		err = fmt.Errorf("%s %q: %w", ofFile.Op, ofFile.Path, ofFile.Err)
	}
	q.l.Uncaught(fmt.Errorf("static: %s is %s: %w", q.path, what, err))
}

// tellRefusal tells why it is not the client's mistake.
func (q *inquiry) tellRefusal(err error) {
	q.tell("answered with "+strconv.Itoa(q.status), err)
}

// refuse makes status the answer, off the loop or on it, and err its reason if that is ours.
func (q *inquiry) refuse(status int, err error) {
	q.status, q.fields, q.err = status, nil, nil
	if status >= 500 {
		q.err = err
	}
}

// statusOf is what a client is told when a file cannot be opened, or read.
func statusOf(err error) int {
	var errno reactor.Errno
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errNotServed), errors.Is(err, reactor.ENOTDIR), errors.Is(err, reactor.ELOOP),
		errors.Is(err, reactor.ENAMETOOLONG):
		return 404
	case errors.Is(err, fs.ErrPermission):
		return 403
	case errors.Is(err, reactor.EMFILE), errors.Is(err, reactor.ENFILE), errors.Is(err, reactor.ENOMEM):
		return 503
	case errors.As(err, &errno), errors.Is(err, fs.ErrClosed):
		return 500
	}
	var refusal *fs.PathError
	if errors.As(err, &refusal) {
		return 404 // without an errno it is os.Root's own: a link leads out of the root
	}
	return 500
}
