package inproc

import (
	"errors"
	"io"
	"time"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// chunk is what the source gives at once.
var chunk = make([]byte, 16<<10)

// streamWeir pipes a source through a PassThrough into a sink, on a loop.
func streamWeir(length time.Duration) (chunks, bytes int64, _ map[string]float64, err error) {
	l, err := loop.New(loop.Options{})
	if err != nil {
		return 0, 0, nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	keep := l.NewIdle() // the loop has nothing else that lives
	var ended error
	begin := l.NewTimer()
	start := func() {
		begin.Close(nil)
		deadline := time.Now().Add(length)
		source := stream.NewReadable(l, stream.ReadableOptions{Read: func(r *stream.Readable, _ int) {
			if chunks++; chunks%64 == 0 && time.Now().After(deadline) {
				r.PushEOF()
				return
			}
			r.PushOwned(chunk)
		}})
		sink := stream.NewWritable(l, stream.WritableOptions{Write: func(p []byte, done func(error)) {
			bytes += int64(len(p))
			done(nil)
		}})
		stream.Pipeline(func(err error) {
			ended = err
			keep.Close(nil)
		}, source, stream.NewPassThrough(l, stream.PassThroughOptions{}), sink)
	}
	if err := keep.Start(func() {}); err != nil {
		return 0, 0, nil, err
	}
	if err := begin.Start(start, 0, 0); err != nil {
		return 0, 0, nil, err
	}
	err = l.Run()
	return chunks, bytes, nil, errors.Join(err, ended)
}

// streamNet is what the standard library has for it: pipes between goroutines, and copies from one to the next.
func streamNet(length time.Duration) (chunks, bytes int64, _ map[string]float64, err error) {
	first, in := io.Pipe()
	last, between := io.Pipe()
	deadline := time.Now().Add(length)
	go func() {
		for n := 0; ; n++ {
			if n%64 == 0 && time.Now().After(deadline) {
				_ = in.Close()
				return
			}
			if _, err := in.Write(chunk); err != nil {
				return
			}
		}
	}()
	go func() {
		_, err := io.CopyBuffer(struct{ io.Writer }{between}, struct{ io.Reader }{first}, make([]byte, len(chunk)))
		_ = between.CloseWithError(err)
	}()
	buf := make([]byte, len(chunk))
	for {
		n, err := last.Read(buf)
		bytes += int64(n)
		chunks++
		if err == io.EOF {
			return chunks, bytes, nil, nil
		}
		if err != nil {
			return chunks, bytes, nil, err
		}
	}
}
