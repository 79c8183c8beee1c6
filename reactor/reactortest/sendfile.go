package reactortest

import (
	"fmt"
	"os"
	"path"

	"github.com/weir-go/weir/reactor"
)

// sendFileBehaviours are of Conn.SendFile, whether the kernel can do it or not: if not, every byte is asked for.
var sendFileBehaviours = []behaviour{
	{"file_is_sent_in_its_turn", families, fileInItsTurn},
	{"file_that_has_ended_is_given_up", families, fileGivenUp},
	{"file_that_has_ended_goes_on_with_what_is_given", families, fileGoesOn},
	{"file_holds_up_what_is_behind_it", families, fileHoldsUp},
	{"close_while_a_file_waits_for_its_peer", families, closeWithFile},
	{"close_while_a_file_is_stuck", families, closeWithStuckFile},
	{"reset_while_a_file_is_stuck", tcp4, resetWithStuckFile},
	{"half_close_behind_a_file", families, halfCloseBehindFile},
	{"file_is_refused_with_nothing_to_send", one, fileRefused},
}

// sentFile is a file on its way, and what was told of it.
type sentFile struct {
	*env
	fd    int
	bytes []byte
	gives func() // answers the question that was asked last; nil if none was
	asked int
	none  bool // it is given up when it asks
}

// file makes one of n bytes.
func (e *env) file(n int) *sentFile {
	e.Helper()
	name := path.Join(e.Folder(), fmt.Sprint("sent", n))
	fd := e.open(name, os.O_RDWR|os.O_CREATE, 0)
	f := &sentFile{env: e, fd: fd, bytes: pattern(n)}
	e.writeFile(fd, f.bytes, 0)
	return f
}

// to sends n bytes from off on.
func (f *sentFile) to(c *reactor.Conn, off int64, n int) {
	f.Helper()
	f.must(c.SendFile(f.fd, off, n, func(off int64, n int, give func([]byte)) {
		f.callback(func() {
			f.asked++
			f.gives = func() {
				f.gives = nil
				if f.none {
					give(nil)
					return
				}
				give(f.bytes[off:min(int(off)+min(n, 10_000), len(f.bytes))])
			}
		})
	}, func(sent int, err error) {
		f.callback(func() { f.log = append(f.log, fmt.Sprintf("file: %d, %s", sent, outcome(err))) })
	}))
}

// answer gives what is asked for while what is behind waits.
func (f *sentFile) answer() {
	if f.gives != nil {
		f.gives()
	}
}

// recvAll is recvEnd that answers.
func (f *sentFile) recvAll(p Peer, n int) []byte {
	f.Helper()
	got := make([]byte, 0, n)
	f.until(fmt.Sprintf("%d bytes at the peer", n), func() bool {
		f.answer()
		m, err := p.Recv(got[len(got):n])
		if err != nil {
			f.Fatalf("the peer read %d of %d bytes, then %v", len(got), n, err)
		}
		got = got[:len(got)+m]
		return len(got) == n
	})
	return got
}

func fileInItsTurn(e *env) {
	e.both(func(c *reactor.Conn, p Peer) {
		f := e.file(700_000)
		defer e.closeFile(f.fd)
		e.must(c.Write([][]byte{[]byte("before ")}, e.note("before")))
		f.to(c, 100, 600_000)
		e.must(c.WriteBorrowed([]byte(" behind"), e.note("behind")))
		if size := c.WriteQueueSize(); size > 600_014 {
			e.Errorf("%d bytes are queued", size)
		}
		got := f.recvAll(p, 600_014)
		e.untilLogged(3)
		e.wantLog("before: ok", "file: 600000, ok", "behind: ok")
		e.wantBytes("at the peer", got, append(append([]byte("before "), f.bytes[100:600_100]...), " behind"...))
		if size := c.WriteQueueSize(); size != 0 {
			e.Errorf("%d bytes are queued at the end", size)
		}
	})
}

func fileGivenUp(e *env) {
	c, p := e.pair()
	f := e.file(100_000)
	defer e.closeFile(f.fd)
	f.none = true
	f.to(c, 100_000, 50_000)
	e.must(c.Write([][]byte{[]byte("behind")}, e.note("behind")))
	e.until("the question", func() bool { return f.gives != nil })
	if size := c.WriteQueueSize(); size != 50_006 {
		e.Errorf("%d bytes are queued while it is stuck", size)
	}
	f.answer()
	e.wantBytes("at the peer", e.recv(p, 6), []byte("behind"))
	e.untilLogged(2)
	e.wantLog("file: 0, ok", "behind: ok")
	if size := c.WriteQueueSize(); size != 0 {
		e.Errorf("%d bytes are queued at the end", size)
	}
}

func fileGoesOn(e *env) {
	c, p := e.pair()
	f := e.file(100_000)
	defer e.closeFile(f.fd)
	e.off(func() {
		if errno := again(func() reactor.Errno { return e.k.Ftruncate(f.fd, 0) }); errno != 0 {
			e.Errorf("truncate: %v", errno)
		}
	})
	f.to(c, 5, 99_995)
	e.wantBytes("at the peer", f.recvAll(p, 99_995), f.bytes[5:])
	e.untilLogged(1)
	e.wantLog("file: 99995, ok")
	if f.asked != 10 {
		e.Errorf("it has asked %d times for 10,000 bytes", f.asked)
	}
}

func fileHoldsUp(e *env) {
	c, p := e.pair()
	f := e.file(1000)
	defer e.closeFile(f.fd)
	f.to(c, 1000, 10)
	e.must(c.Write([][]byte{[]byte("behind")}, e.note("behind")))
	e.until("the question", func() bool { return f.gives != nil })
	if n, err := c.TryWrite([]byte("past it")); err == nil {
		e.Errorf("%d bytes have gone past it", n)
	}
	counts := e.count(func() {
		for range 20 {
			e.Iterate(0)
		}
	})
	if counts.Writes != 0 || counts.Events != 0 {
		e.Errorf("what waits for a file has cost %+v", counts)
	}
	var buf [10]byte
	if n, err := p.Recv(buf[:]); n != 0 || err != nil {
		e.Errorf("the peer has got %q, %v", buf[:n], err)
	}
	f.none = true
	f.answer()
	e.wantBytes("at the peer", e.recv(p, 6), []byte("behind"))
	e.untilLogged(2)
	e.wantLog("file: 0, ok", "behind: ok")
}

func closeWithFile(e *env) {
	c, p := e.pair()
	f := e.file(100_000)
	defer e.closeFile(f.fd)
	e.fill(c)
	f.to(c, 0, 100_000)
	e.must(c.Write([][]byte{pattern(10)}, e.note("behind")))
	e.settle()
	c.Close(e.noteClose("closed"))
	e.untilLogged(3)
	e.wantLog("file: 0, ECANCELED", "behind: ECANCELED", "closed")
	p.Close()
}

func closeWithStuckFile(e *env) {
	c, p := e.pair()
	f := e.file(1000)
	defer e.closeFile(f.fd)
	f.to(c, 1000, 500)
	e.must(c.Write([][]byte{pattern(10)}, e.note("behind")))
	e.until("the question", func() bool { return f.gives != nil })
	c.Close(e.noteClose("closed"))
	f.none = false
	f.bytes = pattern(2000)
	f.answer() // what is given now goes nowhere
	e.untilLogged(3)
	e.wantLog("file: 0, ECANCELED", "behind: ECANCELED", "closed")
	got, _ := e.recvEnd(p)
	e.wantBytes("at the peer", got, nil)
}

func resetWithStuckFile(e *env) {
	c, p := e.pair()
	f := e.file(1000)
	defer e.closeFile(f.fd)
	f.to(c, 1000, 500)
	e.until("the question", func() bool { return f.gives != nil })
	p.Reset()
	e.settle()
	f.bytes = pattern(2000)
	for len(e.log) == 0 {
		f.answer()
		e.Iterate(step)
	}
	e.settle()
	if got := e.log[0]; len(e.log) != 1 || got != "file: 0, ECONNRESET" && got != "file: 0, EPIPE" {
		e.Errorf("callbacks: %q", e.log)
	}
	e.log = nil
	e.closeConn(c)
}

func halfCloseBehindFile(e *env) {
	c, p := e.pair()
	f := e.file(300_000)
	defer e.closeFile(f.fd)
	f.to(c, 0, 300_000)
	e.must(c.CloseWrite(e.note("close write")))
	e.wantErr("a file behind the end", c.SendFile(f.fd, 0, 1, func(int64, int, func([]byte)) {}, func(int, error) {}), reactor.EPIPE)
	got := f.recvAll(p, 300_000)
	e.wantBytes("at the peer", got, f.bytes)
	rest, err := e.recvEnd(p)
	e.must(err)
	e.wantBytes("behind it", rest, nil)
	e.untilLogged(2)
	e.wantLog("file: 300000, ok", "close write: ok")
}

func fileRefused(e *env) {
	c, _ := e.pair()
	stuck, done := func(int64, int, func([]byte)) {}, func(int, error) { e.Error("done was called") }
	e.wantErr("no bytes", c.SendFile(0, 0, 0, stuck, done), reactor.EINVAL)
	e.wantErr("before the beginning", c.SendFile(0, -1, 1, stuck, done), reactor.EINVAL)
	e.wantErr("nobody to ask", c.SendFile(0, 0, 1, nil, done), reactor.EINVAL)
	e.wantErr("nobody to tell", c.SendFile(0, 0, 1, stuck, nil), reactor.EINVAL)
	e.closeConn(c)
	e.wantErr("behind Close", c.SendFile(0, 0, 1, stuck, done), reactor.ErrClosed)
}
