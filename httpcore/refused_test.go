package httpcore_test

import (
	"errors"
	"net"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/h1"
)

// answering is a server of one line: what it says to whoever has asked.
func answering(t *testing.T, answer string) (url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 4096))
			c.Write([]byte(answer))
			c.Close()
		}
	}()
	return "http://" + ln.Addr().String() + "/"
}

// Closing the transport inside the parser takes the parser away, which must not be looked at behind that.
func TestAnAnswerThatIsRefusedFailsItsRequestAndNothingElse(t *testing.T) {
	x := newOffice(t, told)
	c := x.client(httpcore.ClientOptions{})
	for _, answer := range []string{
		"SSH-2.0-OpenSSH\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
	} {
		_, err := x.fetch(c, httpcore.Call{URL: answering(t, answer)})
		if refused := (*h1.Error)(nil); !errors.As(err, &refused) {
			t.Errorf("%q: got %v, want an error of the parser", answer, err)
		}
	}
	if n := x.l.Metrics().Panics; n != 0 {
		t.Errorf("%d callbacks have panicked", n)
	}
}
