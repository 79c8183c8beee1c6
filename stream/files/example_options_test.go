package files_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream/files"
)

// newDir makes a directory for one example, and remove removes it.
func newDir() (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "weir")
	if err != nil {
		log.Fatal(err)
	}
	return dir, func() { os.RemoveAll(dir) }
}

// A part that was promised: a file that ends before is an error, and no short answer.
func ExampleReadOptions() {
	dir, remove := newDir()
	defer remove()
	path := filepath.Join(dir, "part")
	os.WriteFile(path, []byte("0123456789"), 0o644)

	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	s := files.Open(l, path, files.ReadOptions{Start: 6, Length: 8})
	s.OnData(func(p []byte) { fmt.Printf("%s\n", p) })
	s.OnError(func(err error) { fmt.Println("too short:", errors.Is(err, io.ErrUnexpectedEOF)) })
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 6789
	// too short: true
}

// A lock file: who comes second is told, and writes nothing.
func ExampleWriteOptions() {
	dir, remove := newDir()
	defer remove()
	path := filepath.Join(dir, "lock")

	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"first", "second"} {
		w := files.Create(l, path, files.WriteOptions{Flags: os.O_CREATE | os.O_EXCL, Mode: 0o600})
		w.OnFinish(func() { fmt.Println(name, "has it") })
		w.OnError(func(err error) { fmt.Println(name, "has not:", errors.Is(err, fs.ErrExist)) })
		w.EndWith([]byte(name), nil)
		if err := l.Run(); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// first has it
	// second has not: true
}

// A secret that is replaced: who reads it sees the old one or the new one, and a power cut leaves one of them.
func ExampleReplaceOptions() {
	dir, remove := newDir()
	defer remove()
	path := filepath.Join(dir, "secret")
	os.WriteFile(path, []byte("old"), 0o644)

	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	w := files.Replace(l, path, files.ReplaceOptions{Mode: 0o600, Sync: true})
	w.OnFinish(func() {
		got, _ := os.ReadFile(path)
		info, _ := os.Stat(path)
		fmt.Printf("%s %v\n", got, info.Mode())
	})
	w.EndWith([]byte("new"), nil)
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
	// Output: new -rw-------
}

// What a program knows of a file while it is written.
func ExampleWriteStream() {
	dir, remove := newDir()
	defer remove()

	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	w := files.Create(l, filepath.Join(dir, "out"), files.WriteOptions{HighWaterMark: 8})
	fmt.Println("not open yet:", w.Pending())
	w.OnOpen(func() { fmt.Println("open:", filepath.Base(w.Path())) })
	fmt.Println("go on:", w.WriteChunk([]byte("hello, "), nil))
	fmt.Println("go on:", w.WriteChunk([]byte("world"), nil))
	w.OnDrain(func() { w.End() })
	w.OnClose(func() { fmt.Println(w.BytesWritten(), "bytes") })
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// not open yet: true
	// go on: true
	// go on: false
	// open: out
	// 12 bytes
}
