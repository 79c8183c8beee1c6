package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/weir-go/weir/httpcore/h1"
)

// wide are limits that no vector reaches: the recorded parsers have none.
var wide = h1.Limits{
	StartLine: 1 << 24, Header: 1 << 24, Field: 1 << 24, Fields: 1 << 24,
	ChunkLine: 1 << 24, ChunkExtensions: 1 << 24, Trailer: 1 << 24, Interim: 1 << 24,
}

// player is the Handler that writes a trace.
type player struct {
	v *vector
	p h1.Parser
	t trace

	start, end int    // of the piece that is parsed
	piece      []byte // that
	told       int    // where the last span ended
	hidden     func(off int) bool
	version    string

	span  string // the one that has begun
	acc   []byte
	from  int
	pause bool // Pause was called, and Execute has not returned yet
}

// play feeds in, cut at cuts, to a new Parser. What lies at offsets that are hidden is not written down.
func play(v *vector, in []byte, cuts []int, hidden func(off int) bool) trace {
	l := &player{v: v, hidden: hidden}
	l.p.Reset(v.kind, l, &wide)
	from := 0
	for i := range len(cuts) + 1 {
		to := len(in)
		if i < len(cuts) {
			to = cuts[i]
		}
		if !l.feed(in, from, to) {
			return l.t
		}
		from = to
	}
	if v.finish {
		l.finish(len(in))
	}
	return l.t
}

// feed gives the Parser in[from:to], in memory that is overwritten afterwards, and reports whether it wants more.
func (l *player) feed(in []byte, from, to int) bool {
	piece := make([]byte, to-from)
	copy(piece, in[from:to])
	defer func() { copy(piece, bytes.Repeat([]byte{0xff}, len(piece))) }()
	l.start, l.end, l.piece, l.told = from, to, piece, from
	for rest := piece; ; {
		n, err := l.p.Execute(rest)
		rest = rest[n:]
		off := to - len(rest)
		paused := l.pause
		l.pause = false
		switch {
		case err == h1.ErrPaused:
			if !paused {
				l.fault("Execute returns ErrPaused without a Pause")
			}
			l.p.Resume()
			continue
		case paused:
			l.fault("Execute does not return ErrPaused after a Pause")
		case err == nil && len(rest) > 0:
			l.fault(fmt.Sprintf("Execute stops at %d without an error", off))
		}
		if err == nil {
			return true
		}
		l.stopped(err, off)
		return false
	}
}

func (l *player) finish(off int) {
	l.start, l.end, l.piece, l.told = off, off, nil, off
	err := l.p.Finish()
	if err == h1.ErrPaused && l.pause {
		err = nil
	}
	if err != nil {
		l.stopped(err, off)
	}
}

// stopped writes down why the Parser wants no more.
func (l *player) stopped(err error, off int) {
	var e *h1.Error
	switch {
	case err == h1.ErrUpgrade:
		l.t.end = end{stop: upgraded, off: off}
	case err == h1.ErrH2Preface:
		l.t.end = end{stop: preface, off: off}
	case !errors.As(err, &e):
		l.fault(err.Error())
	default:
		l.t.end = end{stop: refused, off: off, code: e.Code.String(), status: e.Status}
		if e.Code == h1.CodeInvalidEOFState {
			l.t.end.stop = unfinished
		}
		if e.Offset != uint64(off) {
			l.fault(fmt.Sprintf("the error is at %d, but Execute stops at %d", e.Offset, off))
		}
		if _, again := l.p.Execute([]byte("x")); again != err {
			l.fault(fmt.Sprintf("%v is followed by %v", err, again))
		}
	}
}

func (l *player) fault(s string) {
	if l.t.fault == "" {
		l.t.fault = s
	}
}

// note writes down a callback.
func (l *player) note(e event) {
	if l.pause {
		l.fault(e.name + " comes after a Pause")
	}
	if (e.name == "header_field" || e.name == "header_value") && l.hidden(e.off) {
		return
	}
	l.t.add(e)
	if p := l.v.pause; p != "" && (p == "on_"+e.name || strings.TrimSuffix(p, "_complete") == "on_"+e.name) {
		l.pause = true
		l.p.Pause()
		if e.name != "body" {
			l.t.add(event{name: "pause", off: e.off})
		}
	}
}

// plain is a callback without a span.
func (l *player) plain(name, data string, facts map[string]string) {
	if l.span != "" {
		l.fault(name + " comes inside a " + l.span)
	}
	l.note(event{name: name, data: data, facts: facts, off: l.start})
}

// place is where a span of the piece is, seen from its first byte. An empty one is taken to be where the last one ended.
func (l *player) place(p []byte) int {
	if cap(p) != len(p) {
		l.fault("a span has room behind it, and an append to it would change what was not parsed")
	}
	for i := l.told - l.start; len(p) > 0 && i < len(l.piece); i++ {
		if &l.piece[i] == &p[0] {
			l.told = l.start + i + len(p)
			return l.start + i
		}
	}
	return l.told
}

// part is a callback with a span.
func (l *player) part(name string, p []byte, last bool) {
	at := l.place(p)
	if l.span == "" {
		l.span, l.from, l.acc = name, at, l.acc[:0]
	}
	if l.span != name {
		l.fault(name + " comes inside a " + l.span)
	}
	l.acc = append(l.acc, p...)
	if last {
		l.span = ""
		l.note(event{name: name, data: string(l.acc), off: l.from})
	} else if l.pause {
		l.fault(name + " comes after a Pause")
	}
}

func (l *player) OnMessageBegin()                        { l.plain("message_begin", "", nil) }
func (l *player) OnMethod(p []byte, last bool)           { l.part("method", p, last) }
func (l *player) OnURL(p []byte, last bool)              { l.part("url", p, last) }
func (l *player) OnStatus(p []byte, last bool)           { l.part("status", p, last) }
func (l *player) OnHeaderField(p []byte, last bool)      { l.part("header_field", p, last) }
func (l *player) OnHeaderValue(p []byte, last bool)      { l.part("header_value", p, last) }
func (l *player) OnBody(p []byte)                        { l.part("body", p, true) }
func (l *player) OnChunkExtensionName(p []byte, b bool)  { l.part("chunk_extension_name", p, b) }
func (l *player) OnChunkExtensionValue(p []byte, b bool) { l.part("chunk_extension_value", p, b) }
func (l *player) OnChunkComplete()                       { l.plain("chunk_complete", "", nil) }
func (l *player) OnMessageComplete()                     { l.plain("message_complete", "", nil) }

func (l *player) OnChunkHeader(size uint64) {
	l.plain("chunk_header", strconv.FormatUint(size, 10), nil)
}

func (l *player) OnVersion(major, minor int) {
	l.version = fmt.Sprintf("%d.%d", major, minor)
	l.plain("version", l.version, nil)
}

func (l *player) OnHeadersComplete() h1.Answer {
	p := &l.p
	facts := map[string]string{
		"version":   l.version,
		"length":    strconv.FormatInt(p.ContentLength(), 10),
		"chunked":   strconv.FormatBool(p.Chunked()),
		"keepalive": strconv.FormatBool(p.KeepAlive()),
		"upgrade":   strconv.FormatBool(p.WantsUpgrade()),
	}
	if l.v.kind == h1.Response {
		facts["status"] = strconv.Itoa(p.StatusCode())
	}
	l.plain("headers_complete", "", facts)
	switch {
	case l.v.answer == noBody:
		return h1.NoBody
	case l.v.answer == upgrade || l.v.kind == h1.Request && p.WantsUpgrade():
		return h1.Upgrade
	}
	return h1.Proceed
}
