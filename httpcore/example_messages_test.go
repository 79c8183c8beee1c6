package httpcore_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// meet runs a server with this handler while client runs beside it, as somebody else's program.
func meet(handle func(*httpcore.IncomingMessage, *httpcore.ServerResponse), client func(url string)) {
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
	go func() {
		defer l.Stop()
		client(fmt.Sprintf("http://%v/", addr))
	}()
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
}

// fetched is what fetchFrom has got.
type fetched struct {
	*http.Response
	body []byte
}

// fetchFrom reads an answer. It stands for somebody else's program.
func fetchFrom(url string) fetched {
	res, err := http.Get(url)
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		log.Fatal(err)
	}
	return fetched{res, body}
}

// A request is a stream: what is counted here is never held.
func ExampleIncomingMessage() {
	meet(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		n := 0
		req.OnData(func(p []byte) { n += len(p) }) // p is ours for this turn only
		req.OnEnd(func() {
			res.EndString(fmt.Sprintf("%s %s, %s, %d bytes", req.Method(), req.Path(), req.Header("content-type"), n))
		})
	}, func(url string) { postTo(url+"count", "hello") })
	// Output: 200 OK: POST /count, text/plain, 5 bytes
}

// A small body, whole; a large one is refused before it is read.
func ExampleIncomingMessage_Collect() {
	meet(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		req.Collect(16, func(body []byte, err error) {
			switch {
			case errors.Is(err, httpcore.ErrBodyTooLarge):
				res.StatusCode = 413
				res.EndString("16 bytes at most")
			case err != nil: // the client has gone
				res.Destroy(err)
			default:
				res.EndString(strings.ToUpper(string(body)))
			}
		})
	}, func(url string) {
		postTo(url, "hello")
		postTo(url, "hello, hello, hello")
	})
	// Output:
	// 200 OK: HELLO
	// 413 Payload Too Large: 16 bytes at most
}

// An answer in pieces, at the pace of the client. Who writes on when WriteChunk has answered false queues without bound; so
// this waits for OnDrain, as Pipe would.
func ExampleServerResponse() {
	meet(func(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		left, waits := 1000, 0
		produce := func() {
			for left > 0 {
				left--
				if !res.WriteChunk([]byte(strings.Repeat(".", 100)), nil) {
					waits++
					return
				}
			}
			if waits > 0 {
				res.AddTrailer("X-Waited", "yes")
			}
			res.End() // the length was not known: it is chunked
		}
		res.WriteHead(200, "Content-Type", "text/plain", "Trailer", "X-Waited")
		res.OnDrain(produce)
		produce()
	}, func(url string) {
		res := fetchFrom(url)
		fmt.Println(len(res.body), res.Header.Get("Content-Type"), res.Trailer.Get("X-Waited"))
	})
	// Output: 100000 text/plain yes
}

// A connection that leaves HTTP: what the client says then comes back, once.
func ExampleServerResponse_SwitchProtocols() {
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		if !strings.EqualFold(req.Header("Upgrade"), "echo") {
			res.EndString("not for HTTP")
			return
		}
		err := res.SwitchProtocols(func(s *stream.Socket, head []byte) {
			s.Resume()           // it is handed over paused
			s.EndWith(head, nil) // what had come behind the request
		})
		if err != nil {
			log.Print(err)
		}
	})
	talkTo(srv, "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello")
	// Output: answer: 101 hello
}

// What is wrong is told apart by errors.Is, and has Node's code.
func ExampleError() {
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	_, err = httpcore.NewRequest(l, "GET", "gopher://127.0.0.1/", httpcore.RequestOptions{})
	fmt.Println(errors.Is(err, httpcore.ErrInvalidProtocol), stream.CodeOf(err))
	// Output: true ERR_INVALID_PROTOCOL
}
