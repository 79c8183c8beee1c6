// Upload is a server that files are sent to and fetched from: what is PUT to /name lies in a folder under that name when all of
// it has come, and not before. A client that goes away, a full disk or a body that is too long leave what was there, and
// nothing else.
//
//	mkdir -p /tmp/uploads
//	go run ./examples/upload -addr 127.0.0.1:8082 -dir /tmp/uploads
//	curl -T large.file http://127.0.0.1:8082/
//	curl -o copy http://127.0.0.1:8082/large.file
//
// Try to break it: half a file leaves nothing behind, whether its client says that it is through or is killed.
//
//	printf 'PUT /half HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf' | nc 127.0.0.1 8082
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/static"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream/files"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8082", "`address` to listen on")
	dir := flag.String("dir", ".", "`folder` to put files into")
	most := flag.Int64("max", 4<<30, "how long a file may be, in `bytes`")
	sync := flag.Bool("sync", false, "answer when the file is on the disk")
	loops := flag.Int("loops", 1, "how many loops share the work")
	flag.Parse()
	log.SetFlags(0)
	g, err := loop.NewGroup(loop.GroupOptions{Loops: *loops})
	if err != nil {
		log.Fatal(err)
	}
	u := &uploads{dir: *dir, max: *most, sync: *sync}
	srv, err := u.server()
	if err != nil {
		log.Fatal(err)
	}
	at, err := srv.Listen(g, "tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s puts files into %s\n", at, *dir)
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

type uploads struct {
	dir    string
	max    int64
	sync   bool
	folder *static.Handler // what has come is fetched from it
}

func (u *uploads) server() (*httpcore.Server, error) {
	folder, err := static.New(u.dir, static.Options{NoIndex: true, NoSymlinks: true, NoSniff: true})
	if err != nil {
		return nil, err
	}
	u.folder = folder
	srv := httpcore.NewServer(httpcore.ServerOptions{MaxBody: u.max, RequestTimeout: -1}) // a large file may take its time
	srv.OnRequest(u.serve)
	return srv, nil
}

func (u *uploads) serve(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	switch req.Method() {
	case "PUT":
		u.put(req, res)
	case "GET", "HEAD":
		u.folder.Serve(req, res)
	default:
		res.SetHeader("Allow", "GET, HEAD, PUT")
		answer(res, 405)
	}
}

func (u *uploads) put(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	name, err := url.PathUnescape(strings.TrimPrefix(req.Path(), "/"))
	switch {
	case err != nil, name == "", name[0] == '.', strings.ContainsAny(name, "/\\\x00"), !filepath.IsLocal(name):
		answer(res, 400)
	case req.HasHeader("Content-Range"):
		answer(res, 400) // RFC 9110, section 14.5: a part is not to be taken for the whole
	default:
		u.receive(filepath.Join(u.dir, name), req, res)
	}
}

// receive has the body replace the file at path.
func (u *uploads) receive(path string, req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	created := false
	lookUp := func() {
		_, err := os.Lstat(path)
		created = errors.Is(err, fs.ErrNotExist)
	}
	_, err := req.Loop().QueueSlowWork(lookUp, func(error) {
		if req.Aborted() {
			return // the client has gone meanwhile
		}
		file := files.Replace(req.Loop(), path, files.ReplaceOptions{Sync: u.sync})
		file.OnError(func(err error) {
			log.Print(err)
			answer(res, statusOf(err))
			req.Resume() // the rest is thrown away
		})
		file.OnFinish(func() {
			if created {
				answer(res, 201)
			} else {
				answer(res, 204)
			}
		})
		req.OnAborted(func() { file.Destroy(httpcore.ErrAborted) })
		req.Pipe(file)
	})
	if err != nil {
		answer(res, 500)
	}
}

// statusOf is what the client is told when its file could not be written.
func statusOf(err error) int {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return 507
	case errors.Is(err, syscall.EFBIG):
		return 413
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return 503
	case errors.Is(err, fs.ErrPermission):
		return 403
	case errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.EEXIST), errors.Is(err, syscall.ENOTEMPTY):
		return 409
	case errors.Is(err, syscall.ENAMETOOLONG):
		return 400
	}
	return 500
}

func answer(res *httpcore.ServerResponse, status int) {
	if res.Destroyed() || res.HeadersSent() {
		return // the client has gone, or was told already: that the body is too long, say
	}
	res.StatusCode = status
	res.End()
}
