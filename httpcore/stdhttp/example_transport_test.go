package stdhttp_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/weir-go/weir/httpcore/stdhttp"
	"github.com/weir-go/weir/loop"
)

func ExampleNewTransport() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s, %s", r.URL.Query().Get("greet"), text)
	}))
	defer server.Close()

	g, err := loop.NewGroup(loop.GroupOptions{})
	if err != nil {
		log.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- g.Run() }()

	// Each request is made on the next loop of the group. Everything else is as with net/http.
	client := &http.Client{Transport: stdhttp.NewTransport(g.Next, stdhttp.TransportOptions{})}
	res, err := client.Post(server.URL+"/?greet=hello", "text/plain", strings.NewReader("weir"))
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %s\n", res.Status, text)

	client.CloseIdleConnections()
	if err := g.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
	if err := <-ran; err != nil {
		log.Fatal(err)
	}
	// Output:
	// 200 OK: hello, weir
}
