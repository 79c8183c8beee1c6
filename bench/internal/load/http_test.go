package load

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// whole gives an answer to the protocol in pieces of n bytes and returns how many bytes it took.
func whole(h *HTTP, answer string, n int) (used int, complete, wrong bool, err error) {
	var a Answer
	for piece := range slices.Chunk([]byte(answer), n) {
		for len(piece) > 0 && !complete {
			var took int
			took, complete, err = h.Take(0, 0, &a, piece)
			used += took
			wrong = a.Wrong
			if err != nil {
				return used, false, wrong, err
			}
			piece = piece[took:]
		}
	}
	return used, complete, wrong, nil
}

const plain = "HTTP/1.1 200 OK\r\nDate: x\r\ncontent-length: 13\r\n\r\nHello, World!"

func TestAnAnswerIsTheSameHoweverItArrives(t *testing.T) {
	generated := string(filler[:40])
	for name, test := range map[string]struct {
		request Request
		answer  string
	}{
		"with a length": {get13, plain},
		"in chunks": {
			Request{Method: "GET", Target: "/stream", AnswerLength: 40},
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\n" + generated[:1] + "\r\n27\r\n" + generated[1:] + "\r\n0\r\nA: b\r\n\r\n",
		},
		"pipelined": {Request{Method: "GET", Target: "/", Pipeline: 3, Answer: "Hello, World!"}, plain + plain + plain},
		"empty":     {Request{Method: "GET", Target: "/"}, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
	} {
		for n := 1; n <= len(test.answer); n++ {
			used, complete, wrong, err := whole(NewHTTP(test.request), test.answer, n)
			if used != len(test.answer) || !complete || wrong || err != nil {
				t.Fatalf("%s, by %d: used %d of %d, whole %v, wrong %v, %v", name, n, used, len(test.answer), complete, wrong, err)
			}
		}
	}
}

var get13 = Request{Method: "GET", Target: "/", Answer: "Hello, World!"}

func TestAWrongAnswerIsNoticed(t *testing.T) {
	for name, test := range map[string]struct{ answer, want string }{
		"another byte":    {strings.Replace(plain, "World", "Wurst", 1), "wrong"},
		"a longer body":   {"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nHello, World!!", "wrong"},
		"a shorter body":  {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello", "wrong"},
		"no body":         {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "wrong"},
		"another status":  {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "unexpected status 404"},
		"no HTTP":         {"Hello, World!\r\n\r\n", "no status line"},
		"no framing":      {"HTTP/1.1 200 OK\r\n\r\nHello, World!", "cannot be known"},
		"a bad length":    {"HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n", "bad Content-Length"},
		"a bad chunk":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "bad chunk size"},
		"too long a head": {"HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 70<<10), "a head of more"},
	} {
		_, complete, wrong, err := whole(NewHTTP(get13), test.answer, 1000)
		got := fmt.Sprint(err)
		if wrong {
			got = "wrong"
		}
		if !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, whole %v, want %q", name, got, complete, test.want)
		}
	}
	if _, _, _, err := whole(NewHTTP(get13), "HTTP/1.1 500 x\r\n\r\n", 100); !errors.Is(err, ErrStatus) {
		t.Errorf("got %v, want %v", err, ErrStatus)
	}
}

func TestABodyIsSentWholeInPieces(t *testing.T) {
	const size = 3*fillerLen + 5
	h := NewHTTP(Request{Method: "POST", Target: "/upload", Body: size})
	var all []byte
	for {
		p := h.Piece(0, 0, int64(len(all)))
		if len(p) == 0 {
			break
		}
		all = append(all, p[:min(len(p), 60_001)]...) // the kernel takes what it likes
	}
	head, body, _ := strings.Cut(string(all), "\r\n\r\n")
	if !strings.Contains(head, fmt.Sprintf("Content-Length: %d", size)) || len(body) != size {
		t.Fatalf("got a body of %d bytes behind %q", len(body), head)
	}
	for i := range body {
		if body[i] != "0123456789abcdef"[i%16] {
			t.Fatalf("byte %d is %q", i, body[i])
		}
	}
}
