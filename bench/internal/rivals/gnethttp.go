package rivals

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/panjf2000/gnet/v2"
)

// gnet has no HTTP. This is the least that answers GET: the head is looked for, its request line and the field Connection
// are read, nothing is validated, and bodies are not understood. It is what gnet's own example does, and a lower bound of
// what an HTTP server on it would cost.
func serveGnetHTTP(addr, _ string) error {
	return gnet.Run(&gnetHTTP{}, "tcp://"+addr,
		gnet.WithNumEventLoop(1),
		gnet.WithTCPNoDelay(gnet.TCPNoDelay))
}

type gnetHTTP struct {
	gnet.BuiltinEventEngine

	// Only the one loop touches these.
	answer []byte // to GET /
	made   int64  // the second it was made in
	out    []byte // the answers to what was read at once; gnet copies what the kernel does not take
}

func (*gnetHTTP) OnBoot(eng gnet.Engine) gnet.Action {
	addr, err := boundAddress(eng)
	if err != nil {
		fmt.Fprintf(os.Stderr, "gnet: %v\n", err)
		return gnet.Shutdown
	}
	announce(addr)
	return gnet.None
}

func (s *gnetHTTP) OnTraffic(c gnet.Conn) gnet.Action {
	buf, err := c.Peek(-1)
	if err != nil {
		return gnet.Close
	}
	out := s.out[:0]
	used := 0
	for {
		end := bytes.Index(buf[used:], []byte("\r\n\r\n"))
		if end < 0 {
			break
		}
		head := buf[used : used+end+2]
		used += end + 4
		more, last := s.handle(c, head, out)
		out = more
		if last {
			_, _ = c.Write(out)
			return gnet.Close
		}
	}
	s.out = out
	if len(out) > 0 {
		if _, err := c.Write(out); err != nil {
			return gnet.Close
		}
	}
	if used > 0 { // of 0, gnet discards everything
		_, _ = c.Discard(used)
	}
	return gnet.None
}

var (
	closeField = []byte("\r\nConnection: close\r\n")
	noRoute    = []byte("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
)

// handle appends the answer to one request. What is generated is given to the connection piece by piece; gnet keeps what
// the kernel does not take.
func (s *gnetHTTP) handle(c gnet.Conn, head, out []byte) (answer []byte, last bool) {
	last = bytes.Contains(head, closeField)
	rest, isGet := bytes.CutPrefix(head, []byte("GET /"))
	if !isGet {
		return append(out, noRoute...), true
	}
	switch {
	case bytes.HasPrefix(rest, []byte(" ")):
		return append(out, s.hello()...), last
	case bytes.HasPrefix(rest, []byte("download?n=")):
		number, _, _ := bytes.Cut(rest[len("download?n="):], []byte(" "))
		n, _ := strconv.ParseInt(string(number), 10, 64)
		out = fmt.Appendf(out, "HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n",
			time.Now().UTC().Format(http.TimeFormat), n)
		_, _ = c.Write(out)
		_, _ = (&generated{n}).WriteTo(c)
		return out[:0], last
	}
	return append(out, noRoute...), last
}

func (s *gnetHTTP) hello() []byte {
	if now := time.Now(); now.Unix() != s.made {
		s.made = now.Unix()
		s.answer = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s",
			now.UTC().Format(http.TimeFormat), len(hello), hello)
	}
	return s.answer
}
