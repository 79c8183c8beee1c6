// Throttle sends each client a generated body at a fixed rate. A rate is a Transform between the source and the response: it takes a
// chunk, and is through with it when the chunk's time is over. Backpressure does the rest: the source is asked for no more than that.
//
//	go run ./examples/throttle -addr 127.0.0.1:8086 -rate 100000
//	curl -o /dev/null 'http://127.0.0.1:8086/?n=1000000'
//
// Try to break it: a thousand at a time cost a thousand small buffers and no goroutine.
//
//	ab -c 1000 -n 1000 'http://127.0.0.1:8086/?n=500000'
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"net/url"
	"strconv"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8086", "`address` to listen on")
	rate := flag.Int("rate", 100_000, "bytes a second, for each client")
	flag.Parse()
	log.SetFlags(0)
	g, err := loop.NewGroup(loop.GroupOptions{})
	if err != nil {
		log.Fatal(err)
	}
	at, err := server(max(1, *rate)).Listen(g, "tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s/?n=1000000 at %d bytes a second\n", at, *rate)
	log.Fatal(g.Run())
}

func server(rate int) *httpcore.Server {
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		query, _ := url.ParseQuery(req.RawQuery())
		n, err := strconv.Atoi(query.Get("n"))
		if err != nil || n < 0 {
			res.StatusCode = 400
			res.EndString("how many bytes? /?n=1000000\n")
			return
		}
		res.SetHeader("Content-Length", strconv.Itoa(n))
		// Pipeline has each of the three end with the others: a client that goes away stops the timer.
		stream.Pipeline(func(error) {}, source(req.Loop(), n), throttle(req.Loop(), rate), res)
	})
	return srv
}

// throttle passes on what it is given, at rate bytes a second.
func throttle(l *loop.Loop, rate int) *stream.Transform {
	timer := l.NewTimer()
	due := l.Now()
	return stream.NewTransform(l, stream.TransformOptions{
		Transform: func(t *stream.Transform, p []byte, done func([]byte, error)) {
			// A client that was slow for a while gets no burst afterwards: what it did not use is gone.
			due = max(due, l.Now()) + time.Duration(len(p))*time.Second/time.Duration(rate)
			t.Push(p)
			timer.Start(func() { done(nil, nil) }, due-l.Now(), 0)
		},
		Destroy: func(err error, done func(error)) {
			timer.Close(nil)
			done(err)
		},
	})
}

// piece is what the source gives at a time: at low rates, what one step of the throttle is.
var piece = bytes.Repeat([]byte("0123456789abcdef"), 256)

// source is n bytes, made as they are asked for.
func source(l *loop.Loop, n int) *stream.Readable {
	return stream.NewReadable(l, stream.ReadableOptions{Read: func(r *stream.Readable, _ int) {
		if n == 0 {
			r.PushEOF()
			return
		}
		p := piece[:min(n, len(piece))]
		n -= len(p)
		r.PushOwned(p)
	}})
}
