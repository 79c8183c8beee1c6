package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"testing"

	"github.com/weir-go/weir/internal/exampletest"
)

func TestWhatIsPostedComesBackCompressed(t *testing.T) {
	at := exampletest.Serve(t, server())
	defer http.DefaultClient.CloseIdleConnections()
	for _, size := range []int{0, 1, 1 << 20} {
		body := make([]byte, size)
		rand.NewChaCha8([32]byte{1}).Read(body[:size/2])
		res, err := http.Post("http://"+at+"/", "application/octet-stream", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(z)
		res.Body.Close()
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("%d bytes were posted, %d came back, %v", size, len(got), err)
		}
	}
}

func TestAClientThatDoesNotReadIsNotReadFrom(t *testing.T) {
	at := exampletest.Serve(t, server())
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", int64(1<<40))
	exampletest.Flood(t, c)
	c.Close()
}
