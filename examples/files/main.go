// Files is a server of a folder: files whole and in parts, unless the client has them already, and lists of folders that have
// no index.html. A client that is slow costs the marks of one stream, however large its file.
//
//	go run ./examples/files -addr 127.0.0.1:8083 -dir docs
//	curl -r 0-99 http://127.0.0.1:8083/
//
// Try to break it: what leads out of the folder is not there, and who reads nothing holds no more than who reads.
//
//	printf 'GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | nc 127.0.0.1 8083
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
	"github.com/weir-go/weir/httpcore/static"
	"github.com/weir-go/weir/loop"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8083", "`address` to listen on")
	dir := flag.String("dir", ".", "`folder` to serve")
	listing := flag.Bool("listing", true, "list folders that have no index.html")
	maxAge := flag.Int("max-age", 0, "how many `seconds` caches may keep a file without asking")
	read := flag.Bool("read", false, "read and write what the kernel could send by itself")
	loops := flag.Int("loops", 1, "how many loops share the work")
	flag.Parse()
	log.SetFlags(0)
	g, err := loop.NewGroup(loop.GroupOptions{Loops: *loops})
	if err != nil {
		log.Fatal(err)
	}
	folder, err := static.New(*dir, options(*listing, *read, *maxAge))
	if err != nil {
		log.Fatal(err)
	}
	at, err := server(folder).Listen(g, "tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s serves %s\n", at, *dir)
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

func options(listing, read bool, maxAge int) static.Options {
	o := static.Options{Listing: listing, NoSendFile: read, CacheControl: "no-cache"} // keep it, but ask whether it has changed
	if maxAge > 0 {
		o.CacheControl = fmt.Sprintf("max-age=%d", maxAge)
	}
	return o
}

func server(folder *static.Handler) *httpcore.Server {
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(folder.Serve)
	return srv
}
