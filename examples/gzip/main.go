// Gzip answers a POST with its body compressed. Compressing is work, so it is done off the loop, one chunk at a time: the Transform
// is through with a chunk when the work is, and until then nothing more is read from the client.
//
//	go run ./examples/gzip -addr 127.0.0.1:8087
//	curl -T large.file -X POST http://127.0.0.1:8087/ | zcat | cmp - large.file
//
// Try to break it: a client that sends and does not read stops after what the sockets hold.
//
//	(printf 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n'; cat /dev/urandom) | nc 127.0.0.1 8087 | sleep 60
package main

import (
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"log"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8087", "`address` to listen on")
	flag.Parse()
	log.SetFlags(0)
	g, err := loop.NewGroup(loop.GroupOptions{})
	if err != nil {
		log.Fatal(err)
	}
	at, err := server().Listen(g, "tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s compresses what is posted\n", at)
	log.Fatal(g.Run())
}

func server() *httpcore.Server {
	srv := httpcore.NewServer(httpcore.ServerOptions{MaxBody: 1 << 40, RequestTimeout: -1})
	srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		if req.Method() != "POST" {
			res.StatusCode = 405
			res.End()
			return
		}
		res.SetHeader("Content-Type", "application/gzip")
		stream.Pipeline(func(err error) {
			if err != nil {
				log.Print(err) // its client has gone, and the rest with it
			}
		}, req, compress(req.Loop()), res)
	})
	return srv
}

// compress makes gzip of what is written. What the hook is given stays as it is until done is called, and what the work has made, if
// anything, is given away, so that the loop and the worker never use the same memory at a time.
func compress(l *loop.Loop) *stream.Transform {
	out := new(made)
	z := gzip.NewWriter(out)
	work := func(t *stream.Transform, do func() error, done func([]byte, error)) {
		var failed error
		_, err := l.QueueWork(func() { failed = do() }, func(err error) {
			t.PushOwned(out.take())
			done(nil, errors.Join(err, failed))
		})
		if err != nil {
			done(nil, err)
		}
	}
	return stream.NewTransform(l, stream.TransformOptions{
		HighWaterMark: 64 << 10,
		Transform: func(t *stream.Transform, p []byte, done func([]byte, error)) {
			work(t, func() error { _, err := z.Write(p); return err }, done)
		},
		Flush: func(t *stream.Transform, done func([]byte, error)) { work(t, z.Close, done) },
	})
}

// made is what was compressed and nobody has taken.
type made struct{ b []byte }

func (m *made) Write(p []byte) (int, error) {
	m.b = append(m.b, p...)
	return len(p), nil
}

func (m *made) take() []byte {
	b := m.b
	m.b = nil
	return b
}
