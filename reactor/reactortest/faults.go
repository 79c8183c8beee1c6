package reactortest

import (
	"github.com/weir-go/weir/reactor"
)

var faultBehaviours = []behaviour{
	{"one_byte_at_a_time", nil, func(e *env) { echoUnder(e, 2000, func(k *Kernel) { k.MaxMove = 1 }) }},
	{"seven_bytes_at_a_time", nil, func(e *env) { echoUnder(e, 20_000, func(k *Kernel) { k.MaxMove = 7 }) }},
	{"eintr_handling", nil, func(e *env) { echoUnder(e, 200_000, every(2, reactor.EINTR)) }},
	{"eagain_everywhere", nil, func(e *env) { echoUnder(e, 200_000, every(2, reactor.EAGAIN)) }},
	{"enobufs_on_write", nil, func(e *env) { echoUnder(e, 200_000, everyWrite(3, reactor.ENOBUFS)) }},
	{"everything_at_once", nil, everythingAtOnce},
	{"enomem_for_a_reader", nil, noMemoryForReader},
	{"enomem_for_a_writer", nil, noMemoryForWriter},
	{"enomem_for_a_connect", tcp4, noMemoryForConnect},
	{"enomem_for_a_pause", nil, noMemoryForPause},
}

// every makes each n-th read, write and accept fail.
func every(n int, errno reactor.Errno) func(*Kernel) {
	return func(k *Kernel) {
		i := 0
		k.Fail = func(call Call, _ int) reactor.Errno {
			if call == CallRead || call == CallWrite || call == CallAccept {
				if i++; i%n == 0 {
					return errno
				}
			}
			return 0
		}
	}
}

func everyWrite(n int, errno reactor.Errno) func(*Kernel) {
	return func(k *Kernel) {
		i := 0
		k.Fail = func(call Call, _ int) reactor.Errno {
			if call == CallWrite {
				if i++; i%n == 0 {
					return errno
				}
			}
			return 0
		}
	}
}

// echoUnder echoes size bytes, lent and borrowed in turn, while the kernel behaves as fault says.
func echoUnder(e *env, size int, fault func(*Kernel)) {
	c, p := e.pair()
	fault(e.k)
	r := e.read(c)
	issued, done := 0, 0
	r.onRead = func(b []byte, err error) {
		if err != nil {
			e.must(c.CloseWrite(e.note("close write")))
			return
		}
		i := issued
		issued++
		finish := func(err error) {
			e.must(err)
			if done != i {
				e.Errorf("callback of write %d, want that of %d", i, done)
			}
			done++
		}
		if i%2 == 0 {
			e.must(c.WriteBorrowed(b, finish))
			return
		}
		half := len(b) / 2
		kept := append([]byte(nil), b...)
		e.must(c.Write([][]byte{kept[:half], nil, kept[half:]}, finish))
	}
	want := pattern(size)
	left, got := want, []byte(nil)
	buf := make([]byte, 64<<10)
	e.until("the echo", func() bool {
		left = left[p.Send(left[:min(len(left), 50_000)]):]
		n, err := p.Recv(buf)
		e.must(err)
		got = append(got, buf[:n]...)
		return len(got) == len(want)
	})
	e.wantBytes("the echo", got, want)
	p.CloseWrite()
	_, err := e.recvEnd(p)
	e.must(err)
	e.untilLogged(1)
	e.wantLog("close write: ok")
	if done != issued || c.WriteQueueSize() != 0 {
		e.Errorf("%d of %d writes told, %d bytes queued", done, issued, c.WriteQueueSize())
	}
}

func everythingAtOnce(e *env) {
	echoUnder(e, 50_000, func(k *Kernel) {
		k.MaxMove = 313
		i := 0
		k.Fail = func(call Call, _ int) reactor.Errno {
			if call == CallChange || call == CallReserve {
				return 0
			}
			i++
			return [...]reactor.Errno{0, reactor.EINTR, 0, reactor.EAGAIN, 0, 0, reactor.EINTR}[i%7]
		}
		k.Inject = func(events []reactor.Event, n int) int {
			for j := range n {
				// Every event twice, the second time with more than is true.
				if n+j < len(events) {
					events[n+j] = events[j]
					events[n+j].Ready |= reactor.CanRead | reactor.CanWrite | reactor.Ended
				}
			}
			return min(2*n, len(events))
		}
	})
}

// noMemoryForReader: the kernel cannot watch the connection; the reader is told, once, and may try again.
func noMemoryForReader(e *env) {
	c, p := e.pair()
	short := true
	e.failing(CallChange, reactor.ENOMEM, &short)
	r := e.read(c)
	r.untilEnd()
	r.wantEnds(reactor.ENOMEM)
	e.must(c.Write([][]byte{pattern(10)}, e.note("write")))
	e.recv(p, 10)
	e.untilLogged(1)
	e.wantLog("write: ok")
	c.Close(e.noteClose("close"))
	e.untilLogged(1)
	e.wantLog("close")
}

// noMemoryForWriter: what waits to be written fails, once.
func noMemoryForWriter(e *env) {
	c, _ := e.pair()
	short, full := true, true
	e.k.Fail = func(call Call, _ int) reactor.Errno {
		switch {
		case call == CallChange && short:
			return reactor.ENOMEM
		case call == CallWrite && full:
			return reactor.EAGAIN
		}
		return 0
	}
	e.must(c.Write([][]byte{pattern(10)}, e.note("1")))
	e.must(c.Write([][]byte{pattern(10)}, e.note("2")))
	e.must(c.CloseWrite(e.note("close write")))
	e.untilLogged(3)
	e.wantLog("1: ENOMEM", "2: ENOMEM", "close write: ok")
	if c.WriteQueueSize() != 0 || c.Active() {
		e.Errorf("queued %d bytes, active %v", c.WriteQueueSize(), c.Active())
	}
	c.Close(e.noteClose("close"))
	e.untilLogged(1)
}

func noMemoryForConnect(e *env) {
	short := true
	e.failing(CallChange, reactor.ENOMEM, &short)
	c, err := e.R.Connect("tcp", e.Silent(), e.note("connect"))
	e.must(err)
	e.must(c.Write([][]byte{pattern(10)}, e.note("write")))
	e.untilLogged(2)
	e.wantLog("connect: ENOMEM", "write: ENOMEM")
	c.Close(e.noteClose("close"))
	e.untilLogged(1)
}

// noMemoryForPause: if the kernel cannot be told to be silent, nothing is lost and nobody hears of it.
func noMemoryForPause(e *env) {
	c, p, r := e.reading()
	short := true
	e.failing(CallChange, reactor.ENOMEM, &short)
	c.ReadStop()
	e.send(p, pattern(10))
	e.settle()
	short = false
	r.start()
	r.untilRead(10)
	e.send(p, pattern(10))
	r.untilRead(20)
	r.wantEnds()
}
