//go:build weirdebug

package h1

import (
	"strings"
	"testing"
)

// spent is how many steps a Parser takes for input in pieces of n bytes: states entered, and bytes looked at.
func spent(t *testing.T, kind Kind, input string, n int) int {
	t.Helper()
	const huge = 1 << 30
	var p Parser
	p.Reset(kind, Nop{}, &Limits{
		StartLine: huge, Header: huge, Field: huge, Fields: huge, ChunkLine: huge, ChunkExtensions: huge, Trailer: huge,
	})
	for rest := []byte(input); len(rest) > 0; {
		piece := rest[:min(n, len(rest))]
		if _, err := p.Execute(piece); err != nil {
			t.Fatalf("%.60q…: %v", input, err)
		}
		rest = rest[len(piece):]
	}
	return p.steps.n
}

// Twice the input costs at most twice the steps, however it is cut: nothing is looked at again when more has come.
func TestWorkIsLinearInTheInput(t *testing.T) {
	const n = 2000
	head := "GET / HTTP/1.1\r\nHost: a\r\n"
	chunked := head + "Transfer-Encoding: chunked\r\n\r\n"
	for name, make := range map[string]func(n int) string{
		"target":          func(n int) string { return "GET /" + strings.Repeat("a", n) + " HTTP/1.1\r\nHost: a\r\n\r\n" },
		"authority":       func(n int) string { return "GET http://" + strings.Repeat("%41", n) + "/ HTTP/1.1\r\nHost: a\r\n\r\n" },
		"name":            func(n int) string { return head + strings.Repeat("N", n) + ": v\r\n\r\n" },
		"whitespace":      func(n int) string { return head + "N:" + strings.Repeat(" ", n) + "v\r\n\r\n" },
		"value":           func(n int) string { return head + "N: " + strings.Repeat("v", n) + "\r\n\r\n" },
		"tabs":            func(n int) string { return head + "N: v" + strings.Repeat("\t", n) + "\r\n\r\n" },
		"fields":          func(n int) string { return head + strings.Repeat("N: v\r\n", n) + "\r\n" },
		"connection":      func(n int) string { return head + "Connection: " + strings.Repeat("close, ", n) + "\r\n\r\n" },
		"length":          func(n int) string { return head + "Content-Length: " + strings.Repeat("0", n) + "\r\n\r\n" },
		"host":            func(n int) string { return "GET / HTTP/1.1\r\nHost: " + strings.Repeat("%41", n) + "\r\n\r\n" },
		"chunks":          func(n int) string { return chunked + strings.Repeat("1\r\nx\r\n", n) + "0\r\n\r\n" },
		"extensions":      func(n int) string { return chunked + "1" + strings.Repeat(";a=b", n) + "\r\nx\r\n0\r\n\r\n" },
		"extension name":  func(n int) string { return chunked + "1;" + strings.Repeat("a", n) + "\r\nx\r\n0\r\n\r\n" },
		"extension value": func(n int) string { return chunked + "1;a=" + strings.Repeat("b", n) + "\r\nx\r\n0\r\n\r\n" },
		"quoted":          func(n int) string { return chunked + "1;a=\"" + strings.Repeat(`\"b`, n) + "\"\r\nx\r\n0\r\n\r\n" },
		"extension space": func(n int) string { return chunked + "1" + strings.Repeat(" ", n) + ";a\r\nx\r\n0\r\n\r\n" },
		"trailers":        func(n int) string { return chunked + "0\r\n" + strings.Repeat("N: v\r\n", n) + "\r\n" },
		"messages":        func(n int) string { return strings.Repeat(head+"\r\n", n) },
	} {
		for _, piece := range []int{1, 2, 7, 100, 1 << 30} {
			once, twice := spent(t, Request, make(n), piece), spent(t, Request, make(2*n), piece)
			if twice > 2*once+20 {
				t.Errorf("%s, %d bytes at a time: %d steps for %d, and %d for twice as many", name, piece, once, n, twice)
			}
			if most := 4*len(make(n)) + 20; once > most {
				t.Errorf("%s, %d bytes at a time: %d steps, want at most %d", name, piece, once, most)
			}
		}
	}
}
