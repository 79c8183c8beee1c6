package main

import (
	"context"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore/static"
	"github.com/weir-go/weir/loop"
)

// patience is how long a test waits for what must happen: so long that only a hang takes it.
const patience = 20 * time.Second

// serve serves dir until the test is over, and sees that no descriptor stays open.
func serve(t *testing.T, dir string) (url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0") // whatever the runtime opens, it opens now
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	before := descriptors()
	folder, err := static.New(dir, options(true, false, 0))
	if err != nil {
		t.Fatal(err)
	}
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 2, Loop: loop.Options{
		OnUncaught: func(err error) { t.Errorf("uncaught: %v", err) },
		OnPanic:    func(err *loop.PanicError) { t.Errorf("%v\n%s", err, err.Stack) },
	}})
	if err != nil {
		t.Fatal(err)
	}
	at, err := server(folder).Listen(g, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- g.Run() }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := g.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		folder.Close()
		for begin := time.Now(); descriptors() > before; time.Sleep(time.Millisecond) {
			if time.Since(begin) > patience {
				t.Fatalf("%d descriptors are open, %d were", descriptors(), before)
			}
		}
	})
	return "http://" + at.String()
}

func descriptors() int {
	names, _ := os.ReadDir("/dev/fd")
	return len(names)
}

func get(t *testing.T, url string, fields ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		req.Header.Set(fields[i], fields[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestAFolderIsServed(t *testing.T) {
	dir := t.TempDir()
	os.MkdirAll(filepath.Join(dir, "site"), 0o755)
	os.WriteFile(filepath.Join(dir, "hello.txt"), []byte("hello, world\n"), 0o644)
	os.WriteFile(filepath.Join(dir, "site", "index.html"), []byte("<p>the site"), 0o644)
	os.WriteFile(filepath.Join(dir, ".env"), []byte("secret"), 0o644)
	past := time.Now().Add(-time.Hour)
	os.Chtimes(filepath.Join(dir, "hello.txt"), past, past)
	url := serve(t, dir)
	if res, body := get(t, url+"/"); res.StatusCode != 200 || !strings.Contains(body, `<a href="hello.txt">`) || !strings.Contains(body, `<a href="site/">`) || strings.Contains(body, ".env") {
		t.Errorf("the list is %d %q", res.StatusCode, body)
	}
	if res, body := get(t, url+"/site"); res.StatusCode != 200 || body != "<p>the site" || res.Request.URL.Path != "/site/" {
		t.Errorf("the index is %d %q at %s", res.StatusCode, body, res.Request.URL)
	}
	res, body := get(t, url+"/hello.txt")
	if res.StatusCode != 200 || body != "hello, world\n" || res.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("got %d %q %v", res.StatusCode, body, res.Header)
	}
	tag := res.Header.Get("ETag")
	if res, body := get(t, url+"/hello.txt", "If-None-Match", tag); res.StatusCode != 304 || body != "" {
		t.Errorf("what has not changed is %d %q", res.StatusCode, body)
	}
	if res, body := get(t, url+"/hello.txt", "Range", "bytes=7-11", "If-Range", tag); res.StatusCode != 206 || body != "world" {
		t.Errorf("the part is %d %q", res.StatusCode, body)
	}
	for _, path := range []string{"/nothing", "/.env", "/%2e%2e/%2e%2e/etc/passwd"} {
		if res, _ := get(t, url+path); res.StatusCode != 404 {
			t.Errorf("%s is %d", path, res.StatusCode)
		}
	}
	if o := options(false, true, 60); o.Listing || !o.NoSendFile || o.CacheControl != "max-age=60" {
		t.Errorf("got %+v", o)
	}
}

// Some fetch a file whole, as others do not read theirs: each gets what it takes, and the heap has no file in it.
func TestALargeFileGoesToFastAndSlowClients(t *testing.T) {
	const size = 64 << 20
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "large"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(f, sum), rand.NewChaCha8([32]byte{1}), size); err != nil {
		t.Fatal(err)
	}
	f.Close()
	url := serve(t, dir)
	before := heap()
	for range 20 {
		res, err := http.Get(url + "/large")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
	}
	var fast sync.WaitGroup
	for range 4 {
		fast.Go(func() {
			res, err := http.Get(url + "/large")
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			h := sha256.New()
			if n, err := io.Copy(h, res.Body); n != size || err != nil || string(h.Sum(nil)) != string(sum.Sum(nil)) {
				t.Errorf("got %d bytes, %v, or others", n, err)
			}
		})
	}
	fast.Wait()
	if n := heap() - before; n > 16<<20 {
		t.Errorf("24 clients have %d bytes held", n)
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // pools keep what they have for one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}
