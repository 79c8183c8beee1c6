package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/loop"
)

// patience is how long a test waits for what must happen: so long that only a hang takes it.
const patience = 20 * time.Second

// serve runs u until the test is over, and sees that nothing stays open and no temporary file stays.
func serve(t *testing.T, u *uploads) (address string) {
	t.Helper()
	if u.dir == "" {
		u.dir = t.TempDir()
	}
	if u.max == 0 {
		u.max = 1 << 30
	}
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 2, Loop: loop.Options{
		OnUncaught: func(err error) { t.Errorf("uncaught: %v", err) },
		OnPanic:    func(err *loop.PanicError) { t.Errorf("%v\n%s", err, err.Stack) },
	}})
	if err != nil {
		t.Fatal(err)
	}
	srv, err := u.server()
	if err != nil {
		t.Fatal(err)
	}
	at, err := srv.Listen(g, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- g.Run() }()
	t.Cleanup(func() {
		await(t, "temporary files to go and files to be closed", func() bool {
			return !strings.Contains(strings.Join(names(u.dir), " "), ".weir-") && len(openIn(u.dir)) == 0
		})
		http.DefaultClient.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := g.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := u.folder.Close(); err != nil {
			t.Error(err)
		}
	})
	return at.String()
}

func await(t *testing.T, what string, fn func() bool) {
	t.Helper()
	for begin := time.Now(); !fn(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func names(dir string) (list []string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// openIn are the files below dir that this process has open, on systems that say so.
func openIn(dir string) (list []string) {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(to, dir+"/") {
			list = append(list, to)
		}
	}
	return list
}

// put sends body and returns the answer's status. Any goroutine may call it.
func put(t *testing.T, url string, body io.Reader) int {
	t.Helper()
	req, err := http.NewRequest("PUT", url, body)
	if err != nil {
		t.Error(err)
		return 0
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

// get returns the answer's status and its body.
func get(t *testing.T, url string) (int, []byte) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return res.StatusCode, body
}

// chunked hides how long a body is.
type chunked struct{ io.Reader }

func TestAFileIsCreatedAndThenReplaced(t *testing.T) {
	for _, sync := range []bool{false, true} {
		u := &uploads{sync: sync}
		at := serve(t, u)
		for i, size := range []int{0, 1, 3 << 20} {
			body := make([]byte, size)
			rand.NewChaCha8([32]byte{byte(i)}).Read(body)
			for try, want := range []int{201, 204} {
				sent := io.Reader(bytes.NewReader(body))
				if try == 1 {
					sent = chunked{sent}
				}
				if got := put(t, fmt.Sprintf("http://%s/file%%20%d", at, i), sent); got != want {
					t.Errorf("%d bytes, sync %t: got %d, want %d", size, sync, got, want)
				}
				if got, err := os.ReadFile(filepath.Join(u.dir, fmt.Sprintf("file %d", i))); err != nil || !bytes.Equal(got, body) {
					t.Errorf("%d bytes were sent, %d are there, %v", size, len(got), err)
				}
				if status, got := get(t, fmt.Sprintf("http://%s/file%%20%d", at, i)); status != 200 || !bytes.Equal(got, body) {
					t.Errorf("%d bytes were sent, %d with a status of %d come back", size, len(got), status)
				}
			}
		}
	}
}

func TestWhatIsNotAFileToPutIsRefused(t *testing.T) {
	u := &uploads{max: 1000}
	at := serve(t, u)
	if err := os.Mkdir(filepath.Join(u.dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, target, field string
		body                  int
		want                  int
	}{
		{"POST", "/a", "", 1, 405},
		{"GET", "/a", "", 0, 404},
		{"GET", "/", "", 0, 404},
		{"GET", "/../a", "", 0, 404},
		{"PUT", "/", "", 1, 400},
		{"PUT", "/..", "", 1, 400},
		{"PUT", "/../a", "", 1, 400},
		{"PUT", "/%2e%2e/a", "", 1, 400},
		{"PUT", "/..%2fa", "", 1, 400},
		{"PUT", "/a%5cb", "", 1, 400},
		{"PUT", "/a%00", "", 1, 400},
		{"PUT", "/.weir-1", "", 1, 400},
		{"PUT", "/a%zz", "", 1, 400},
		{"PUT", "/folder/a", "", 1, 400},
		{"PUT", "/folder", "", 1, 409},
		{"PUT", "/" + strings.Repeat("n", 256), "", 1, 400},
		{"PUT", "/a", "Content-Range: bytes 0-0/2\r\n", 1, 400},
		{"PUT", "/a", "", 1001, 413},
		{"PUT", "/a", "", 1000, 201},
	} {
		conn, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(patience))
		fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n%s\r\n%s",
			c.method, c.target, c.body, c.field, strings.Repeat("b", c.body))
		answer, _ := io.ReadAll(conn)
		conn.Close()
		if !strings.HasPrefix(string(answer), fmt.Sprintf("HTTP/1.1 %d ", c.want)) {
			t.Errorf("%s %s: got %.60q, want %d", c.method, c.target, answer, c.want)
		}
	}
	if got := strings.Join(names(u.dir), " "); got != "a folder" {
		t.Errorf("the folder has %q", got)
	}
}

func TestAClientThatGoesAwayLeavesTheOldFileAndNothingElse(t *testing.T) {
	u := &uploads{}
	at := serve(t, u)
	if got := put(t, "http://"+at+"/a", strings.NewReader("old")); got != 201 {
		t.Fatalf("got %d", got)
	}
	for _, how := range []string{"end", "reset"} {
		for _, sent := range []int{0, 1000, 1 << 20} {
			conn, err := net.Dial("tcp", at)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", 2<<20)
			conn.Write(make([]byte, sent))
			if sent > 0 {
				await(t, "the temporary file", func() bool { return len(names(u.dir)) == 2 })
			}
			if how == "reset" {
				conn.(*net.TCPConn).SetLinger(0)
			}
			conn.Close()
			await(t, "the temporary file to go", func() bool { return len(names(u.dir)) == 1 })
			if got, err := os.ReadFile(filepath.Join(u.dir, "a")); err != nil || string(got) != "old" {
				t.Errorf("%s after %d bytes: got %d bytes, %v", how, sent, len(got), err)
			}
		}
	}
}

func TestAChunkedBodyThatIsTooLongIsToldSoAndLeavesNothing(t *testing.T) {
	u := &uploads{max: 100_000}
	at := serve(t, u)
	if got := put(t, "http://"+at+"/a", chunked{bytes.NewReader(make([]byte, 100_001))}); got != 413 {
		t.Errorf("got %d, want 413", got)
	}
	await(t, "the temporary file to go", func() bool { return len(names(u.dir)) == 0 })
}

func TestManyUploadsAtATimeDoNotMix(t *testing.T) {
	u := &uploads{}
	at := serve(t, u)
	const clients = 16
	sums := make(chan [2]string, clients)
	for i := range clients {
		go func() {
			body := make([]byte, 200_000)
			rand.NewChaCha8([32]byte{byte(i)}).Read(body)
			put(t, fmt.Sprintf("http://%s/%d", at, i), bytes.NewReader(body))
			got, _ := os.ReadFile(filepath.Join(u.dir, fmt.Sprint(i)))
			sums <- [2]string{fmt.Sprintf("%x", sha256.Sum256(got)), fmt.Sprintf("%x", sha256.Sum256(body))}
		}()
	}
	for range clients {
		if s := <-sums; s[0] != s[1] {
			t.Errorf("got %s, want %s", s[0], s[1])
		}
	}
}

func TestErrorsBecomeStatuses(t *testing.T) {
	for err, want := range map[error]int{
		syscall.ENOSPC: 507, syscall.EDQUOT: 507, syscall.EFBIG: 413, syscall.EMFILE: 503, syscall.EACCES: 403, syscall.EROFS: 500,
		syscall.EISDIR: 409, syscall.ENAMETOOLONG: 400, syscall.EIO: 500,
	} {
		if got := statusOf(fmt.Errorf("wrapped: %w", err)); got != want {
			t.Errorf("%v: got %d, want %d", err, got, want)
		}
	}
}
