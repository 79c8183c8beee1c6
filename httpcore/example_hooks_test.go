package httpcore_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
)

// talkTo runs srv, sends a text to it, and prints the last line of what comes back.
func talkTo(srv *httpcore.Server, text string) {
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	addr, err := srv.ListenLoop(l, "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		defer srv.Shutdown(context.Background()) // and nothing keeps the loop any more
		c, err := net.Dial("tcp", addr.String())
		if err != nil {
			log.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, text); err != nil {
			log.Fatal(err)
		}
		if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			log.Fatal(err)
		}
		got, err := io.ReadAll(c)
		if err != nil {
			fmt.Println(err)
		}
		var version, body string
		var status int
		fmt.Sscan(string(got), &version, &status)
		if n := len(got); n > 0 && got[n-1] != '\n' {
			fmt.Sscan(string(got[n-5:]), &body)
		}
		fmt.Println("answer:", status, body)
	}()
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
}

func ExampleServer_OnClientError() {
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnClientError(func(e *httpcore.ClientError) {
		fmt.Println(e.Err)
		if e.Response != nil { // else the client is gone, or has its answer
			e.Response.SetHeader("Content-Type", "text/plain")
			e.Response.EndString("what?")
		}
	})
	talkTo(srv, "HELLO\r\n\r\n")
	// Output:
	// h1: INVALID_METHOD at byte 5: a method is a token, with one space behind it
	// answer: 400 what?
}

// An access log, of requests that were refused too.
func ExampleServer_OnRequestDone() {
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(func(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) { res.EndString("hello") })
	srv.OnRequestDone(func(x *httpcore.RequestStats) {
		if x.Request != nil {
			fmt.Println(x.Request.Method(), x.Request.URL(), x.StatusCode, x.BytesWritten, x.Err)
		}
	})
	srv.OnConnectionClose(func(c *httpcore.ConnStats) { fmt.Println(c.Requests, "request,", c.BytesRead, "bytes read") })
	talkTo(srv, "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	// Unordered output:
	// GET /a 200 5 <nil>
	// answer: 200 hello
	// 1 request, 47 bytes read
}

// A handler that waits for somebody else does not make its client wait for ever.
func ExampleServerResponse_SetTimeout() {
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(func(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		res.SetTimeout(10*time.Millisecond, nil) // and nothing ever comes
	})
	talkTo(srv, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	// Output: answer: 503
}
