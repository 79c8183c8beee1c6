package httpcore

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/stream"
)

// TestAClientIsNotBlamedForASlowDisk has a body wait for a file for longer than any client may take, and then be waited for
// by the client: that is the client's doing.
func TestAClientIsNotBlamedForASlowDisk(t *testing.T) {
	const size = 64 << 20
	var give func([]byte)
	var sent int
	var failed error
	fd := -1
	k := newRig(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) {
		res.SetHeader("Content-Length", "67108864")
		more, taken := res.WriteFile(stream.FileRange{
			FD: fd, Off: 1000, N: size,
			Stuck: func(_ int64, n int, answer func([]byte)) { give = answer },
			Done:  func(n int, err error) { sent, failed = n, err },
		})
		if more || !taken {
			t.Errorf("64 MiB: more %t, taken %t", more, taken)
		}
	})
	fd = k.openShort()
	p := k.dial()
	k.send(p, get("/"))
	k.pass(10 * defaultWriteTimeout)
	if give == nil {
		t.Fatal("nobody was asked for bytes")
	}
	c := k.alone()
	give(make([]byte, size))
	k.pass(defaultWriteTimeout / 2)
	if k.alone() != c || c.t.WriteQueueSize() == 0 {
		t.Fatal("the client was to have time yet")
	}
	k.pass(defaultWriteTimeout + defaultWriteTimeout/looks + slack)
	if n := k.s.conns.Load(); n != 0 {
		t.Errorf("%d connections are left of a client that does not read", n)
	}
	if failed == nil || sent == 0 || sent == size {
		t.Errorf("sent %d, %v", sent, failed)
	}
	k.closeFile(fd)
}

// openShort opens a file of 1000 bytes, for those who send what is behind them.
func (k *rig) openShort() (fd int) {
	k.t.Helper()
	k.w.WriteFile("short", make([]byte, 1000))
	k.off(func() { fd, _ = k.l.Reactor().Kernel().OpenFile("short", os.O_RDONLY, 0) })
	return fd
}

func (k *rig) closeFile(fd int) {
	k.t.Helper()
	k.off(func() { k.l.Reactor().Kernel().CloseFile(fd) })
}

// off has fn run off the loop.
func (k *rig) off(fn func()) {
	k.t.Helper()
	if _, err := k.l.QueueSlowWork(fn, nil); err != nil {
		k.t.Fatal(err)
	}
	k.pass(time.Second)
}

// TestNothingGoesBehindAFileBeforeItHasLeft has a response end, and the next one be written, while a file is on its way that
// may turn out shorter than it was said to be.
func TestNothingGoesBehindAFileBeforeItHasLeft(t *testing.T) {
	const head, usual = "HTTP/1.1 200 OK\r\n", "Date: Thu, 01 Jan 2026 00:00:01 GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=60\r\n"
	for _, c := range []struct {
		name, length, framed, end string
		give                      string
	}{
		{"of a length", "5", "Content-Length: 5\r\n\r\nfirst", "", "first"},
		{"of a length, short", "5", "Content-Length: 5\r\n\r\n", "cut", ""},
		{"chunked", "", "Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n", "", "first"},
		{"chunked, short", "", "Transfer-Encoding: chunked\r\n\r\n5\r\n", "cut", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var give func([]byte)
			told := 0
			fd := -1
			k := newRig(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
				if req.Path() == "/second" {
					res.EndString("second")
					return
				}
				if c.length != "" {
					res.SetHeader("Content-Length", c.length)
				}
				x := stream.FileRange{
					FD: fd, Off: 1000, N: 5,
					Stuck: func(_ int64, _ int, answer func([]byte)) { give = answer },
					Done: func(n int, err error) {
						if told++; told > 1 || n != len(c.give) || (err == nil) != (c.end == "") {
							t.Errorf("told %d times: %d, %v", told, n, err)
						}
					},
				}
				if _, taken := res.WriteFile(x); !taken {
					t.Error("it was not taken")
				}
				if res.TakesFile(res) {
					t.Error("it takes another at once")
				}
				res.End()
			})
			fd = k.openShort()
			p := k.dial()
			k.send(p, get("/")+get("/second"))
			k.run()
			if err := k.read(p); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(k.got), "second") {
				t.Errorf("the second answer comes before the first: %q", k.got)
			}
			give([]byte(c.give))
			k.run()
			err := k.read(p)
			want := head + c.framed
			if c.end == "" {
				want += head + "Content-Length: 6\r\n\r\nsecond"
			}
			if got := strings.ReplaceAll(string(k.got), usual, ""); got != want || (err != nil) != (c.end != "") {
				t.Errorf("got %q, %v\nwant %q", got, err, want)
			}
			if told != 1 {
				t.Errorf("told %d times", told)
			}
			k.closeFile(fd)
		})
	}
}
