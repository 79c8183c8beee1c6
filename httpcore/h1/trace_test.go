package h1

import (
	"fmt"
	"strings"
	"testing"
)

// tracer writes down what a Parser tells of, a line each; a span when it is complete.
type tracer struct {
	b   strings.Builder
	acc []byte
}

func (t *tracer) span(name string, p []byte, last bool) {
	t.acc = append(t.acc, p...)
	if last {
		fmt.Fprintf(&t.b, "%s=%q\n", name, t.acc)
		t.acc = t.acc[:0]
	}
}
func (t *tracer) OnMessageBegin()                        { t.b.WriteString("begin\n") }
func (t *tracer) OnMethod(p []byte, l bool)              { t.span("method", p, l) }
func (t *tracer) OnURL(p []byte, l bool)                 { t.span("url", p, l) }
func (t *tracer) OnVersion(a, b int)                     { fmt.Fprintf(&t.b, "version %d.%d\n", a, b) }
func (t *tracer) OnStatus(p []byte, l bool)              { t.span("status", p, l) }
func (t *tracer) OnHeaderField(p []byte, l bool)         { t.span("field", p, l) }
func (t *tracer) OnHeaderValue(p []byte, l bool)         { t.span("value", p, l) }
func (t *tracer) OnHeadersComplete() Answer              { t.b.WriteString("head\n"); return Proceed }
func (t *tracer) OnBody(p []byte)                        { fmt.Fprintf(&t.b, "body %q\n", p) }
func (t *tracer) OnChunkExtensionName(p []byte, l bool)  { t.span("ext", p, l) }
func (t *tracer) OnChunkExtensionValue(p []byte, l bool) { t.span("extv", p, l) }
func (t *tracer) OnChunkHeader(n uint64)                 { fmt.Fprintf(&t.b, "chunk %d\n", n) }
func (t *tracer) OnChunkComplete()                       { t.b.WriteString("chunk end\n") }
func (t *tracer) OnMessageComplete()                     { t.b.WriteString("end\n") }

func TestAMessageIsTheSameWhereverItIsCut(t *testing.T) {
	in := "POST http://a.b:80/x?y HTTP/1.1\r\nHost: a.b:80 \r\nX: y \r\nTransfer-Encoding: chunked\r\nConnection: foo, close\r\n\r\n5 ; a = b;c=\"d\\\"e\"\r\nhello\r\n0\r\nT: u\r\n\r\n"
	whole := ""
	for cut := 0; cut <= len(in); cut++ {
		tr := &tracer{}
		var p Parser
		p.Reset(Request, tr, nil)
		n, err := p.Execute([]byte(in[:cut]))
		if err == nil {
			_, err = p.Execute([]byte(in[n:]))
		}
		fmt.Fprintln(&tr.b, err)
		got := tr.b.String()
		if cut == 0 {
			whole = got
			t.Log(got)
		} else if strings.Count(got, "body") == 1 && got != whole {
			t.Errorf("cut %d: %s", cut, got)
		}
	}
}
