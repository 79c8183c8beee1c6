package static_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

func (x *town) truncate(name string, size int) {
	x.Helper()
	path := filepath.Join(x.dir, name)
	if x.w != nil {
		x.w.TruncateFile(path, size)
	} else if err := os.Truncate(path, int64(size)); err != nil {
		x.Fatal(err)
	}
}

func (x *town) after(d time.Duration, fn func()) {
	x.Helper()
	timer := x.l.NewTimer()
	err := timer.Start(func() {
		timer.Close(nil)
		fn()
	}, d, 0)
	if err != nil {
		x.Fatal(err)
	}
}

// TestAFileThatIsCutWhileItIsSentCutsItsMessageOff has a file lose most of itself when the client has read its beginning and
// the server's kernel is full: in the middle of a stretch, as a rule.
func TestAFileThatIsCutWhileItIsSentCutsItsMessageOff(t *testing.T) {
	for _, c := range []struct {
		name     string
		length   bool // the head says how long it is
		ranged   bool // the source has been told how long it is
		pipeline bool
		mayEnd   bool // when the file is read, it ends where the file does: nobody was promised more
		server   string
	}{
		{name: "of a length", length: true, server: "httpcore: the body is not as long as its Content-Length says"},
		{name: "of a length, with a range", length: true, ranged: true, pipeline: true, server: "files: read "},
		{name: "chunked", mayEnd: true, server: "files: read "},
		{name: "chunked, with a range", ranged: true, pipeline: true, server: "files: read "},
	} {
		t.Run(c.name, func(t *testing.T) {
			inTowns(t, func(x *town) {
				size := 24 << 20 // more than the kernel takes
				if x.w != nil {
					size = 2 << 20
				}
				file := x.put("original", make([]byte, size))
				var in *files.ReadStream
				var told []string
				tell := func(err error) { told = append(told, err.Error()) }
				x.serve(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
					o := files.ReadOptions{}
					if c.ranged {
						o.Length = int64(size)
					}
					in = files.Open(x.l, file, o)
					in.OnError(func(err error) {
						tell(err)
						var of *files.Error
						if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.As(err, &of) {
							t.Errorf("the file fails with %v", err)
						}
					})
					res.OnError(func(err error) {
						if in.Errored() == nil {
							tell(err)
						}
					})
					if c.length {
						res.SetHeader("Content-Length", strconv.Itoa(size))
					}
					if c.pipeline {
						stream.Pipeline(func(error) {}, in, res)
					} else {
						in.Pipe(res)
					}
				})
				got, ended, failed := 0, false, error(nil)
				req := x.request("GET", httpcore.RequestOptions{})
				req.OnResponse(func(res *httpcore.IncomingMessage) {
					res.OnError(func(err error) { failed = err })
					res.OnEnd(func() { ended = true })
					res.Pause()
					res.OnData(func(p []byte) { got += len(p) })
					x.after(100*time.Millisecond, func() {
						x.truncate("original", 100_000)
						res.Resume()
					})
				})
				req.End()
				x.run()
				switch {
				case got == size || got == 0:
					t.Errorf("%d bytes have come", got)
				case c.mayEnd && !x.sends && ended && len(told) == 0:
				case ended || failed == nil:
					t.Errorf("after %d bytes: ended %t, %v", got, ended, failed)
				case len(told) != 1 || !strings.HasPrefix(told[0], c.server):
					t.Errorf("the server says %q", told)
				}
				if !in.Closed() {
					t.Error("the file is open")
				}
			})
		})
	}
}
