package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

// The four pipes between files and messages, on one loop: a file is sent as a request, the server writes the request to a file
// and answers with another, and the client writes the answer to a fourth.
func TestFilesArePipedToMessagesAndMessagesToFiles(t *testing.T) {
	for _, size := range []int{1, 100, 300_000} {
		t.Run(strconv.Itoa(size), func(t *testing.T) { pipeAround(t, size) })
	}
}

// told is what a stream has told, 'data' left out.
type told map[string][]string

func (x told) watch(name string, s stream.Stream) {
	say := func(what string) func() {
		return func() { x[name] = append(x[name], what) }
	}
	if s, ok := s.(interface{ OnOpen(func()) stream.Sub }); ok {
		s.OnOpen(say("open"))
	}
	if s, ok := s.(interface{ OnReady(func()) stream.Sub }); ok {
		s.OnReady(say("ready"))
	}
	if s, ok := s.(interface {
		OnPipe(func(stream.ReadableStream)) stream.Sub
	}); ok {
		s.OnPipe(func(stream.ReadableStream) { say("pipe")() })
	}
	switch s := s.(type) {
	case stream.WritableStream:
		s.OnFinish(say("finish"))
		s.OnUnpipe(func(stream.ReadableStream) { say("unpipe")() })
	case stream.ReadableStream:
		s.OnEnd(say("end"))
	}
	s.OnError(func(err error) { x[name] = append(x[name], err.Error()) })
	s.OnClose(say("close"))
}

// A request that is cut off takes the file that it is written to with it: Pipeline does that, Pipe does not.
func TestAPipelineFromARequestThatIsCutOffRemovesItsFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 1, Loop: loop.Options{OnUncaught: func(err error) { t.Error(err) }}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	var result error
	begun := make(chan struct{})
	srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		file := files.Replace(req.Loop(), path, files.ReplaceOptions{})
		stream.Pipeline(func(err error) { result = err }, req, file)
		file.OnOpen(func() { close(begun) })
		file.OnClose(g.BeginShutdown)
	})
	at, err := srv.Listen(g, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- g.Run() }()
	conn, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
	<-begun
	conn.Close()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if !errors.Is(result, httpcore.ErrAborted) {
		t.Errorf("the pipeline was told %v, want httpcore.ErrAborted", result)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" || len(names(dir)) != 1 {
		t.Errorf("got %q in %q, %v", got, names(dir), err)
	}
}

func pipeAround(t *testing.T, size int) {
	dir := t.TempDir()
	sent, stored := filepath.Join(dir, "sent"), filepath.Join(dir, "stored")
	served, saved := filepath.Join(dir, "served"), filepath.Join(dir, "saved")
	up, down := bytes.Repeat([]byte("up"), size), bytes.Repeat([]byte("down"), size)
	for path, data := range map[string][]byte{sent: up, served: down} {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 1, Loop: loop.Options{OnUncaught: func(err error) { t.Error(err) }}})
	if err != nil {
		t.Fatal(err)
	}
	x := told{}
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		out := files.Create(req.Loop(), stored, files.WriteOptions{})
		x.watch("req", req)
		x.watch("out", out)
		x.watch("res", res)
		out.OnFinish(func() {
			in := files.Open(req.Loop(), served, files.ReadOptions{})
			x.watch("in", in)
			in.OnOpen(func() { res.SetHeader("Content-Length", strconv.FormatInt(in.Info().Size, 10)) })
			in.Pipe(res)
		})
		req.Pipe(out)
	})
	at, err := srv.Listen(g, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := g.Next()
	if err := l.Post(func() {
		req, err := httpcore.NewRequest(l, "PUT", "http://"+at.String()+"/", httpcore.RequestOptions{})
		if err != nil {
			t.Error(err)
			return
		}
		req.OnResponse(func(res *httpcore.IncomingMessage) {
			if res.ContentLength() != int64(len(down)) {
				t.Errorf("Content-Length: got %d", res.ContentLength())
			}
			answer := files.Create(l, saved, files.WriteOptions{})
			x.watch("answer", answer)
			answer.OnClose(func() {
				g.BeginShutdown() // whatever else it causes is waited for
			})
			res.Pipe(answer)
		})
		body := files.Open(l, sent, files.ReadOptions{})
		x.watch("body", body)
		x.watch("request", req)
		body.Pipe(req)
	}); err != nil {
		t.Fatal(err)
	}
	if err := g.Run(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]byte{stored: up, saved: down} {
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %d bytes, want %d, %v", path, len(got), len(want), err)
		}
	}
	read := []string{"open", "ready", "end", "close"}
	for name, want := range map[string][]string{
		"body": read, "in": read, "req": {"end", "close"},
		"out": {"pipe", "open", "ready", "finish", "unpipe", "close"}, "answer": {"pipe", "open", "ready", "finish", "unpipe", "close"},
		"res": {"pipe", "finish", "unpipe", "close"},
	} {
		if !slices.Equal(x[name], want) {
			t.Errorf("%s: got %q, want %q", name, x[name], want)
		}
	}
}
