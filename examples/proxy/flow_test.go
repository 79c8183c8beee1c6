package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"

	"github.com/weir-go/weir/internal/exampletest"
)

// much is a body that nobody sends all of.
const much = int64(1 << 40)

// flood has p send until nobody takes anything any more, and returns how much was taken.
func flood(p *peer) int {
	p.t.Helper()
	return exampletest.Flood(p.t, p)
}

func TestAClientThatDoesNotReadStopsTheServer(t *testing.T) {
	for _, framing := range []string{fmt.Sprintf("Content-Length: %d\n", much), "Transfer-Encoding: chunked\n", ""} {
		s := stage(t)
		c := s.dial(get)
		up := s.accept()
		up.head()
		up.say("HTTP/1.1 200 OK\n" + framing + "\n")
		if framing == "Transfer-Encoding: chunked\n" {
			up.say(fmt.Sprintf("%x\n", much))
		}
		sent := flood(up)
		res, err := http.ReadResponse(c.r, nil) // and it gets what was taken, when it reads on
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.CopyN(io.Discard, res.Body, int64(sent)); err != nil {
			t.Errorf("%q: %d of %d bytes came, and then %v", framing, n, sent, err)
		}
	}
}

func TestAServerThatDoesNotReadStopsTheClient(t *testing.T) {
	for _, framing := range []string{fmt.Sprintf("Content-Length: %d\n", much), "Transfer-Encoding: chunked\n"} {
		s := stage(t)
		c := s.dial("PUT / HTTP/1.1\nHost: a\n" + framing + "\n")
		if framing == "Transfer-Encoding: chunked\n" {
			c.say(fmt.Sprintf("%x\n", much))
		}
		up := s.accept()
		sent := flood(c)
		req, err := http.ReadRequest(up.r)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.CopyN(io.Discard, req.Body, int64(sent)); err != nil {
			t.Errorf("%q: %d of %d bytes came, and then %v", framing, n, sent, err)
		}
	}
}

// What is held of an exchange that stands still is the same whatever is behind it: here a terabyte each.
func TestManyAnswersThatNobodyReadsHoldLittle(t *testing.T) {
	const clients = 50
	s := stage(t)
	var stalled sync.WaitGroup
	ups := make([]*peer, clients)
	for i := range clients {
		s.dial(get)
		ups[i] = s.accept()
	}
	before := heap()
	for _, up := range ups {
		stalled.Go(func() {
			up.head()
			up.say(fmt.Sprintf("HTTP/1.1 200 OK\nContent-Length: %d\n\n", much))
			flood(up)
		})
	}
	stalled.Wait()
	// A read that was not parsed, the marks of two streams, a write under way: and then again as much.
	if each := (heap() - before) / clients; each > 256<<10 {
		t.Errorf("each holds %d bytes", each)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestALargeBodyComesThroughAsItIs(t *testing.T) {
	s := stage(t)
	body := make([]byte, 16<<20)
	for i := range body {
		body[i] = byte(i * i >> 7)
	}
	c := s.dial(fmt.Sprintf("PUT / HTTP/1.1\nHost: a\nContent-Length: %d\n\n", len(body)))
	go c.Write(body)
	up := s.accept()
	req, err := http.ReadRequest(up.r)
	if err != nil {
		t.Fatal(err)
	}
	up.say("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n") // and back while it comes
	go func() {
		buf := make([]byte, 30_000)
		for {
			n, err := req.Body.Read(buf)
			if n > 0 {
				fmt.Fprintf(up, "%x\r\n%s\r\n", n, buf[:n])
			}
			if err != nil {
				up.Write([]byte("0\r\n\r\n"))
				return
			}
		}
	}()
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.New()
	n, err := io.Copy(hash, res.Body)
	if want := sha256.Sum256(body); err != nil || !bytes.Equal(hash.Sum(nil), want[:]) {
		t.Errorf("%d of %d bytes came back, not all of them the same, and %v", n, len(body), err)
	}
}

// before puts a proxy before a server of somebody else's.
func before(t *testing.T, h http.HandlerFunc) *scene {
	t.Helper()
	watchDescriptors(t)
	ts := httptest.NewServer(h)
	t.Cleanup(ts.Close)
	return front(t, &proxy{upstream: ts.Listener.Addr().String()})
}

func TestTheServersConnectionsAreUsedAgain(t *testing.T) {
	s := before(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	for i := range 100 {
		body := fmt.Sprintf("%04d", i)
		c := s.dial("POST / HTTP/1.1\nHost: a\nConnection: close\nContent-Length: 4\n\n" + body)
		c.gets(200, body)
		c.ended()
		c.Close()
	}
	if m := s.p.agent.Metrics(); m.Connections > 2 || m.Requests != 100 { // each loop has its own
		t.Errorf("%d requests took %d connections", m.Requests, m.Connections)
	}
}

func TestManyRequestsAreUnderWayAtOnce(t *testing.T) {
	const clients = 200
	var arrived sync.WaitGroup
	arrived.Add(clients)
	s := before(t, func(w http.ResponseWriter, r *http.Request) {
		arrived.Done()
		arrived.Wait() // nobody is answered before all have asked
		io.Copy(w, r.Body)
	})
	peers := make([]*peer, clients)
	for i := range peers {
		peers[i] = s.dial(fmt.Sprintf("POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n4\n%04d\n0\n\n", i))
	}
	for i, c := range peers {
		c.gets(200, fmt.Sprintf("%04d", i))
	}
	for _, c := range peers {
		c.Close()
	}
}
