package main

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/internal/exampletest"
	"github.com/weir-go/weir/stream"
)

// This is what docs/files.md, "Uploads", says of a compressor between a request and its file, with a file that can't be written.
func TestADiskThatIsFullBehindACompressorIsToldToTheClient(t *testing.T) {
	full := errors.New("no space left")
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		taken := 0
		file := stream.NewWritable(req.Loop(), stream.WritableOptions{Write: func(p []byte, done func(error)) {
			if taken += len(p); taken > 100_000 {
				done(full)
				return
			}
			done(nil)
		}})
		z := compress(req.Loop())
		stream.Pipeline(func(err error) {
			res.StatusCode = 201
			if errors.Is(err, full) {
				res.StatusCode = 507
			}
			res.End()
			req.Resume()
		}, z, file)
		req.OnAborted(func() { z.Destroy(httpcore.ErrAborted) })
		req.Pipe(z)
	})
	c, err := net.Dial("tcp", exampletest.Serve(t, srv))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(exampletest.Patience))
	r := bufio.NewReader(c)
	noise := make([]byte, 8<<20)
	rand.NewChaCha8([32]byte{3}).Read(noise)
	for _, x := range []struct {
		body []byte
		want int
	}{{noise, 507}, {noise[:1000], 201}} {
		fmt.Fprintf(c, "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", len(x.body))
		if _, err := c.Write(x.body); err != nil {
			t.Fatalf("after a part of %d bytes: %v", len(x.body), err)
		}
		res, err := http.ReadResponse(r, nil)
		if err != nil || res.StatusCode != x.want {
			t.Fatalf("%d bytes: got %v, %v, want %d", len(x.body), res, err, x.want)
		}
		res.Body.Close()
	}
}
