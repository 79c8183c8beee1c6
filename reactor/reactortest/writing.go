package reactortest

import (
	"fmt"
	"io"

	"github.com/weir-go/weir/reactor"
)

var writingBehaviours = []behaviour{
	{"tcp_writealot", nil, writeALot},
	{"tcp_write_in_a_row", nil, writeInARow},
	{"tcp_write_queue_order", nil, writeQueueOrder},
	{"tcp_write_fail", nil, writeFail},
	{"tcp_write_ready", nil, writeReady},
	{"tcp_try_write", nil, tryWrite},
	{"tcp_try_write_error", nil, tryWriteError},
	{"not_writable_after_shutdown", nil, notWritableAfterShutdown},
	{"tcp_write_to_half_open_connection", tcp, writeToHalfOpen},
	{"write_without_callback", nil, writeWithoutCallback},
	{"empty_writes_keep_their_place", nil, emptyWrites},
	{"more_buffers_than_one_call_takes", nil, manyBuffers},
	{"write_queue_size_is_exact", nil, writeQueueSize},
	{"write_in_a_write_callback", nil, writeInWriteCallback},
}

// writeALot: many writes of many buffers, echoed, then a half-close.
func writeALot(e *env) {
	const writes, bufs, size = 64, 100, 250
	c, p := e.pair()
	r := e.read(c)
	one := pattern(writes * bufs * size)
	done := 0
	for w := range writes {
		var v [][]byte
		for b := range bufs {
			at := (w*bufs + b) * size
			v = append(v, one[at:at+size])
		}
		e.must(c.Write(v, func(err error) {
			e.must(err)
			done++
		}))
	}
	e.must(c.CloseWrite(e.note("close write")))
	got := e.recv(p, len(one))
	e.wantBytes("at the peer", got, one)
	e.send(p, got)
	p.CloseWrite()
	r.untilEnd()
	e.wantBytes("echoed", r.data, one)
	e.wantLog("close write: ok")
	if done != writes || c.WriteQueueSize() != 0 {
		e.Errorf("%d of %d writes done, %d bytes queued", done, writes, c.WriteQueueSize())
	}
}

// writeInARow: WriteQueueSize is exact with several requests outstanding, and 0 at the last callback.
func writeInARow(e *env) {
	c, p := e.pair()
	taken := e.fill(c)
	left := 0
	for i := 1; i <= 3; i++ {
		n := i * 1000
		e.must(c.Write([][]byte{pattern(n)}, func(err error) {
			e.must(err)
			left -= n
			if i == 3 && c.WriteQueueSize() != 0 {
				e.Errorf("the last callback sees %d bytes queued", c.WriteQueueSize())
			}
			e.log = append(e.log, fmt.Sprint("write ", i))
		}))
		left += n
		if got := c.WriteQueueSize(); got != left {
			e.Errorf("queued %d bytes, want %d", got, left)
		}
	}
	e.Iterate(0)
	if got := c.WriteQueueSize(); got != left {
		e.Errorf("the kernel is full: queued %d bytes, want %d", got, left)
	}
	e.recv(p, taken+6000)
	e.untilLogged(3)
	e.wantLog("write 1", "write 2", "write 3")
}

// writeQueueOrder: ten thousand writes, then Close: all complete, in order, sent or cancelled.
func writeQueueOrder(e *env) {
	const writes = 10_000
	c, p := e.pair()
	next, ok, cancelled := 0, 0, 0
	for i := range writes {
		e.must(c.Write([][]byte{pattern(100)}, func(err error) {
			if i != next {
				e.Fatalf("callback of write %d, want that of %d", i, next)
			}
			next++
			switch outcome(err) {
			case "ok":
				ok++
				if cancelled > 0 {
					e.Fatal("a write was sent after one that was cancelled")
				}
			case "ECANCELED":
				cancelled++
			default:
				e.Fatalf("write %d: %v", i, err)
			}
		}))
		if i == writes/2 {
			e.Iterate(0)
		}
	}
	_ = p
	c.Close(func() {
		if ok+cancelled != writes || c.WriteQueueSize() != 0 {
			e.Errorf("at the close callback: %d sent, %d cancelled, %d bytes queued", ok, cancelled, c.WriteQueueSize())
		}
		e.log = append(e.log, "close")
	})
	e.untilLogged(1)
	if cancelled == 0 {
		e.Error("nothing was cancelled: the kernel took a megabyte that nobody read")
	}
}

// writeFail: what is no write is refused at once, and its callback never runs.
func writeFail(e *env) {
	c, _ := e.pair()
	e.wantErr("no buffers", c.Write(nil, e.note("never")), reactor.EINVAL)
	c.Close(nil)
	e.wantErr("Write after Close", c.Write([][]byte{pattern(1)}, e.note("never")), reactor.ErrClosed)
	e.wantErr("WriteBorrowed after Close", c.WriteBorrowed(pattern(1), e.note("never")), reactor.ErrClosed)
	_, err := c.TryWrite(pattern(1))
	e.wantErr("TryWrite after Close", err, reactor.ErrClosed)
	e.settle()
	e.wantLog()
}

// writeReady: a writer that goes on from its own callback, until it half-closes.
func writeReady(e *env) {
	c, p := e.connected()
	left := 1000
	chunk := pattern(1000)
	var next func(error)
	next = func(err error) {
		e.must(err)
		if left--; left > 0 {
			e.must(c.Write([][]byte{chunk}, next))
			return
		}
		e.must(c.CloseWrite(e.note("close write")))
		e.wantErr("write after CloseWrite", c.Write([][]byte{chunk}, nil), reactor.EPIPE)
	}
	e.must(c.Write([][]byte{chunk}, next))
	e.recv(p, 1000*len(chunk))
	_, err := e.recvEnd(p)
	e.must(err)
	e.untilLogged(1)
	e.wantLog("close write: ok")
}

func tryWrite(e *env) {
	c, p := e.pair()
	n, err := c.TryWrite(nil)
	if n != 0 || err != nil {
		e.Errorf("nothing at all: %d, %v", n, err)
	}
	n, err = c.TryWrite(pattern(10))
	if n != 10 || err != nil {
		e.Errorf("ten bytes: %d, %v", n, err)
	}
	// What is queued comes first, room or not.
	full := true
	e.failing(CallWrite, reactor.EAGAIN, &full)
	e.must(c.Write([][]byte{pattern(5)}, e.note("write")))
	e.Iterate(0)
	full = false
	_, err = c.TryWrite(pattern(1))
	e.wantErr("with bytes queued", err, reactor.EAGAIN)
	e.recv(p, 15)
	taken := e.fill(c)
	e.recv(p, taken)
	e.untilLogged(1)
	if n, err = c.TryWrite(pattern(7)); n != 7 || err != nil {
		e.Errorf("after the queue has emptied: %d, %v", n, err)
	}
	e.recv(p, 7)
	if n := e.count(e.settle).Interest(); n > 1 {
		e.Errorf("TryWrite changed the interest %d times", n)
	}
}

// tryWriteError: the error comes from the call and queues nothing.
func tryWriteError(e *env) {
	c, p := e.pair()
	p.Reset()
	var err error
	e.until("an error", func() bool {
		_, err = c.TryWrite(pattern(10)) // a Unix peer may be found out by the second
		return err != nil
	})
	e.wantErr("TryWrite", err, reactor.EPIPE, reactor.ECONNRESET)
	if c.WriteQueueSize() != 0 || c.Active() {
		e.Errorf("queued %d bytes, active %v", c.WriteQueueSize(), c.Active())
	}
}

func notWritableAfterShutdown(e *env) {
	c, p := e.pair()
	e.must(c.CloseWrite(nil))
	e.wantErr("Write", c.Write([][]byte{pattern(1)}, e.note("never")), reactor.EPIPE)
	e.wantErr("WriteBorrowed", c.WriteBorrowed(pattern(1), e.note("never")), reactor.EPIPE)
	_, err := c.TryWrite(pattern(1))
	e.wantErr("TryWrite", err, reactor.EPIPE)
	got, err := e.recvEnd(p)
	if len(got) != 0 || err != nil {
		e.Errorf("at the peer: %d bytes, %v", len(got), err)
	}
	e.wantLog()
}

// writeToHalfOpen: the peer has gone. Writing ends in success or an error, then reading in an end or an error, each
// once.
func writeToHalfOpen(e *env) {
	c, p := e.pair()
	p.Close()
	r := e.read(c)
	e.must(c.Write([][]byte{pattern(10)}, e.note("write")))
	r.untilEnd()
	e.untilLogged(1)
	e.wantErr("end", r.ends[0], io.EOF, reactor.ECONNRESET)
	if len(e.log) != 1 {
		e.Errorf("callbacks of one write: %q", e.log)
	}
}

func writeWithoutCallback(e *env) {
	c, p := e.pair()
	e.must(c.Write([][]byte{pattern(10)}, nil))
	e.must(c.WriteBorrowed(pattern(10), nil))
	e.recv(p, 20)
	if e.R.Refs() != 0 || c.Active() || c.WriteQueueSize() != 0 {
		e.Errorf("sent: %d references, active %v, %d bytes queued", e.R.Refs(), c.Active(), c.WriteQueueSize())
	}
	p.Reset()
	e.settle()
	e.until("a dead connection", func() bool {
		e.must(c.Write([][]byte{pattern(10)}, nil))
		e.Iterate(step)
		_, err := c.TryWrite(pattern(1))
		return err != nil
	})
	e.must(c.Write([][]byte{pattern(10)}, nil))
	e.settle()
	if e.R.Refs() != 0 || c.Active() || c.WriteQueueSize() != 0 {
		e.Errorf("failed: %d references, active %v, %d bytes queued", e.R.Refs(), c.Active(), c.WriteQueueSize())
	}
}

// emptyWrites complete without a system call, in their place between the others.
func emptyWrites(e *env) {
	c, p := e.pair()
	taken := e.fill(c)
	e.must(c.Write([][]byte{nil, {}}, e.note("1")))
	e.must(c.Write([][]byte{nil, pattern(3), nil}, e.note("2")))
	e.must(c.WriteBorrowed(nil, e.note("3")))
	e.must(c.Write([][]byte{{}, pattern(4)}, e.note("4")))
	e.must(c.Write([][]byte{nil}, e.note("5")))
	e.recv(p, taken+7)
	e.untilLogged(5)
	e.wantLog("1: ok", "2: ok", "3: ok", "4: ok", "5: ok")
}

func manyBuffers(e *env) {
	c, p := e.pair()
	want := pattern(3 * reactor.MaxVectors)
	var bufs [][]byte
	for i := range want {
		bufs = append(bufs, want[i:i+1])
	}
	e.must(c.Write(bufs, e.note("write")))
	e.wantBytes("at the peer", e.recv(p, len(want)), want)
	e.untilLogged(1)
	e.wantLog("write: ok")
}

// writeQueueSize counts what the kernel has not taken, and what failed until its owner knows.
func writeQueueSize(e *env) {
	c, p := e.pair()
	size := func(want int) {
		e.Helper()
		if got := c.WriteQueueSize(); got != want {
			e.Errorf("queued %d bytes, want %d", got, want)
		}
	}
	size(0)
	e.must(c.Write([][]byte{pattern(10), pattern(20)}, e.note("1")))
	e.must(c.WriteBorrowed(pattern(30), e.note("2")))
	size(60)
	e.recv(p, 60)
	size(0)
	e.k.MaxMove = 100
	e.k.Fail = func(call Call, _ int) reactor.Errno {
		if call == CallWrite {
			return reactor.EAGAIN
		}
		return 0
	}
	e.must(c.Write([][]byte{pattern(150)}, e.noteThen("3", func(error) { size(0) })))
	e.Iterate(0)
	size(150)
	e.k.Fail = nil
	e.recv(p, 150)
	e.untilLogged(3)
	size(0)
	e.k.MaxMove = 0
	e.fill(c)
	e.must(c.Write([][]byte{pattern(10)}, e.noteThen("4", func(error) { size(20) })))
	e.must(c.Write([][]byte{pattern(20)}, e.noteThen("5", func(error) { size(0) })))
	c.Close(nil)
	size(30)
	e.untilLogged(5)
	size(0)
	e.wantLog("1: ok", "2: ok", "3: ok", "4: ECANCELED", "5: ECANCELED")
}

// writeInWriteCallback: a callback that always writes does not keep other connections from being read.
func writeInWriteCallback(e *env) {
	c, p := e.pair()
	other, q := e.pair()
	r := e.read(other)
	stop := false
	var next func(error)
	next = func(err error) {
		e.must(err)
		if !stop {
			e.must(c.Write([][]byte{nil}, next))
		}
	}
	e.must(c.Write([][]byte{nil}, next))
	e.send(q, pattern(10))
	r.untilRead(10)
	stop = true
	_ = p
}
