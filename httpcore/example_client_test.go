package httpcore_test

import (
	"context"
	"fmt"
	"log"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// askOf runs client on a loop beside a server with this handler, until client stops the loop.
func askOf(handle func(*httpcore.IncomingMessage, *httpcore.ServerResponse), client func(l *loop.Loop, url string)) {
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(handle)
	addr, err := srv.ListenLoop(l, "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	client(l, fmt.Sprintf("http://%v/", addr))
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
}

func echo(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) { req.Pipe(res) }

func hello(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) { res.EndString("hello") }

// A request is written, and its answer read, as they go: neither is ever whole in memory.
func ExampleClientRequest() {
	askOf(echo, func(l *loop.Loop, url string) {
		req, err := httpcore.NewRequest(l, "POST", url, httpcore.RequestOptions{})
		if err != nil {
			log.Fatal(err)
		}
		req.OnResponse(func(res *httpcore.IncomingMessage) {
			fmt.Println(res.StatusCode(), res.StatusMessage())
			res.OnData(func(p []byte) { fmt.Printf("%s", p) })
		})
		req.OnError(func(err error) { log.Fatal(err) })
		req.OnClose(l.Stop) // the last event of every request
		stream.FromBytes(l, []byte("up, "), []byte("and down again\n")).Pipe(req)
	})
	// Output:
	// 200 OK
	// up, and down again
}

// Whole answers, on the loop.
func ExampleClient() {
	askOf(hello, func(l *loop.Loop, url string) {
		c := httpcore.NewClient(httpcore.ClientOptions{MaxBody: 1 << 20, MaxRedirects: 5})
		call := httpcore.Call{URL: url, Header: []string{"Accept", "text/plain"}}
		c.Do(l, call, func(p *httpcore.Reply, err error) {
			defer l.Stop()
			if err != nil {
				log.Fatal(err)
			}
			fmt.Printf("%d %s\n", p.StatusCode, p.Body)
		})
	})
	// Output: 200 hello
}

// Whole answers, on any other goroutine, which waits.
func ExampleClient_Fetch() {
	askOf(hello, func(l *loop.Loop, url string) {
		c := httpcore.NewClient(httpcore.ClientOptions{})
		go func() {
			defer l.Stop()
			p, err := c.Fetch(context.Background(), l, httpcore.Call{URL: url})
			if err != nil {
				log.Fatal(err)
			}
			fmt.Printf("%d %s\n", p.StatusCode, p.Body)
		}()
	})
	// Output: 200 hello
}

// Three requests at once, of which one connection serves one after the other.
func ExampleAgent() {
	askOf(hello, func(l *loop.Loop, url string) {
		agent := httpcore.NewAgent(httpcore.AgentOptions{MaxSockets: 1})
		c := httpcore.NewClient(httpcore.ClientOptions{Request: httpcore.RequestOptions{Agent: agent}})
		left := 3
		for range left {
			c.Do(l, httpcore.Call{URL: url}, func(_ *httpcore.Reply, err error) {
				if err != nil {
					log.Fatal(err)
				}
				if left--; left == 0 {
					m := agent.Metrics()
					fmt.Printf("%d requests, %d connection, reused %d times\n", m.Requests, m.Connections, m.Reused)
					agent.Destroy()
					l.Stop()
				}
			})
		}
	})
	// Output: 3 requests, 1 connection, reused 2 times
}

// What a server says before it answers.
func ExampleInformation() {
	hint := func(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		res.WriteEarlyHints("Link", "</style.css>; rel=preload")
		res.EndString("hello")
	}
	askOf(hint, func(l *loop.Loop, url string) {
		req, err := httpcore.NewRequest(l, "GET", url, httpcore.RequestOptions{})
		if err != nil {
			log.Fatal(err)
		}
		req.OnInformation(func(i *httpcore.Information) { fmt.Println(i.StatusCode, i.Header("Link")) })
		req.OnResponse(func(res *httpcore.IncomingMessage) {
			fmt.Println(res.StatusCode())
			res.Resume() // its body is of no interest
		})
		req.OnClose(l.Stop)
		req.End()
	})
	// Output:
	// 103 </style.css>; rel=preload
	// 200
}
