package h1_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/weir-go/weir/httpcore/h1"
)

// counter does the least that a user would: it looks at everything.
type counter struct {
	h1.Nop
	fields, bytes int
}

func (c *counter) OnURL(p []byte, _ bool)         { c.bytes += len(p) }
func (c *counter) OnHeaderField(p []byte, _ bool) { c.fields++; c.bytes += len(p) }
func (c *counter) OnHeaderValue(p []byte, _ bool) { c.bytes += len(p) }
func (c *counter) OnBody(p []byte)                { c.bytes += len(p) }

func read(b *testing.B, name string) []byte {
	b.Helper()
	p, err := os.ReadFile("testdata/bench/" + name + ".http")
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func parse(b *testing.B, kind h1.Kind, input []byte) {
	var p h1.Parser
	h := &counter{}
	p.Reset(kind, h, nil)
	b.SetBytes(int64(len(input)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := p.Execute(input); n != len(input) || err != nil {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkParse reads the same message again and again on one connection. The rivals are in bench/parser.
func BenchmarkParse(b *testing.B) {
	for _, name := range []string{"browser", "minimal"} {
		b.Run(name, func(b *testing.B) { parse(b, h1.Request, read(b, name)) })
	}
	b.Run("response", func(b *testing.B) { parse(b, h1.Response, read(b, "response")) })
	b.Run("chunked", func(b *testing.B) { parse(b, h1.Request, chunked()) })
}

// chunked is 64 KiB of body in chunks of 64 bytes.
func chunked() []byte {
	var w bytes.Buffer
	w.WriteString("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
	for range 1024 {
		fmt.Fprintf(&w, "40\r\n%s\r\n", bytes.Repeat([]byte("x"), 64))
	}
	w.WriteString("0\r\n\r\n")
	return w.Bytes()
}
