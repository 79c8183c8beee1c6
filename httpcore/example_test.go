package httpcore_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
)

// postTo sends a body to a server and prints the answer. It stands for somebody else's program.
func postTo(url, body string) {
	res, err := http.Post(url, "text/plain", strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %s\n", res.Status, text)
}

func ExampleServer() {
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		if req.Method() != "POST" {
			res.StatusCode = 405
			res.SetHeader("Allow", "POST")
			res.End()
			return
		}
		req.Pipe(res) // the body comes back as it arrives, at the pace of the slower side
	})
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	addr, err := srv.ListenLoop(l, "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		postTo(fmt.Sprintf("http://%v/", addr), "hello")
		l.Post(l.Stop)
	}()
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
	// Output: 200 OK: hello
}
