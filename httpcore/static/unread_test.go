package static_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/static"
	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
)

// The head is made when the file is open, and sent with its first bytes. If there are none, another answer is given, which must
// not have the length of the file.
func TestAFileThatCannotBeReadAtAllIsAnsweredWith500(t *testing.T) {
	dir := t.TempDir()
	const name = "large.bin"
	content := make([]byte, 100_000)
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
	w := simkernel.New(simkernel.Options{Faults: simkernel.Faults{FileError: 1}, FileOf: func(int) string { return name }})
	w.WriteFile(name, content)
	var told []string
	l, err := loop.New(loop.Options{Kernel: w.Kernel(), OnUncaught: func(err error) { told = append(told, err.Error()) }})
	if err != nil {
		t.Fatal(err)
	}
	h, err := static.New(dir, static.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(h.Serve)
	if _, err := srv.ListenLoop(l, "tcp", "127.0.0.1:8080"); err != nil {
		t.Fatal(err)
	}
	p := w.Dial("127.0.0.1:8080")
	p.Send([]byte("GET /large.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=0-50000\r\n\r\nGET /none HTTP/1.1\r\nHost: a\r\n\r\n"))
	for range 20 {
		w.Advance(5 * time.Millisecond)
		if _, err := l.RunNoWait(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := p.Recv(64 << 10)
	first, second, _ := strings.Cut(string(got), "Internal Server Error\n")
	if err != nil || !strings.HasPrefix(first, "HTTP/1.1 500 ") || !strings.HasPrefix(second, "HTTP/1.1 404 ") {
		t.Errorf("got %q, %v; want a 500, and the connection to go on", got, err)
	}
	for _, field := range []string{"Content-Range", "Etag", "Accept-Ranges", "octet-stream"} {
		if strings.Contains(strings.ToLower(first), strings.ToLower(field)) {
			t.Errorf("the 500 has the file's %s: %q", field, first)
		}
	}
	if len(told) != 1 || !strings.Contains(told[0], "answered with 500") {
		t.Errorf("told %q, want why, once", told)
	}
	p.Close()
	l.Walk(func(h loop.Handle) { h.Close(nil) })
	if err := l.Run(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	for _, complaint := range w.Check() {
		t.Error(complaint)
	}
}
