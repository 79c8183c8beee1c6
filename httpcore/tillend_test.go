package httpcore

import (
	"bytes"
	"io"
	"testing"
	"time"
)

// The client of an HTTP/1.0 answer without a length knows it for whole by our end. It has stopped to read, and we give it up: what
// is sent by then must not end well, though the handler has ended it long ago.
func TestAnAnswerThatLastsUntilTheEndIsResetIfItIsGivenUp(t *testing.T) {
	body := bytes.Repeat([]byte("x"), 1<<20)
	k := newRig(t, ServerOptions{WriteTimeout: time.Second}, func(_ *IncomingMessage, res *ServerResponse) {
		res.Write(body)
		res.End()
	})
	p := k.dial()
	k.send(p, "GET / HTTP/1.0\r\nHost: a\r\n\r\n")
	k.pass(2 * time.Second)
	err := k.read(p)
	if err == nil || err == io.EOF {
		t.Errorf("got %d bytes and %v, want a reset", len(k.got), err)
	}
	p.Close()
	k.run()
}

func TestAnAnswerThatLastsUntilTheEndEndsWell(t *testing.T) {
	body := bytes.Repeat([]byte("x"), 1<<20)
	k := newRig(t, ServerOptions{WriteTimeout: time.Second}, func(_ *IncomingMessage, res *ServerResponse) {
		res.Write(body)
		res.End()
	})
	p := k.dial()
	k.send(p, "GET / HTTP/1.0\r\nHost: a\r\n\r\n")
	k.ended(p, "behind the answer", "HTTP/1.1 200 OK\r\n")
	if !bytes.HasSuffix(k.got, body) {
		t.Errorf("got %d bytes, want the whole body", len(k.got))
	}
}
