package loop

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

// proxied is two Sockets on a simulated kernel, and their peers outside: what near sends is a's to read, and b sends to
// far.
type proxied struct {
	t         *testing.T
	w         *simkernel.World
	l         *Loop
	near, far *simkernel.Peer
	a, b      *stream.Socket
	events    []string
	toSend    int
	sent      int
	got       []byte
	eof       error
	stalled   bool // far does not read
}

// seen is a Transport whose bytes are seen: what is made around a connection hides that the kernel could move them.
type seen struct{ stream.Transport }

// newProxied makes a proxied pair. copying has the bytes pass through the process, as they did before there was a way
// round.
func newProxied(t *testing.T, o simkernel.Options, copying bool) *proxied {
	t.Helper()
	w, l := newSim(t, o)
	x := &proxied{t: t, w: w, l: l}
	var conns []*reactor.Conn
	ln, err := l.Listen("tcp", "127.0.0.1:7000", func(c *reactor.Conn) { conns = append(conns, c) })
	if err != nil {
		t.Fatal(err)
	}
	x.near, x.far = w.Dial("127.0.0.1:7000"), w.Dial("127.0.0.1:7000")
	x.settle()
	ln.Close(nil)
	x.settle()
	if len(conns) != 2 {
		t.Fatalf("%d connections were accepted", len(conns))
	}
	to := func(i int) stream.Transport {
		if copying {
			return seen{conns[i]}
		}
		return conns[i]
	}
	so := stream.SocketOptions{AllowHalfOpen: true}
	x.a, x.b = stream.NewSocket(l, to(0), so), stream.NewSocket(l, to(1), so)
	x.near.Notify(func(*simkernel.Peer) { x.send() })
	x.far.Notify(func(*simkernel.Peer) { x.take() })
	l.EndTurn()
	return x
}

// record notes a's and b's events.
func (x *proxied) record() {
	for name, s := range map[string]*stream.Socket{"a": x.a, "b": x.b} {
		note := func(what string) func() { return func() { x.events = append(x.events, name+" "+what) } }
		s.OnEnd(note("end"))
		s.OnFinish(note("finish"))
		s.OnClose(note("close"))
		s.OnPause(note("pause"))
		s.OnResume(note("resume"))
		s.OnDrain(note("drain"))
		s.OnPipe(func(stream.ReadableStream) { note("pipe")() })
		s.OnUnpipe(func(stream.ReadableStream) { note("unpipe")() })
		s.OnError(func(err error) { note(fmt.Sprintf("error %v", err))() })
	}
}

// turn is fn as a turn of its own, and all that follows from it.
func (x *proxied) turn(fn func()) {
	x.t.Helper()
	fn()
	x.l.EndTurn()
	x.settle()
}

// settle runs the loop until nothing moves any more.
func (x *proxied) settle() {
	x.t.Helper()
	quiet := 0
	for range 100_000 {
		before := x.w.Calls()
		if _, err := x.l.RunNoWait(); err != nil {
			x.t.Fatal(err)
		}
		after := x.w.Calls()
		before.Wait, before.EmptyWaits = after.Wait, after.EmptyWaits
		if quiet++; before != after {
			quiet = 0
		}
		if quiet == 5 {
			return
		}
	}
	x.t.Fatal("it never comes to rest")
}

// feed has near send n bytes more.
func (x *proxied) feed(n int) {
	x.t.Helper()
	x.toSend += n
	x.turn(x.send)
}

func (x *proxied) send() {
	for x.sent < x.toSend && !x.near.Closed() {
		p := make([]byte, min(x.toSend-x.sent, 32<<10))
		for i := range p {
			p[i] = relayed(x.sent + i)
		}
		n := x.near.Send(p)
		if x.sent += n; n < len(p) {
			return
		}
	}
}

// relayed is byte i of what near sends.
func relayed(i int) byte { return byte(i%251 + i>>16) }

func (x *proxied) take() {
	for !x.stalled && !x.far.Closed() {
		p, err := x.far.Recv(64 << 10)
		x.got = append(x.got, p...)
		if err != nil {
			x.eof = err
		}
		if len(p) == 0 {
			return
		}
	}
}

// stall has far not read, and flow lets it read again.
func (x *proxied) stall() { x.stalled = true }

func (x *proxied) flow() {
	x.t.Helper()
	x.stalled = false
	x.turn(x.take)
}

// wantAll checks that far has got the first n bytes that near has sent, and the end behind them or not.
func (x *proxied) wantAll(n int, ended bool) {
	x.t.Helper()
	if len(x.got) != n {
		x.t.Errorf("%d bytes have arrived, want %d", len(x.got), n)
	}
	for i, b := range x.got {
		if b != relayed(i) {
			x.t.Fatalf("byte %d is %#x, want %#x", i, b, relayed(i))
		}
	}
	if ended != (x.eof == io.EOF) {
		x.t.Errorf("the other side was told %v", x.eof)
	}
	if n := int(x.b.BytesWritten()); n < len(x.got) {
		x.t.Errorf("%d bytes have arrived, and %d were written", len(x.got), n)
	}
}

// spliced is how many bytes the kernel has moved by itself so far.
func (x *proxied) spliced() int { return int(x.l.r.Metrics().BytesSpliced) }

// wantSpliced checks whether there are any.
func (x *proxied) wantSpliced(some bool) {
	x.t.Helper()
	if n := x.spliced(); n > 0 != some {
		x.t.Errorf("%d bytes were spliced", n)
	}
}

// tubes is how many pipes are open.
func (x *proxied) tubes() int {
	n := 0
	for _, leak := range x.w.Leaks() {
		if strings.Contains(leak, "pipe with") {
			n++
		}
	}
	return n / 2
}
