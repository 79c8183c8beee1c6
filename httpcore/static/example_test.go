package static_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/static"
	"github.com/weir-go/weir/loop"
)

func Example() {
	dir, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(dir)
	os.WriteFile(filepath.Join(dir, "hello.txt"), []byte("hello, world"), 0o644)

	files, err := static.New(dir, static.Options{CacheControl: "max-age=60"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer files.Close()
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		if path, ok := strings.CutPrefix(req.Path(), "/static"); ok {
			files.ServePath(req, res, path)
			return
		}
		res.EndString("something else")
	})
	g, _ := loop.NewGroup(loop.GroupOptions{})
	addr, _ := srv.Listen(g, "tcp", "127.0.0.1:0")
	go g.Run()
	defer g.Shutdown(context.Background())

	req, _ := http.NewRequest("GET", fmt.Sprintf("http://%s/static/hello.txt", addr), nil)
	req.Header.Set("Range", "bytes=7-")
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	fmt.Println(res.Status, res.Header.Get("Content-Range"), string(body))
	// Output: 206 Partial Content bytes 7-11/12 world
}

// A whole folder. A client that has the file already is told so, and sent nothing.
func ExampleHandler() {
	dir, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(dir)
	os.WriteFile(filepath.Join(dir, "hello.txt"), []byte("hello, world"), 0o644)

	files, err := static.New(dir, static.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer files.Close() // when no server uses it any more
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(files.Serve)
	g, _ := loop.NewGroup(loop.GroupOptions{})
	addr, _ := srv.Listen(g, "tcp", "127.0.0.1:0")
	go g.Run()
	defer g.Shutdown(context.Background())

	tag := ""
	for range 2 {
		req, _ := http.NewRequest("GET", fmt.Sprintf("http://%s/hello.txt", addr), nil)
		req.Header.Set("If-None-Match", tag)
		req.Close = true
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		fmt.Printf("%s %q\n", res.Status, body)
		tag = res.Header.Get("ETag")
	}
	// Output:
	// 200 OK "hello, world"
	// 304 Not Modified ""
}

// A folder of notes: their types, how long they may be kept, and a list of them. What begins with a dot stays hidden.
func ExampleOptions() {
	dir, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(dir)
	os.WriteFile(filepath.Join(dir, "a.note"), []byte("remember"), 0o644)
	os.WriteFile(filepath.Join(dir, ".secret"), []byte("forget"), 0o644)

	files, err := static.New(dir, static.Options{
		Listing:      true,
		NoSymlinks:   true,
		CacheControl: "max-age=3600",
		Types:        map[string]string{".note": "text/plain; charset=utf-8"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer files.Close()
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(files.Serve)
	g, _ := loop.NewGroup(loop.GroupOptions{})
	addr, _ := srv.Listen(g, "tcp", "127.0.0.1:0")
	go g.Run()
	defer g.Shutdown(context.Background())

	for _, path := range []string{"/a.note", "/.secret", "/"} {
		req, _ := http.NewRequest("GET", fmt.Sprintf("http://%s%s", addr, path), nil)
		req.Close = true
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		fmt.Printf("%s %d %s, %q\n", path, res.StatusCode, res.Header.Get("Content-Type"), res.Header.Get("Cache-Control"))
		if path == "/" {
			fmt.Println(strings.Contains(string(body), "a.note"), strings.Contains(string(body), ".secret"))
		}
	}
	// Output:
	// /a.note 200 text/plain; charset=utf-8, "max-age=3600"
	// /.secret 404 text/plain; charset=utf-8, ""
	// / 200 text/html; charset=utf-8, ""
	// true false
}
