package httpcore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// An agent for a server that is overworked: few connections, and a short queue before them. Who comes then is told at once.
func ExampleAgentOptions() {
	askOf(hello, func(l *loop.Loop, url string) {
		agent := httpcore.NewAgent(httpcore.AgentOptions{MaxSockets: 1, MaxQueued: 1, IdleTimeout: 5 * time.Second})
		c := httpcore.NewClient(httpcore.ClientOptions{Request: httpcore.RequestOptions{Agent: agent}})
		left, answered, refused := 3, 0, 0
		for range left {
			c.Do(l, httpcore.Call{URL: url}, func(_ *httpcore.Reply, err error) {
				switch {
				case errors.Is(err, httpcore.ErrQueueFull):
					refused++
				case err != nil:
					log.Fatal(err)
				default:
					answered++
				}
				if left--; left == 0 {
					fmt.Println(answered, "answered,", refused, "refused")
					agent.Destroy()
					l.Stop()
				}
			})
		}
	})
	// Output: 2 answered, 1 refused
}

// What a program shows of its clients: how much is under way, and how often a connection could be used again.
func ExampleAgentMetrics() {
	askOf(hello, func(l *loop.Loop, url string) {
		agent := httpcore.NewAgent(httpcore.AgentOptions{})
		c := httpcore.NewClient(httpcore.ClientOptions{Request: httpcore.RequestOptions{Agent: agent}})
		c.Do(l, httpcore.Call{URL: url}, func(_ *httpcore.Reply, err error) {
			if err != nil {
				log.Fatal(err)
			}
			l.Post(func() { // the connection is idle by now
				m := agent.Metrics()
				fmt.Println("busy", m.Sockets, "idle", m.FreeSockets, "waiting", m.Queued, "failed", m.Failed)
				agent.Destroy()
				l.Stop()
			})
		})
		m := agent.Metrics()
		fmt.Println("busy", m.Sockets, "idle", m.FreeSockets, "waiting", m.Queued, "failed", m.Failed)
	})
	// Output:
	// busy 1 idle 0 waiting 0 failed 0
	// busy 0 idle 1 waiting 0 failed 0
}

// A server that never answers costs its client ten milliseconds.
func ExampleRequestOptions() {
	silent := func(*httpcore.IncomingMessage, *httpcore.ServerResponse) {}
	askOf(silent, func(l *loop.Loop, url string) {
		req, err := httpcore.NewRequest(l, "GET", url, httpcore.RequestOptions{
			Header:       []string{"Accept", "application/json"},
			TotalTimeout: 10 * time.Millisecond, // from here to the end of the answer
		})
		if err != nil {
			log.Fatal(err)
		}
		req.OnError(func(err error) { fmt.Println(errors.Is(err, httpcore.ErrResponseTimeout), stream.CodeOf(err)) })
		req.OnClose(l.Stop)
		req.End()
	})
	// Output: true ETIMEDOUT
}

// What all requests of a client have in common. An answer that is longer than anybody expects is not read to its end.
func ExampleClientOptions() {
	long := func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		res.EndWith(make([]byte, 1<<20), nil)
	}
	askOf(long, func(l *loop.Loop, url string) {
		c := httpcore.NewClient(httpcore.ClientOptions{
			Request: httpcore.RequestOptions{Header: []string{"User-Agent", "example"}, TotalTimeout: time.Minute},
			MaxBody: 64 << 10,
		})
		c.Do(l, httpcore.Call{URL: url}, func(_ *httpcore.Reply, err error) {
			fmt.Println(errors.Is(err, httpcore.ErrBodyTooLarge))
			l.Stop()
		})
	})
	// Output: true
}

// A call with all that it may have. Its context ends it wherever it is.
func ExampleCall() {
	askOf(echo, func(l *loop.Loop, url string) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		call := httpcore.Call{
			Method:  "PUT",
			URL:     url + "items/1",
			Header:  []string{"Content-Type", "application/json"},
			Body:    []byte(`{"name":"weir"}`),
			Context: ctx,
		}
		httpcore.NewClient(httpcore.ClientOptions{}).Do(l, call, func(p *httpcore.Reply, err error) {
			defer l.Stop()
			defer cancel()
			if err != nil {
				log.Fatal(err)
			}
			fmt.Printf("%s\n", p.Body)
		})
	})
	// Output: {"name":"weir"}
}

// An answer with any status is an answer, not an error; URL says where it came from in the end.
func ExampleReply() {
	moved := func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		if req.Path() == "/" {
			res.StatusCode = 302
			res.SetHeader("Location", "/elsewhere")
			res.End()
			return
		}
		res.StatusCode = 404
		res.SetHeader("Content-Type", "text/plain")
		res.EndString("nor here")
	}
	askOf(moved, func(l *loop.Loop, url string) {
		c := httpcore.NewClient(httpcore.ClientOptions{MaxRedirects: 1})
		c.Do(l, httpcore.Call{URL: url}, func(p *httpcore.Reply, err error) {
			defer l.Stop()
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println(p.URL == url+"elsewhere", p.StatusCode, p.StatusMessage)
			fmt.Printf("%s: %s\n", p.Header("content-type"), p.Body)
		})
	})
	// Output:
	// true 404 Not Found
	// text/plain: nor here
}

// Clients that speak no HTTP are counted by what they do wrong. Nothing is done with the answer, so they get the usual one.
func ExampleClientError() {
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnClientError(func(e *httpcore.ClientError) {
		var wrong *h1.Error
		switch {
		case errors.As(e.Err, &wrong):
			fmt.Println(wrong.Code, "at byte", wrong.Offset)
		case errors.Is(e.Err, httpcore.ErrTimeout):
			fmt.Println("slow")
		default:
			fmt.Println("lost")
		}
	})
	talkTo(srv, "GET / HTTP/1.1\r\n\r\n")
	// Output:
	// INVALID_HOST at byte 17
	// answer: 400
}

// A hook's ConnStats is the same from a connection's beginning to its end, so it may be a key.
func ExampleConnStats() {
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(hello)
	open := map[*httpcore.ConnStats]netip.AddrPort{} // of one loop: with several it needs a lock
	srv.OnConnection(func(c *httpcore.ConnStats) {
		open[c] = c.RemoteAddr
		fmt.Println("open:", len(open))
	})
	srv.OnConnectionClose(func(c *httpcore.ConnStats) {
		delete(open, c)
		fmt.Println("open:", len(open), "requests:", c.Requests, "error:", c.Err)
	})
	talkTo(srv, "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	// Unordered output:
	// open: 1
	// answer: 200 hello
	// open: 0 requests: 2 error: <nil>
}

// A count of answers by their class, in which what was refused is not missing: it has no Request.
func ExampleRequestStats() {
	classes := map[string]int{}
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(hello)
	srv.OnRequestDone(func(x *httpcore.RequestStats) {
		method := "none"
		if x.Request != nil {
			method = x.Request.Method()
		}
		classes[fmt.Sprintf("%s %dxx", method, x.StatusCode/100)]++
	})
	srv.OnClientError(func(e *httpcore.ClientError) {
		if e.Response != nil {
			e.Response.EndString("what?")
		}
	})
	srv.OnConnectionClose(func(*httpcore.ConnStats) { fmt.Println(classes) })
	talkTo(srv, "GET / HTTP/1.1\r\nHost: a\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\nwhat is this?\r\n\r\n")
	// Unordered output:
	// answer: 200 what?
	// map[GET 2xx:1 HEAD 2xx:1 none 4xx:1]
}

// The parts of a bound say what an option changes: a lower mark has bodies hold less, and heads as much as before.
func ExampleBound() {
	usual := httpcore.ServerOptions{}.MemoryBound(httpcore.Load{})
	small := httpcore.ServerOptions{HighWaterMark: 1 << 10}.MemoryBound(httpcore.Load{})
	fmt.Println("less for a body:", small.Body < usual.Body)
	fmt.Println("as much for a head:", small.Head == usual.Head)
	fmt.Println("ten idle ones cost less than a busy one:", 10*small.Idle < small.Connection)
	// Output:
	// less for a body: true
	// as much for a head: true
	// ten idle ones cost less than a busy one: true
}

// What a bound depends on besides the options: how a handler writes. One that gathers its output has less of it wait.
func ExampleLoad() {
	o := httpcore.ServerOptions{}
	piped := o.MemoryBound(httpcore.Load{}) // from somebody who may send a byte at a time
	gathered := o.MemoryBound(httpcore.Load{Write: 4 << 10, SmallestWrite: 4 << 10})
	fmt.Println("a tenth of it:", gathered.Output < piped.Output/10)
	// Output: a tenth of it: true
}

// A server that is open to the world: what a client may send and how long it may take are said once.
func ExampleServerOptions() {
	srv := httpcore.NewServer(httpcore.ServerOptions{
		MaxBody:        1 << 20,
		MaxConnections: 10_000,
		HeaderTimeout:  5 * time.Second,
		IdleTimeout:    15 * time.Second,
	})
	srv.OnRequest(echo)
	talkTo(srv, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n")
	// Output: answer: 413
}
