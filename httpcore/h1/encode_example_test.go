package h1_test

import (
	"fmt"

	"github.com/weir-go/weir/httpcore/h1"
)

func ExampleAppendRequestLine() {
	b, err := h1.AppendRequestLine(nil, "GET", "/search?q=weir")
	if err != nil {
		fmt.Println(err)
	}
	b, err = h1.AppendField(b, "Host", "example.org")
	if err != nil {
		fmt.Println(err)
	}
	b = h1.AppendSectionEnd(b)
	fmt.Printf("%q\n", b)
	// Output: "GET /search?q=weir HTTP/1.1\r\nHost: example.org\r\n\r\n"
}

func ExampleAppendField() {
	b, err := h1.AppendField([]byte("X: y\r\n"), "Location", "/a\r\nSet-Cookie: admin=1")
	fmt.Printf("%q, %v\n", b, err)
	// Output: "X: y\r\n", h1: UNSAFE: a control byte in a field's value
}

// A file's bytes can go out from where they are, with what frames them before and behind.
func ExampleAppendChunkHeader() {
	data := []byte("hello")
	before, err := h1.AppendChunkHeader(nil, uint64(len(data)))
	if err != nil {
		fmt.Println(err)
	}
	behind := h1.AppendChunkEnd(nil)
	behind = h1.AppendLastChunk(behind)
	behind = h1.AppendSectionEnd(behind)
	fmt.Printf("%q %q %q\n", before, data, behind)
	// Output: "5\r\n" "hello" "\r\n0\r\n\r\n"
}
