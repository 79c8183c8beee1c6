package parser

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/valyala/fasthttp"
	"github.com/weir-go/weir/httpcore/h1"
)

// counter does the least that a user of weir's parser would: it looks at everything.
type counter struct {
	h1.Nop
	fields, bytes int
}

func (c *counter) OnURL(p []byte, _ bool)         { c.bytes += len(p) }
func (c *counter) OnHeaderField(p []byte, _ bool) { c.fields++; c.bytes += len(p) }
func (c *counter) OnHeaderValue(p []byte, _ bool) { c.bytes += len(p) }
func (c *counter) OnBody(p []byte)                { c.bytes += len(p) }

func weir(kind h1.Kind) func(*testing.B, []byte) {
	return func(b *testing.B, input []byte) {
		var p h1.Parser
		p.Reset(kind, &counter{}, nil)
		for b.Loop() {
			if n, err := p.Execute(input); n != len(input) || err != nil {
				b.Fatal(n, err)
			}
		}
	}
}

// stream is input as a connection would give it to a parser that reads by itself.
func stream(input []byte) (rewind func() *bufio.Reader) {
	src := bytes.NewReader(input)
	r := bufio.NewReaderSize(src, 128<<10)
	return func() *bufio.Reader {
		src.Reset(input)
		r.Reset(src)
		return r
	}
}

func netHTTPRequest(b *testing.B, input []byte) {
	rewind := stream(input)
	for b.Loop() {
		req, err := http.ReadRequest(rewind())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			b.Fatal(err)
		}
	}
}

func netHTTPResponse(b *testing.B, input []byte) {
	rewind := stream(input)
	for b.Loop() {
		res, err := http.ReadResponse(rewind(), nil)
		if err != nil {
			b.Fatal(err)
		}
		res.Body.Close()
	}
}

func fastHTTPRequest(b *testing.B, input []byte) {
	rewind := stream(input)
	var h fasthttp.RequestHeader
	for b.Loop() {
		if err := h.Read(rewind()); err != nil {
			b.Fatal(err)
		}
	}
}

func fastHTTPBody(b *testing.B, input []byte) {
	rewind := stream(input)
	var req fasthttp.Request
	for b.Loop() {
		if err := req.Read(rewind()); err != nil {
			b.Fatal(err)
		}
	}
}

func fastHTTPResponse(b *testing.B, input []byte) {
	rewind := stream(input)
	var h fasthttp.ResponseHeader
	for b.Loop() {
		if err := h.Read(rewind()); err != nil {
			b.Fatal(err)
		}
	}
}

func message(b *testing.B, name string) []byte {
	b.Helper()
	p, err := os.ReadFile("../../httpcore/h1/testdata/bench/" + name + ".http")
	if err != nil {
		b.Fatal(err)
	}
	return p
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

// BenchmarkParser reads a message from memory that is there in one piece.
func BenchmarkParser(b *testing.B) {
	type subject struct {
		name string
		run  func(*testing.B, []byte)
	}
	requests := []subject{{"weir", weir(h1.Request)}, {"fasthttp", fastHTTPRequest}, {"net-http", netHTTPRequest}}
	for _, c := range []struct {
		name     string
		input    []byte
		subjects []subject
	}{
		{"browser", message(b, "browser"), requests},
		{"minimal", message(b, "minimal"), requests},
		{"response", message(b, "response"), []subject{
			{"weir", weir(h1.Response)}, {"fasthttp", fastHTTPResponse}, {"net-http", netHTTPResponse},
		}},
		{"chunked", chunked(), []subject{
			{"weir", weir(h1.Request)}, {"fasthttp", fastHTTPBody}, {"net-http", netHTTPRequest},
		}},
	} {
		for _, s := range c.subjects {
			b.Run(c.name+"/"+s.name, func(b *testing.B) {
				b.SetBytes(int64(len(c.input)))
				b.ReportAllocs()
				s.run(b, c.input)
			})
		}
	}
}
