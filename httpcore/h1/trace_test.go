package h1

import (
	"fmt"
	"slices"
	"strings"
)

// tracer writes down what a Parser tells of, a line each: a span when it is complete, a body when it is over, so that the
// log is the same wherever the input is cut.
type tracer struct {
	p       *Parser  // what is asked at OnHeadersComplete; may be nil
	answers []Answer // to the first head, the second and so on; the last goes for all that follow
	pauseIn string   // the callback that pauses, or "all"
	brief   bool     // tells of no start line, field or extension

	b      strings.Builder
	span   []byte // what the span has so far
	body   []byte
	heads  int
	paused bool // in a callback that every cut has as often
}

// line writes an event, behind the body that came before it.
func (t *tracer) line(format string, args ...any) {
	if len(t.body) > 0 {
		fmt.Fprintf(&t.b, "body: %s\n", escaped(t.body))
		t.body = t.body[:0]
	}
	fmt.Fprintf(&t.b, format+"\n", args...)
}

// event is a line of the callback of that name.
func (t *tracer) event(callback, format string, args ...any) {
	t.line(format, args...)
	t.pause(callback)
}

func (t *tracer) pause(callback string) {
	if t.p != nil && (t.pauseIn == callback || t.pauseIn == "all") {
		t.p.Pause()
		t.paused = callback != "OnBody"
	}
}

// piece is a piece of a span.
func (t *tracer) piece(callback, name string, p []byte, last bool) {
	t.span = append(t.span, p...)
	if !last {
		return
	}
	if !t.brief {
		t.line("%s", strings.TrimRight(name+": "+escaped(t.span), " "))
	}
	t.span = t.span[:0]
	t.pause(callback)
}

func (t *tracer) OnMessageBegin() {
	t.span = t.span[:0]
	t.event("OnMessageBegin", "begin")
}

func (t *tracer) OnMethod(p []byte, last bool) { t.piece("OnMethod", "method", p, last) }

func (t *tracer) OnURL(p []byte, last bool) { t.piece("OnURL", "url", p, last) }

func (t *tracer) OnVersion(major, minor int) {
	t.event("OnVersion", "version: %d.%d", major, minor)
}

func (t *tracer) OnStatus(p []byte, last bool) {
	name := "status"
	if t.p != nil {
		name = fmt.Sprintf("status %d", t.p.StatusCode())
	}
	t.piece("OnStatus", name, p, last)
}

func (t *tracer) OnHeaderField(p []byte, last bool) {
	name := "field"
	if t.p != nil && t.p.InTrailers() {
		name = "trailer"
	}
	t.piece("OnHeaderField", name, p, last)
}

func (t *tracer) OnHeaderValue(p []byte, last bool) { t.piece("OnHeaderValue", "value", p, last) }

func (t *tracer) OnHeadersComplete() Answer {
	t.event("OnHeadersComplete", "head: %s", t.framing())
	t.heads++
	if len(t.answers) == 0 {
		return Proceed
	}
	return t.answers[min(t.heads, len(t.answers))-1]
}

// framing is what the Parser's questions say of the head.
func (t *tracer) framing() string {
	if t.p == nil {
		return ""
	}
	says := []string{"close"}
	if t.p.KeepAlive() {
		says[0] = "keep-alive"
	}
	switch n := t.p.ContentLength(); {
	case t.p.Chunked():
		says = append(says, "chunked")
	case n < 0:
		says = append(says, "no length")
	default:
		says = append(says, fmt.Sprintf("length %d", n))
	}
	if t.p.WantsUpgrade() {
		says = append(says, "wants upgrade")
	}
	if t.p.Expects() {
		says = append(says, "expects")
	}
	return strings.Join(says, ", ")
}

func (t *tracer) OnBody(p []byte) {
	t.body = append(t.body, p...)
	t.pause("OnBody")
}

func (t *tracer) OnChunkExtensionName(p []byte, last bool) {
	t.piece("OnChunkExtensionName", "extension", p, last)
}

func (t *tracer) OnChunkExtensionValue(p []byte, last bool) {
	t.piece("OnChunkExtensionValue", "extension value", p, last)
}

func (t *tracer) OnChunkHeader(size uint64) { t.event("OnChunkHeader", "chunk: %d", size) }

func (t *tracer) OnChunkComplete() { t.event("OnChunkComplete", "chunk end") }

func (t *tracer) OnMessageComplete() { t.event("OnMessageComplete", "end") }

// callbacks are the names that pauseIn may have.
var callbacks = []string{
	"OnMessageBegin", "OnMethod", "OnURL", "OnVersion", "OnStatus", "OnHeaderField", "OnHeaderValue", "OnHeadersComplete", "OnBody",
	"OnChunkExtensionName", "OnChunkExtensionValue", "OnChunkHeader", "OnChunkComplete", "OnMessageComplete",
}

func isCallback(name string) bool { return name == "all" || slices.Contains(callbacks, name) }
