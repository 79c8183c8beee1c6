package h1_test

import (
	"testing"

	"github.com/weir-go/weir/httpcore/h1"
)

var responseFields = [20][2]string{
	{"Date", "Sun, 22 Nov 2026 10:15:30 GMT"},
	{"Content-Type", "text/html; charset=utf-8"},
	{"Content-Length", "48211"},
	{"Connection", "keep-alive"},
	{"Server", "weir"},
	{"Cache-Control", "private, max-age=0, must-revalidate"},
	{"Expires", "Sun, 22 Nov 2026 10:15:30 GMT"},
	{"Last-Modified", "Sat, 21 Nov 2026 08:00:00 GMT"},
	{"ETag", "\"5f3c-17b2a4c9e80\""},
	{"Vary", "Accept-Encoding, Cookie"},
	{"Content-Language", "en"},
	{"Set-Cookie", "session=6f1d0c2b9a8e4f7d; Path=/; Secure; HttpOnly; SameSite=Lax"},
	{"Set-Cookie", "seen=1; Path=/; Max-Age=31536000"},
	{"Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "strict-origin-when-cross-origin"},
	{"Content-Security-Policy", "default-src 'self'; img-src *; script-src 'self' 'unsafe-inline'"},
	{"X-Request-Id", "01HF7Y2S9V0QW3K8M6Z4T5R1XN"},
	{"Alt-Svc", "clear"},
}

func BenchmarkResponseHead(b *testing.B) {
	var room [4096]byte
	b.ReportAllocs()
	for b.Loop() {
		dst, err := h1.AppendStatusLine(room[:0], 200, "OK")
		if err != nil {
			b.Fatal(err)
		}
		for i := range responseFields {
			f := &responseFields[i]
			if dst, err = h1.AppendField(dst, f[0], f[1]); err != nil {
				b.Fatal(err)
			}
		}
		b.SetBytes(int64(len(h1.AppendSectionEnd(dst))))
	}
}

func BenchmarkChunkHeader(b *testing.B) {
	var room [32]byte
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h1.AppendChunkHeader(room[:0], 16384); err != nil {
			b.Fatal(err)
		}
	}
}
