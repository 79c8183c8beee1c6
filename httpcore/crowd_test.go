package httpcore

import (
	"runtime"
	"strings"
	"testing"
)

// heap is how many bytes are reachable.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools have kept goes with the second
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// drip is a body of n bytes, each a chunk of its own, and its end.
func drip(n int) string { return strings.Repeat("1\r\na\r\n", n) + "0\r\n\r\n" }

// feed sends all that the other side takes.
func feed(send func([]byte) int, run func(), s string) {
	b := []byte(s)
	for n := 1; n > 0 && len(b) > 0; {
		n = send(b)
		b = b[n:]
		run()
	}
}

// most is what an unread message may hold: docs say a mark and a read, and there are copies of the kernel's buffers here.
const most = 300 << 10

func TestRequestsOfOneByteChunksThatNobodyReadsAreHeldInAMarkAndARead(t *testing.T) {
	const clients, pipelined = 10, 5
	var reqs []*IncomingMessage
	k := newRig(t, ServerOptions{}, func(req *IncomingMessage, _ *ServerResponse) {
		reqs = append(reqs, req)
		req.Pause()
	})
	s := strings.Repeat("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"+drip(16<<10-1), pipelined)
	before := heap()
	for range clients {
		p := k.dial()
		defer k.run()
		defer p.Reset()
		feed(p.Send, k.run, s)
	}
	held := (heap() - before) / clients
	runtime.KeepAlive(s)
	t.Logf("%d requests in all: a connection holds %d KiB", len(reqs), held>>10)
	if held > most {
		t.Errorf("a connection holds %d bytes, want less than %d", held, most)
	}
	if n := reqs[0].ReadableLength(); n != 16<<10-1 {
		t.Errorf("%d bytes of the first body wait, want all", n)
	}
	k.l.Post(func() { reqs[0].Resume() })
	got := 0
	reqs[0].OnData(func(p []byte) { got += strings.Count(string(p), "a") })
	k.run()
	if got != 16<<10-1 {
		t.Errorf("got %d bytes of the first body, or others than were sent", got)
	}
}

func TestAnswersOfOneByteChunksThatNobodyReadsAreHeldInAMarkAndARead(t *testing.T) {
	const calls = 10
	k := newCallRig(t, AgentOptions{}, 1)
	var xs []*asked
	for range calls {
		xs = append(xs, k.ask(0, "GET", simURL, RequestOptions{}, func(x *asked) {
			x.q.OnResponse(func(r *IncomingMessage) { r.Pause() })
			x.q.End()
		}))
	}
	before := heap()
	for _, s := range k.peers {
		feed(s.p.Send, k.run, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+drip(200_000))
	}
	held := (heap() - before) / calls
	t.Logf("a response holds %d KiB", held>>10)
	if held > most {
		t.Errorf("a response holds %d bytes, want less than %d", held, most)
	}
	for _, x := range xs {
		if n := x.r.ReadableLength(); n != 16<<10 {
			t.Errorf("%d bytes wait, want the mark", n)
		}
		k.on(0, func() { x.q.Destroy(nil) })
	}
}

// Bodies that come byte by byte wait as answers that can't be sent yet: behind one that is not written, or because the client
// reads nothing.
func TestEchoesOfOneByteChunksThatNobodyReadsAreBounded(t *testing.T) {
	clients := int64(10)
	if slowBuild {
		clients = 2
	}
	for _, way := range []struct {
		name      string
		pipelined int // requests in front that are never answered
		most      int64
	}{
		{"behind another answer", 1, most},
		{"to a client that does not read", 0, 1 << 20},
	} {
		k := newRig(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
			if req.Method() == "POST" {
				req.Pipe(res)
			}
		})
		s := strings.Repeat(get("/"), way.pipelined) + "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + drip(500_000)
		before := heap()
		for range clients {
			p := k.dial()
			defer k.run()
			defer p.Reset()
			feed(p.Send, k.run, s)
		}
		held := (heap() - before) / clients
		runtime.KeepAlive(s)
		t.Logf("%s: a connection holds %d KiB", way.name, held>>10)
		if held > way.most {
			t.Errorf("%s: a connection holds %d bytes, want less than %d", way.name, held, way.most)
		}
	}
}

// Small pieces that wait for the connection are joined: what comes of it is the same, and so is who is told of what.
func TestSmallWritesOfAnAnswerThatWaitsLeaveInOrder(t *testing.T) {
	const writes = 600
	for _, lost := range []bool{false, true} {
		var first, second *ServerResponse
		k := newRig(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
			if req.Path() == "/first" {
				first = res
				return
			}
			second = res
		})
		p := k.dial()
		k.send(p, get("/first")+get("/second"))
		var want []byte
		given := make([]byte, 0, 3*writes) // memory that is given away, in pieces with room behind them
		told, failed := 0, 0
		k.l.Post(func() {
			second.SetHeader("Content-Length", "600")
			second.OnError(func(error) {})
			for i := range writes {
				b := byte('a' + i%26)
				want = append(want, b)
				var cb func(error)
				if i%8 == 0 {
					cb = func(err error) {
						if told != i {
							t.Errorf("the callback of write %d is told when that of %d is due", i, told)
						}
						if told += 8; err != nil {
							failed++
						}
					}
				}
				if i%3 == 1 {
					second.WriteChunk([]byte{b}, cb)
					continue
				}
				given = append(given, b, '#', '#')
				second.WriteOwned(given[len(given)-3:len(given)-2], cb)
			}
			second.End()
		})
		k.run()
		if told != 0 {
			t.Errorf("a callback is told of what has not left")
		}
		if lost {
			p.Reset()
			k.run()
			if told < writes || failed != writes/8 {
				t.Errorf("of a connection that was lost, callbacks are told up to write %d, %d with an error", told, failed)
			}
			continue
		}
		k.l.Post(func() { first.EndString("first") })
		k.run()
		k.read(p)
		if told < writes || failed > 0 {
			t.Errorf("callbacks are told up to write %d, %d with an error", told, failed)
		}
		if !strings.HasSuffix(string(k.got), "\r\n\r\n"+string(want)) {
			t.Errorf("the client got %q", k.got)
		}
		for i, b := range given {
			if i%3 != 0 && b != '#' {
				t.Fatal("somebody has written behind memory that was given away")
			}
		}
		p.Close()
		k.run()
	}
}
