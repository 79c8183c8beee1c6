package files_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

// A file is copied through a stream that changes it, in as much memory as the marks say.
func Example() {
	dir, err := os.MkdirTemp("", "weir")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	os.WriteFile(from, []byte("the reader that is not ready stops the source"), 0o644)

	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	upper := stream.NewTransform(l, stream.TransformOptions{
		Transform: func(_ *stream.Transform, p []byte, done func([]byte, error)) { done(bytes.ToUpper(p), nil) },
	})
	stream.Pipeline(func(err error) { fmt.Println("done:", err) },
		files.Open(l, from, files.ReadOptions{Start: 4}), upper, files.Create(l, to, files.WriteOptions{}))
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
	got, _ := os.ReadFile(to)
	fmt.Printf("%s\n", got)
	// Output:
	// done: <nil>
	// READER THAT IS NOT READY STOPS THE SOURCE
}

// An upload whose client goes away in the middle: Pipeline destroys the file that is not complete, which removes it, and
// what was there stays. Pipe would end it at a good end and do nothing at a bad one.
func ExampleReplace() {
	dir, err := os.MkdirTemp("", "weir")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "report")
	os.WriteFile(path, []byte("the old report"), 0o644)

	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	req := stream.NewReadable(l, stream.ReadableOptions{}) // stands for a request
	stream.Pipeline(func(err error) { fmt.Println("done:", err) }, req, files.Replace(l, path, files.ReplaceOptions{}))
	req.Push([]byte("the new rep"))
	req.Destroy(errors.New("the client has gone"))
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
	got, _ := os.ReadFile(path)
	entries, _ := os.ReadDir(dir)
	fmt.Printf("%s, in %d file\n", got, len(entries))
	// Output:
	// done: the client has gone
	// the old report, in 1 file
}

// What a program knows before it has read a byte.
func ExampleReadStream_OnOpen() {
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	s := files.Open(l, "doc.go", files.ReadOptions{Length: 10})
	s.OnOpen(func() { fmt.Println(s.Info().Size > 1000, s.Info().Mode.IsRegular()) })
	s.OnData(func(p []byte) { fmt.Printf("%s\n", p) })
	s.OnClose(func() { fmt.Println(s.BytesRead(), "bytes") })
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// true true
	// // Package
	// 10 bytes
}

// A Reader that blocks is read off the loop.
func ExampleFrom() {
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	r, w := io.Pipe()
	go func() {
		fmt.Fprint(w, "from a goroutine")
		w.Close()
	}()
	files.From(l, r).Pipe(files.To(l, printer{}))
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// "from a goroutine"
}

type printer struct{}

func (printer) Write(p []byte) (int, error) { return fmt.Printf("%q\n", p) }

// A log that is appended to: each line is on the disk when OnFinish is told.
func ExampleCreate() {
	dir, err := os.MkdirTemp("", "weir")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "log")
	os.WriteFile(path, []byte("one\n"), 0o644)

	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	w := files.Create(l, path, files.WriteOptions{Flags: os.O_CREATE | os.O_APPEND, Sync: true})
	w.OnFinish(func() { fmt.Println("written:", w.BytesWritten(), "bytes") })
	w.WriteString("two\n")
	w.EndWith([]byte("three\n"), nil)
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
	got, _ := os.ReadFile(path)
	fmt.Printf("%s", got)
	// Output:
	// written: 10 bytes
	// one
	// two
	// three
}

// A file that the program has opened itself, of which two streams read a part each.
func ExampleFromFile() {
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	f, err := os.Open("doc.go")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	for _, start := range []int64{3, 11} {
		s := files.FromFile(l, f, files.ReadOptions{Start: start, Length: 7, KeepOpen: true})
		s.OnData(func(p []byte) { fmt.Printf("%q\n", p) })
	}
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
	// Unordered output:
	// "Package"
	// "files i"
}

// An error has the operation and the path, and package os's errors are found in it.
func ExampleError() {
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	s := files.Open(l, "missing.txt", files.ReadOptions{})
	s.OnError(func(err error) {
		fmt.Println(err)
		fmt.Println(errors.Is(err, fs.ErrNotExist), stream.CodeOf(err))
	})
	s.Resume()
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// files: open missing.txt: no such file or directory
	// true ENOENT
}
