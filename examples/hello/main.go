// Hello is the smallest server: every request is answered with a greeting, and SIGTERM lets those under way end first.
//
//	go run ./examples/hello -addr 127.0.0.1:8080
//	curl http://127.0.0.1:8080/you
//
// Try to break it: half a request is answered with 408 after ten seconds, nonsense with 400 at once.
//
//	printf 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 2\r\n\r\n' | nc 127.0.0.1 8080
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "`address` to listen on")
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
	fmt.Printf("http://%s says hello\n", at)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() {
		patience, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		g.Shutdown(patience)
	})
	if err := g.Run(); err != nil {
		log.Fatal(err)
	}
}

func server() *httpcore.Server {
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		res.SetHeader("Content-Type", "text/plain; charset=utf-8")
		res.EndString("Hello, " + req.Path() + "\n")
	})
	return srv
}
