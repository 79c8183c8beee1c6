package weirtest_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
	"github.com/weir-go/weir/weirtest"
)

// inUse is how many bytes are reachable.
func inUse() int {
	runtime.GC()
	runtime.GC() // what pools have kept goes with the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// least is the part of a bound that has to be reached by somebody who tries, or else it would be no help.
const least = 1.0 / 3

// within wants held to be at most the bound, and a good part of it.
func within(t *testing.T, what string, held, bound int) {
	t.Helper()
	t.Logf("%s: %d KiB are held, the bound is %d KiB: %d %%", what, held>>10, bound>>10, 100*held/bound)
	if held > bound {
		t.Errorf("%s: %d bytes are held, more than the bound of %d", what, held, bound)
	}
	if float64(held) < least*float64(bound) {
		t.Errorf("%s: %d bytes are held at worst, the bound of %d says nothing", what, held, bound)
	}
}

// nasty is how long pieces are that waste their blocks most: a block is four times as large as the one that is just too small.
const nasty = 1<<10 + 1

const mark = 16 << 10

// longHead is a head of nearly all that is allowed, without its last line.
func longHead(first string) string {
	line := first + "Host: a\r\n"
	for _, name := range []string{"A", "B"} {
		line += name + ": " + strings.Repeat("x", 8<<10-10) + "\r\n"
	}
	return line[:len(line)-2-40] + "\r\n"
}

// unread sends a body that fills its reader's buffer to a byte below the mark, in pieces that waste the most.
func unread(p *weirtest.Peer, chunked bool) {
	for left := mark - 1; left > 0; {
		n := min(nasty, left)
		if n == nasty && left-n > 0 && left-n < 300 {
			n = left // the last piece would be small
		}
		if chunked {
			p.Write(hex(n) + "\r\n" + strings.Repeat("b", n) + "\r\n")
		} else {
			p.Write(strings.Repeat("b", n))
		}
		left -= n
	}
}

func hex(n int) string {
	const digits = "0123456789abcdef"
	s := ""
	for ; n > 0; n /= 16 {
		s = string(digits[n%16]) + s
	}
	return s
}

// lastRead is one read that brings a chunk that wastes its block, and then as much as a read can.
func lastRead(p *weirtest.Peer) {
	const n = 16<<10 + 1
	s := hex(n) + "\r\n" + strings.Repeat("c", n) + "\r\n"
	rest := oneRead - len(s) - len("ffff\r\n")
	p.Write(s + "ffff\r\n" + strings.Repeat("d", rest))
}

// smallest is how long the smallest writes are.
func smallest() int {
	if slowBuild {
		return 16
	}
	return 1
}

// flood writes what a handler may write, in pieces of step bytes, and then as much at once as a pipe does.
func flood(s writable, step int) {
	piece := make([]byte, step)
	for s.WritableLength()+step < mark {
		s.WriteChunk(piece, nil)
	}
	s.WriteChunk(make([]byte, oneRead), nil)
}

// kernels is what the simulated kernel keeps of a connection for a peer that does not read: 64 KiB at its end, and our send buffer.
const kernels = 66 << 10

// The worst that clients can do to a server: they send four requests with heads as long as may be and bodies that their handlers do not
// read, and read nothing of four answers.
func TestAServerHoldsItsBoundUnderTheWorstOfClients(t *testing.T) {
	const clients = 3
	for _, c := range []struct {
		name string
		step int
	}{{"with the smallest of writes", smallest()}, {"with writes of 1 KiB", nasty}} {
		w := weirtest.New(t, weirtest.Options{SendBuffer: 2 << 10})
		s := httpcore.NewServer(httpcore.ServerOptions{})
		var kept []*httpcore.IncomingMessage
		var answers []*httpcore.ServerResponse
		s.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
			kept = append(kept, req)
			res.SetHeader("Content-Length", "10000000")
			if len(answers) == 0 {
				res.WriteChunk(make([]byte, kernels), nil) // from here on bytes wait with us
			}
			if answers = append(answers, res); len(answers) == 4 { // now they are all there
				all := answers
				answers = nil
				err := req.Loop().Post(func() { // writes of the turn that brings the requests are gathered
					for _, res := range all {
						flood(res, c.step)
					}
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
		addr := w.Serve(s)
		before := inUse()
		var peers []*weirtest.Peer
		for range clients {
			p := w.Dial(addr)
			peers = append(peers, p)
			p.Pause()
			for range 3 {
				p.Write(longHead("POST / HTTP/1.1\r\n") + "Content-Length: 16383\r\n\r\n")
				unread(p, false)
			}
			p.Write(longHead("POST / HTTP/1.1\r\n") + "Transfer-Encoding: chunked\r\n\r\n")
			unread(p, true)
			lastRead(p)
		}
		held := (inUse()-before)/clients - kernels
		if len(kept) != 4*clients {
			t.Errorf("%d requests have come, want %d", len(kept), 4*clients)
		}
		b := httpcore.ServerOptions{}.MemoryBound(httpcore.Load{SmallestWrite: c.step})
		within(t, "a connection of a server, "+c.name, held, b.Connection)
		runtime.KeepAlive(kept)
		kept = nil
		for _, p := range peers {
			p.Reset()
		}
		if left := inUse() - before; left > b.Loop {
			t.Errorf("%d bytes are kept when all have gone, more than the bound of %d", left, b.Loop)
		}
	}
}

// The worst that a server can do to its clients: it sends a long head and a body that nobody reads on, and does not read the
// requests.
func TestAnAgentHoldsItsBoundUnderTheWorstOfServers(t *testing.T) {
	const calls = 3
	for _, c := range []struct {
		name string
		step int
	}{{"with the smallest of writes", smallest()}, {"with writes of 1 KiB", nasty}} {
		w := weirtest.New(t, weirtest.Options{SendBuffer: 2 << 10})
		up := w.Listen("10.0.0.1:80")
		a := httpcore.NewAgent(httpcore.AgentOptions{})
		w.WatchAgent(a)
		var requests []*httpcore.ClientRequest
		call := func(o httpcore.RequestOptions, then func(*httpcore.ClientRequest)) {
			req, err := httpcore.NewRequest(w.Loop(), "POST", "http://10.0.0.1/", o)
			if err != nil {
				t.Error(err)
				return
			}
			requests = append(requests, req)
			req.OnError(func(error) {})
			req.OnResponse(func(*httpcore.IncomingMessage) {})
			req.SetHeader("Content-Length", "10000000")
			then(req)
		}
		before := inUse()
		for range calls {
			w.Do(func() {
				call(httpcore.RequestOptions{Agent: a}, func(req *httpcore.ClientRequest) { req.FlushHeaders() })
			})
			p := up.Accept()
			p.Pause()
			req := requests[len(requests)-1]
			w.Do(func() { req.WriteChunk(make([]byte, kernels), nil) })
			w.Do(func() { flood(req, c.step) })
			p.Write(longHead("HTTP/1.1 200 OK\r\n") + "Transfer-Encoding: chunked\r\n\r\n")
			unread(p, true)
			lastRead(p)
		}
		held := (inUse()-before)/calls - kernels
		b := httpcore.AgentOptions{}.MemoryBound(httpcore.RequestOptions{}, httpcore.Load{SmallestWrite: c.step})
		within(t, "a connection of an agent, "+c.name, held, b.Connection)

		before = inUse()
		full := httpcore.NewAgent(httpcore.AgentOptions{MaxSockets: 1})
		w.WatchAgent(full)
		w.Do(func() {
			call(httpcore.RequestOptions{Agent: full}, func(req *httpcore.ClientRequest) { req.FlushHeaders() })
		})
		for range calls {
			w.Do(func() {
				call(httpcore.RequestOptions{Agent: full}, func(req *httpcore.ClientRequest) { flood(req, c.step) })
			})
		}
		within(t, "a request that waits, "+c.name, (inUse()-before)/calls, b.Waiting)
		w.Do(func() {
			for _, req := range requests {
				req.Destroy(nil)
			}
		})
		a.Destroy()
		full.Destroy()
		w.Run()
	}
}

func TestASocketHoldsItsBound(t *testing.T) {
	const clients = 3
	w := weirtest.New(t, weirtest.Options{SendBuffer: 2 << 10})
	var sockets []*stream.Socket
	o := stream.SocketOptions{}
	addr := w.ServeSockets(o, func(s *stream.Socket) {
		sockets = append(sockets, s)
		s.OnError(func(error) {})
	})
	before := inUse()
	for range clients {
		p := w.Dial(addr)
		p.Pause()
		unread(p, false)
		p.Write(strings.Repeat("x", oneRead))
		s := sockets[len(sockets)-1]
		w.Do(func() { s.WriteChunk(make([]byte, kernels), nil) })
		w.Do(func() { flood(s, smallest()) })
	}
	held := (inUse()-before)/clients - kernels
	within(t, "a socket", held, o.MemoryBound(oneRead, mark/smallest())+loop.ConnBound(mark, mark/smallest(), oneRead))
	w.Do(func() {
		for _, s := range sockets {
			s.Destroy(nil)
		}
	})
}

// What an idle connection holds is told from what the simulated kernel holds of it by having connections that no server has.
func TestIdleConnectionsHoldTheirBound(t *testing.T) {
	const clients = 500
	each := func(serve func(w *weirtest.World) string) int {
		w := weirtest.New(t, weirtest.Options{})
		addr := serve(w)
		p := w.Dial(addr)
		p.Write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		before := inUse()
		for range clients {
			p := w.Dial(addr)
			p.Write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		}
		return (inUse() - before) / clients
	}
	bare := each(func(w *weirtest.World) string {
		ln, err := w.Group().Listen("tcp", "127.0.0.1:0", func(_ *loop.Loop, c *loop.Conn) {
			c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
				if err != nil {
					c.Close(nil)
				} else {
					c.WriteBorrowed([]byte(weirtest.RequestText("GET", "/", "an answer of about the same length, as its client keeps it")), nil)
				}
			}))
		})
		if err != nil {
			t.Fatal(err)
		}
		return ln.Addr().String()
	})
	served := each(func(w *weirtest.World) string { return w.ServeRequests(echo) })
	within(t, "an idle connection", served-bare, httpcore.ServerOptions{}.MemoryBound(httpcore.Load{}).Idle-loop.ConnBound(0, 0, 0))
}

func TestWhatMovesABound(t *testing.T) {
	of := func(o httpcore.ServerOptions, l httpcore.Load) httpcore.Bound { return o.MemoryBound(l) }
	plain := of(httpcore.ServerOptions{}, httpcore.Load{})
	for name, b := range map[string]httpcore.Bound{
		"a lower mark":           of(httpcore.ServerOptions{HighWaterMark: 1 << 10}, httpcore.Load{}),
		"no buffer":              of(httpcore.ServerOptions{HighWaterMark: stream.NoBuffer}, httpcore.Load{}),
		"shorter heads":          of(httpcore.ServerOptions{Limits: h1.Limits{Header: 4 << 10}}, httpcore.Load{}),
		"a smaller read buffer":  of(httpcore.ServerOptions{}, httpcore.Load{ReadBuffer: 8 << 10}),
		"larger writes at least": of(httpcore.ServerOptions{}, httpcore.Load{SmallestWrite: 100}),
		"smaller writes at most": of(httpcore.ServerOptions{}, httpcore.Load{Write: 1 << 10}),
	} {
		if b.Connection >= plain.Connection {
			t.Errorf("%s makes the bound %d, of %d", name, b.Connection, plain.Connection)
		}
	}
	if got, want := plain.Total(3, 2), 3*plain.Connection+2*plain.Loop; got != want {
		t.Errorf("the total is %d, want %d", got, want)
	}
	if sum := plain.Idle + plain.Head + plain.Message + plain.Body + plain.Ahead + plain.Output; sum != plain.Connection || plain.Waiting != 0 {
		t.Errorf("the terms of %+v add up to %d", plain, sum)
	}
}

func TestFilesHoldTheirBounds(t *testing.T) {
	const streams = 8
	w := weirtest.New(t, weirtest.Options{Faults: weirtest.Faults{ShortReads: 1}}) // which leaves blocks half empty
	w.WriteFile("/large", make([]byte, 1<<20))
	var all []stream.Stream
	ro := files.ReadOptions{}
	worst := 0
	for range streams {
		before := inUse()
		w.Do(func() {
			r := files.Open(w.Loop(), "/large", ro)
			r.OnReadable(func() {}) // and nobody reads
			all = append(all, r)
		})
		worst = max(worst, inUse()-before)
	}
	within(t, "a file that is read", worst, ro.MemoryBound())

	wo := files.WriteOptions{}
	before := inUse()
	for range streams {
		w.Do(func() {
			s := files.Create(w.Loop(), "/new", wo)
			all = append(all, s)
			s.Cork() // as long as a slow disk
			for s.WritableLength()+nasty < s.WritableHighWaterMark() {
				s.WriteChunk(make([]byte, nasty), nil)
			}
			s.WriteChunk(make([]byte, oneRead), nil)
		})
	}
	within(t, "a file that is written", (inUse()-before)/streams, wo.MemoryBound(oneRead))
	w.Do(func() {
		for _, s := range all {
			s.Destroy(nil)
		}
	})
}
