package stdhttp_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/stdhttp"
	"github.com/weir-go/weir/loop"
)

// fetch prints what a URL gives. It stands for somebody else's program.
func fetch(url string) {
	res, err := http.Get(url)
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

func ExampleHandle() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello, %s", r.PathValue("name")) // it may block: this is a goroutine of its own
	})
	api := stdhttp.Handle(mux, stdhttp.Options{MaxHandlers: 100})

	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		if strings.HasPrefix(req.Path(), "/api/") {
			api(req, res)
			return
		}
		res.EndString("from the loop") // it must not block
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
		fetch(fmt.Sprintf("http://%v/api/hello/weir", addr))
		fetch(fmt.Sprintf("http://%v/", addr))
		http.DefaultClient.CloseIdleConnections()
		if err := srv.Shutdown(context.Background()); err != nil { // it waits for handlers
			log.Print(err)
		}
	}()
	if err := l.Run(); err != nil { // until nothing is left to do
		log.Fatal(err)
	}
	// Output:
	// 200 OK: hello, weir
	// 200 OK: from the loop
}
