package load

import (
	"bytes"
	"fmt"
	"strconv"
)

// HTTP is a Protocol: one request, again and again, and its answer with status 200.
type HTTP struct {
	head   []byte // of the request, as often as it is pipelined, with the body of each if there is one and it is small
	body   int64  // bytes of filler behind the head
	batch  int
	exact  []byte // the answer's body; nil if it is generated
	length int64  // of the answer's body
}

// step is where an answer is.
type step uint8

const (
	inHead step = iota
	inBody
	inChunkSize
	inChunk
	inChunkEnd
	inTrailer
)

// Request describes an exchange.
type Request struct {
	Method, Target string
	Close          bool   // ask the server to end the connection behind its answer
	Body           int64  // bytes of generated body to send
	Pipeline       int    // requests in a message; 0 is 1. Only without a body
	Answer         string // the whole body of the answer, if AnswerLength is 0
	AnswerLength   int64  // of an answer that is generated
}

// filler is what bodies are generated from, both ways; it is cmd/echo's, and one more turn of it to begin anywhere.
var filler = bytes.Repeat([]byte("0123456789abcdef"), 4<<10+1)

const fillerLen = 64 << 10

// NewHTTP returns the protocol of a request.
func NewHTTP(r Request) *HTTP {
	var head bytes.Buffer
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nHost: bench\r\nUser-Agent: weir-bench\r\nAccept: */*\r\n", r.Method, r.Target)
	if r.Close {
		head.WriteString("Connection: close\r\n")
	}
	if r.Body > 0 {
		fmt.Fprintf(&head, "Content-Type: application/octet-stream\r\nContent-Length: %d\r\n", r.Body)
	}
	head.WriteString("\r\n")
	h := &HTTP{batch: max(1, r.Pipeline), body: r.Body, length: r.AnswerLength}
	h.head = bytes.Repeat(head.Bytes(), h.batch)
	if r.AnswerLength == 0 {
		h.exact, h.length = []byte(r.Answer), int64(len(r.Answer))
	}
	return h
}

// Operations implements Protocol.
func (h *HTTP) Operations() int { return h.batch }

// Most implements Protocol. Of HTTP nothing is known before its head.
func (h *HTTP) Most(*Answer) int { return readSize }

// Piece implements Protocol.
func (h *HTTP) Piece(_, _ int, at int64) []byte {
	if at < int64(len(h.head)) {
		return h.head[at:]
	}
	at -= int64(len(h.head))
	if at >= h.body {
		return nil
	}
	from := at % 16
	return filler[from : from+min(fillerLen, h.body-at)]
}

// Take implements Protocol.
func (h *HTTP) Take(_, _ int, a *Answer, p []byte) (used int, whole bool, err error) {
	for used < len(p) {
		n, ended, err := h.advance(a, p[used:])
		if err != nil {
			return used, false, err
		}
		used += n
		if !ended {
			continue
		}
		if a.got != h.length {
			a.Wrong = true
		}
		*a = Answer{Wrong: a.Wrong, done: a.done + 1}
		if a.done == h.batch {
			return used, true, nil
		}
	}
	return used, false, nil
}

// advance takes one step. Ended says that one answer is at its end.
func (h *HTTP) advance(a *Answer, p []byte) (n int, ended bool, err error) {
	switch a.step {
	case inHead:
		line, n := upTo(a, p, "\r\n\r\n")
		if line == nil {
			return n, false, a.tooLong()
		}
		ended, err := h.parseHead(a, line)
		return n, ended, err
	case inBody, inChunk:
		n = int(min(int64(len(p)), a.left))
		a.Wrong = a.Wrong || !h.same(a.got, p[:n])
		a.got += int64(n)
		a.left -= int64(n)
		if a.left == 0 && a.step == inChunk {
			a.step = inChunkEnd
		} else if a.left == 0 {
			return n, true, nil
		}
		return n, false, nil
	default:
		line, n := upTo(a, p, "\r\n")
		if line == nil {
			return n, false, a.tooLong()
		}
		ended, err := a.chunkLine(line)
		return n, ended, err
	}
}

// chunkLine takes a line of the framing of chunks.
func (a *Answer) chunkLine(line []byte) (ended bool, err error) {
	switch {
	case a.step == inTrailer:
		return len(line) == 0, nil
	case a.step == inChunkEnd:
		if len(line) > 0 {
			return false, fmt.Errorf("a chunk is longer than it says")
		}
		a.step = inChunkSize
		return false, nil
	}
	digits, _, _ := bytes.Cut(line, []byte(";"))
	a.left, err = strconv.ParseInt(string(bytes.TrimSpace(digits)), 16, 62)
	if err != nil || a.left < 0 {
		return false, fmt.Errorf("bad chunk size %q", line)
	}
	a.step = inChunk
	if a.left == 0 {
		a.step = inTrailer
	}
	return false, nil
}

// upTo returns the bytes before the end mark, with what an earlier read has left, and how many bytes of p are used. Without a mark it keeps
// them.
func upTo(a *Answer, p []byte, mark string) (line []byte, used int) {
	if len(a.head) == 0 {
		if at := bytes.Index(p, []byte(mark)); at >= 0 {
			return p[:at], at + len(mark)
		}
		a.head = append(a.head, p...)
		return nil, len(p)
	}
	before := len(a.head)
	a.head = append(a.head, p...)
	at := bytes.Index(a.head, []byte(mark))
	if at < 0 {
		return nil, len(p)
	}
	line, used = a.head[:at], at+len(mark)-before
	a.head = nil
	return line, used
}

const mostHead = 64 << 10

func (a *Answer) tooLong() error {
	if len(a.head) > mostHead {
		return fmt.Errorf("a head of more than %d bytes", mostHead)
	}
	return nil
}

// parseHead reads the status and how the body is framed. An answer without a body is at its end.
func (h *HTTP) parseHead(a *Answer, head []byte) (ended bool, err error) {
	line, fields, _ := bytes.Cut(head, []byte("\r\n"))
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return false, fmt.Errorf("no status line: %.40q", line)
	}
	if string(line[9:12]) != "200" {
		return false, fmt.Errorf("%w %s", ErrStatus, line[9:12])
	}
	length, chunked := int64(-1), false
	for len(fields) > 0 {
		line, fields, _ = bytes.Cut(fields, []byte("\r\n"))
		// Only these two matter, and they are told apart by a letter.
		switch {
		case len(line) > 15 && line[0]|0x20 == 'c' && bytes.EqualFold(line[:15], []byte("content-length:")):
			length, err = parseLength(bytes.TrimSpace(line[15:]))
			if err != nil {
				return false, err
			}
		case len(line) > 18 && line[0]|0x20 == 't' && bytes.EqualFold(line[:18], []byte("transfer-encoding:")):
			chunked = bytes.EqualFold(bytes.TrimSpace(line[18:]), []byte("chunked"))
		}
	}
	switch {
	case chunked:
		a.step = inChunkSize
	case length < 0:
		return false, fmt.Errorf("an answer whose end cannot be known")
	default:
		a.step, a.left = inBody, length
	}
	return length == 0 && !chunked, nil
}

func parseLength(digits []byte) (int64, error) {
	var n int64
	for _, d := range digits {
		if d < '0' || d > '9' || n > 1<<50 {
			return 0, fmt.Errorf("bad Content-Length %q", digits)
		}
		n = n*10 + int64(d-'0')
	}
	return n, nil
}

// same compares a piece of the answer's body, from byte at on, with what it should be.
func (h *HTTP) same(at int64, p []byte) bool {
	if at+int64(len(p)) > h.length {
		return false
	}
	if h.exact != nil {
		return bytes.Equal(p, h.exact[at:at+int64(len(p))])
	}
	for len(p) > 0 {
		n := min(len(p), fillerLen)
		if !sameSampled(p[:n], filler[at%16:at%16+int64(n)]) {
			return false
		}
		p, at = p[n:], at+int64(n)
	}
	return true
}
