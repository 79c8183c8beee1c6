package weirtest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
	"github.com/weir-go/weir/weirtest"
)

// store is the handler under test: it keeps an upload as a file, if it comes whole.
func store(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	res.NoDate = true
	name := "/uploads" + req.Path()
	stream.Pipeline(func(err error) {
		if err != nil {
			res.Destroy(err)
			return
		}
		res.StatusCode = 201
		res.EndString("kept\n")
	}, req, files.Replace(req.Loop(), name, files.ReplaceOptions{}))
}

// The examples are tests, so they need a *testing.T. Here is one that says what it is told.
var t = &sayingT{}

type sayingT struct{ fakeT }

func (s *sayingT) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// A test of a handler: a client sends half of an upload, pauses for a while, and sends the rest.
func ExampleWorld() {
	w := weirtest.New(t, weirtest.Options{})
	w.MakeFolder("/uploads")
	p := w.Dial(w.ServeRequests(store))

	p.Write("PUT /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
	w.Advance(20 * time.Second)
	_, there := w.ReadFile("/uploads/a.txt")
	fmt.Println("half of it was sent; the file is there:", there)

	p.Write("world")
	r := p.ReadResponse()
	data, _ := w.ReadFile("/uploads/a.txt")
	fmt.Printf("%d %q, after %v\n", r.StatusCode, data, w.Now().Round(time.Second))

	w.Finish() // a test calls it at its end by itself
	// Output:
	// half of it was sent; the file is there: false
	// 201 "helloworld", after 20s
}

// The same handler, with clients that die at every byte of their request and of its answer, in every manner. Nothing may be left of them, on
// the disk either, and the next client must be served.
func ExampleEveryByte() {
	worlds := 0
	weirtest.EveryByte(t, weirtest.Options{}, "PUT /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", func(w *weirtest.World) string {
		worlds++
		w.MakeFolder("/uploads")
		w.OnFinish(func() {
			for _, name := range w.FileNames("/uploads") {
				if data, _ := w.ReadFile(name); string(data) != "hello" {
					t.Errorf("half an upload is there: %s has %q", name, data)
				}
			}
		})
		return w.ServeRequests(store)
	})
	fmt.Println("it was killed more than fifty times:", worlds > 50)
	// Output:
	// it was killed more than fifty times: true
}

// A gateway, whose upstream server is played by the test, and is not there for a while.
func ExampleWorld_Listen() {
	w := weirtest.New(t, weirtest.Options{})
	up := w.Listen("10.0.0.1:80")
	client := w.Dial(w.ServeRequests(gateway("http://10.0.0.1")))

	client.Write("GET /news HTTP/1.1\r\nHost: a\r\n\r\n")
	server := up.Accept()
	fmt.Println("the gateway asks for", server.ReadRequest().Target)
	server.Write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnone")
	fmt.Printf("the client gets %q\n", client.ReadResponse().Body)

	server.Close()
	up.Close()
	client.Write("GET /more HTTP/1.1\r\nHost: a\r\n\r\n")
	fmt.Println("and then", client.ReadResponse().StatusCode)
	w.Finish()
	// Output:
	// the gateway asks for /news
	// the client gets "none"
	// and then 502
}

// A long poll: an answer that comes when there is something to say, or after a minute.
func ExampleWorld_Advance() {
	w := weirtest.New(t, weirtest.Options{})
	p := w.Dial(w.ServeRequests(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		res.NoDate = true
		timer := req.Loop().NewTimer()
		timer.Start(func() { res.EndString("nothing new") }, time.Minute, 0)
		res.OnClose(func() { timer.Close(nil) })
	}))
	p.Write("GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
	w.Advance(59 * time.Second)
	fmt.Println("after 59 s:", p.Received(), "bytes")
	w.Advance(time.Second)
	fmt.Printf("after 60 s: %q\n", p.ReadResponse().Body)
	w.Finish()
	// Output:
	// after 59 s: 0 bytes
	// after 60 s: "nothing new"
}

// A hundred worlds in which everything goes wrong that can. What must hold is that an answer is whole or an error, and that nothing is left.
func ExampleSwarm() {
	_ = func(t *testing.T) { // the test
		weirtest.Swarm(t, 100, weirtest.Options{}, func(t *testing.T, w *weirtest.World) {
			p := w.Dial(w.ServeRequests(store))
			p.Write("PUT /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
			if r, err := p.TryResponse(); err == nil && r.StatusCode == 201 {
				if data, _ := w.ReadFile("/uploads/a.txt"); string(data) != "hello" {
					t.Errorf("it says that it is kept, and has %q", data)
				}
			}
		})
	}
}

// A client that takes a kilobyte a second of an answer of a megabyte: the handler waits, and holds next to nothing meanwhile.
func ExamplePeer() {
	w := weirtest.New(t, weirtest.Options{SendBuffer: 4 << 10, ReceiveBuffer: 4 << 10})
	w.WriteFile("/big", make([]byte, 1<<20))
	written := int64(0)
	p := w.Dial(w.ServeRequests(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		src := files.Open(req.Loop(), "/big", files.ReadOptions{})
		src.OnData(func(p []byte) { written += int64(len(p)) })
		stream.Pipeline(func(error) {}, src, res)
	}))

	p.Pause()
	p.Write("GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	for range 3 {
		w.Advance(time.Second)
		fmt.Println("a kilobyte came:", p.Take(1<<10) == 1<<10)
	}
	fmt.Println("the handler waits:", written < 256<<10)

	p.Resume()
	text, err := p.ReadAll()
	fmt.Println("and then all of it:", len(text) > 1<<20, err)
	w.Finish()
	// Output:
	// a kilobyte came: true
	// a kilobyte came: true
	// a kilobyte came: true
	// the handler waits: true
	// and then all of it: true <nil>
}

// An upstream server that answers by itself.
func ExampleUpstream() {
	w := weirtest.New(t, weirtest.Options{})
	w.Host("news.example", "10.0.0.1")
	up := w.Answer("10.0.0.1:80", func(r *weirtest.Request) string {
		return "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + r.Target[1:5]
	})
	address := w.ServeRequests(gateway("http://news.example"))
	for _, target := range []string{"/more", "/none"} {
		r := w.Get(address, target)
		fmt.Println(r.StatusCode, string(r.Body))
	}
	fmt.Println("over", up.Connections(), "connection")
	w.Finish()
	// Output:
	// 200 more
	// 200 none
	// over 1 connection
}

// A network that cuts everything into crumbs, and a kernel that takes and gives less than it could: an answer is the same.
func ExampleFaults() {
	w := weirtest.New(t, weirtest.Options{
		Seed:   7,
		Faults: weirtest.Faults{Crumbs: 0.5, ShortReads: 0.5, ShortWrites: 0.5},
	})
	address := w.ServeRequests(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) { req.Pipe(res) })
	r := w.Ask(address, "POST", "/echo", "hello, world")
	fmt.Println(r.StatusCode, string(r.Body))
	w.Finish()
	// Output: 200 hello, world
}

// A test with real sockets ends with as many descriptors and goroutines as it began with.
func ExampleCheckLeaks() {
	_ = func(t *testing.T) { // the test
		weirtest.CheckLeaks(t)
		g, err := loop.NewGroup(loop.GroupOptions{})
		if err != nil {
			t.Fatal(err)
		}
		// … listen, and go g.Run()
		if err := g.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := g.Close(); err != nil { // without it the pollers are found
			t.Fatal(err)
		}
	}
}

// A machine that is not kind: bytes take a while, buffers are small, and a test that holds too much fails. A round trip costs twice the latency.
func ExampleOptions() {
	w := weirtest.New(t, weirtest.Options{
		Latency:       50 * time.Millisecond,
		SendBuffer:    8 << 10,
		ReceiveBuffer: 8 << 10,
		HeapLimit:     64 << 20,
	})
	p := w.Dial(w.ServeRequests(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) { res.EndString("hello") }))
	began := w.Now()
	p.Write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	r := p.ReadResponse()
	fmt.Println(r.StatusCode, "after", (w.Now() - began).Round(10*time.Millisecond))
	w.Finish()
	// Output: 200 after 100ms
}

// What a gateway asks of its upstream server, as that has received it.
func ExampleRequest() {
	w := weirtest.New(t, weirtest.Options{})
	w.Answer("10.0.0.1:80", func(r *weirtest.Request) string {
		fmt.Printf("%s %s for %s: %q\n", r.Method, r.Target, r.Header("host"), r.Body)
		return "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nkept"
	})
	address := w.ServeRequests(gateway("http://10.0.0.1"))
	fmt.Printf("%s\n", w.Ask(address, "POST", "/items?id=1", "hello").Body)
	w.Finish()
	// Output:
	// POST /items?id=1 for 10.0.0.1: "hello"
	// kept
}

// An answer with what was said before it: the handler sends hints, and then something that is not there.
func ExampleResponse() {
	w := weirtest.New(t, weirtest.Options{})
	r := w.Get(w.ServeRequests(func(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		res.WriteEarlyHints("Link", "</style.css>; rel=preload")
		res.StatusCode = 404
		res.EndString("not here")
	}), "/page")
	fmt.Println(r.Interim, r.StatusCode, r.Reason)
	fmt.Printf("%q\n", r.Body)
	w.Finish()
	// Output:
	// [103] 404 Not Found
	// "not here"
}

// Requests and responses have fields, a body and trailers: whatever its framing was, the body is without it.
func ExampleMessage() {
	w := weirtest.New(t, weirtest.Options{})
	r := w.Get(w.ServeRequests(func(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		res.NoDate = true
		res.SetHeader("Content-Type", "text/plain")
		res.WriteString("hello, ") // in pieces, so it is chunked
		res.WriteString("world")
		res.AddTrailer("Server-Timing", "app;dur=5")
		res.End()
	}), "/")
	m := r.Message
	fmt.Printf("%s, %s: %q\n", m.Header("content-type"), m.Header("transfer-encoding"), m.Body)
	fmt.Println(m.Trailers)
	w.Finish()
	// Output:
	// text/plain, chunked: "hello, world"
	// [Server-Timing app;dur=5]
}
