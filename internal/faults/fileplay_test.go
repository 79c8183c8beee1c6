package faults

import (
	"strings"
	"time"

	"github.com/weir-go/weir/stream/files"
)

const (
	struckFile = "/data/struck"
	otherFile  = "/data/other"
	fileMark   = 1000 // of the streams: a read is as large
)

// disk makes a world with a file of so many bytes, and another.
func (r *rig) disk(size int) {
	r.begin(0)
	r.isFile = true
	r.w.MakeFolder("/data")
	r.w.WriteFile(otherFile, []byte("other"))
	if size > 0 {
		r.w.WriteFile(struckFile, []byte(strings.Repeat("x", size)))
	}
	r.readOther("before")
}

// readOther reads another file, which has to be there.
func (r *rig) readOther(when string) {
	r.t.Helper()
	got, closed := "", false
	in := files.Open(r.l, otherFile, files.ReadOptions{})
	in.OnData(func(p []byte) { got += string(p) })
	in.OnError(func(err error) { r.t.Errorf("%s the fault another file: %v", when, err) })
	in.OnClose(func() { closed = true })
	r.work()
	if got != "other" || !closed {
		r.t.Errorf("%s the fault another file had %q, closed %t", when, got, closed)
	}
}

// work lets what is off the loop come to its end.
func (r *rig) work() {
	r.t.Helper()
	r.run()
	for range 14 {
		r.w.Advance(2 * time.Millisecond)
		for range 3 {
			if _, err := r.l.RunNoWait(); err != nil {
				r.t.Fatal(err)
			}
		}
		r.await()
	}
}

// strikeFile is a fault of the disk's.
func (r *rig) strikeFile() {
	r.struck = true
	r.k.file = true
	switch {
	case r.m&(beforeHead|inHead) != 0:
		r.k.failOpen = r.errno().errno
	case r.f == readFails:
		r.k.failRead = r.errno().errno
	case r.f == writeFails:
		r.k.failWrite = r.errno().errno
	}
}

var fileRead = subject{
	name:  "file read",
	about: "A file of 2,500 bytes is read with a mark of 1,000. Told are: the stream (file).",
	at: map[moment]string{
		beforeHead:  "in the turn of files.Open",
		inHead:      "while it is opened off the loop; a panic: in OnOpen",
		midBody:     "in the callback of the first bytes",
		lastByte:    "in the callback of the last bytes; an error: of the read that would find the end",
		afterEnd:    "'end' and 'close' were told; a panic: in OnEnd",
		whilePaused: "the stream is paused, and its buffer full",
	},
	rules: fileReadRules,
	play:  playFileRead,
}

func playFileRead(r *rig) {
	r.disk(2500)
	s := files.Open(r.l, struckFile, files.ReadOptions{HighWaterMark: fileMark})
	got := 0
	s.OnOpen(r.says("file open"))
	if r.f == panics {
		s.OnOpen(func() { r.here(inHead, s) })
	}
	s.OnPause(func() { r.here(whilePaused, s) })
	s.OnData(func(p []byte) {
		switch got += len(p); {
		case r.m == whilePaused && !r.struck && got == fileMark:
			s.Pause()
		case got == fileMark:
			if r.m == midBody && r.f == readFails {
				r.strikeFile()
			}
			r.here(midBody, s)
		case got == 2500:
			if r.m == lastByte && r.f == readFails {
				r.strikeFile()
			}
			r.here(lastByte, s)
		}
	})
	s.OnEnd(r.says("file end"))
	if r.f == panics {
		s.OnEnd(func() { r.here(afterEnd, s) })
	}
	s.OnClose(r.says("file close"))
	if r.listened {
		s.OnError(r.fails("file"))
	}
	r.finished("file", s, "end")
	if r.f == cancelled {
		r.withContext(s)
	}
	if r.m == beforeHead {
		if r.f == readFails {
			r.strikeFile()
		} else {
			r.here(beforeHead, s)
		}
	}
	r.run()
	if r.m == inHead && r.f != panics {
		if r.f == readFails {
			r.strikeFile()
		} else {
			r.on(func() { r.here(inHead, s) })
		}
	}
	r.await()
	r.work()
	if !r.struck {
		if r.f == readFails {
			r.strikeFile()
		} else {
			r.on(func() { r.here(r.m, s) })
		}
	}
	r.await()
	r.work()
	if !s.Closed() {
		r.note("go")
		if r.f == panics {
			r.on(func() { s.Destroy(nil) })
		} else {
			r.on(func() { s.Resume() })
		}
		r.work()
	}
	r.k.file = false
	r.readOther("after")
	if !s.Closed() {
		r.t.Error("the stream is not closed")
	}
}

var fileWrite = subject{
	name: "file write",
	about: "A file is written with a mark of 1,000. Told are: the stream (file), and the callbacks of a write that was done (a), of one that waits (b), " +
		"and of End (e).",
	at: map[moment]string{
		beforeHead:  "in the turn of files.Create",
		inHead:      "while it is opened off the loop, and a write waits; a panic: in OnOpen",
		midBody:     "in the callback of a first write, or behind it",
		lastByte:    "End was called, and the last bytes are being written off the loop; a panic: in the turn of End",
		afterEnd:    "'finish' and 'close' were told; a panic: in OnFinish",
		whilePaused: "a large write is off the loop, and the stream waits for 'drain'",
		whileCorked: "Cork was called, then something was written",
	},
	rules: fileWriteRules,
	play:  playFileWrite,
}

func playFileWrite(r *rig) {
	r.disk(0)
	s := files.Create(r.l, struckFile, files.WriteOptions{HighWaterMark: fileMark})
	ended := false
	large := make([]byte, 5000)
	s.OnOpen(r.says("file open"))
	s.OnFinish(r.says("file finish"))
	if r.f == panics {
		s.OnFinish(func() { r.here(afterEnd, s) })
	}
	s.OnClose(r.says("file close"))
	if r.listened {
		s.OnError(r.fails("file"))
	}
	r.finished("file", s, "finish")
	if r.f == cancelled {
		r.withContext(s)
	}
	fails := func() {
		if r.f == writeFails {
			r.strikeFile()
		}
	}
	if r.f == panics {
		s.OnOpen(func() { r.here(inHead, s) })
	}
	first := func() {
		s.WriteChunk([]byte("first"), func(err error) {
			r.callback("a")(err)
			switch r.m {
			case lastByte:
				ended = true
				fails()
				s.EndWith([]byte("last"), r.callback("e"))
				if r.f == panics {
					r.here(lastByte, s)
				}
			case whilePaused:
				fails()
				s.WriteChunk(large, r.callback("b"))
				if r.f == panics {
					r.here(whilePaused, s)
				}
			case whileCorked:
				s.Cork()
				s.WriteChunk([]byte("held"), r.callback("b"))
				if r.f == panics {
					r.here(whileCorked, s)
				}
			case afterEnd:
				ended = true
				s.EndWith([]byte("last"), r.callback("e"))
			default:
				fails()
				r.here(midBody, s)
				if r.f == writeFails {
					s.WriteChunk([]byte("more"), r.callback("b"))
				}
			}
		})
	}
	switch r.m {
	case beforeHead:
		fails()
		r.here(beforeHead, s)
	case inHead:
		s.WriteChunk([]byte("first"), r.callback("b"))
		fails()
	default:
		first()
	}
	if r.m == inHead && r.f != panics && !r.struck {
		r.on(func() { r.here(inHead, s) })
	}
	if r.m&(lastByte|whilePaused|whileCorked) != 0 && r.f&byCall != 0 {
		for range 100 { // until it is off the loop again
			if r.told["a"] > 0 {
				break
			}
			r.w.Advance(100 * time.Microsecond)
			r.run()
		}
		r.on(func() { r.here(r.m, s) })
	}
	r.await()
	r.work()
	if !r.struck {
		r.on(func() { r.here(r.m, s) })
	}
	r.await()
	r.work()
	if !s.Closed() {
		r.note("go")
		r.on(func() {
			if r.f == panics {
				s.Destroy(nil)
			} else if !ended {
				s.EndWith([]byte("last"), r.callback("e"))
			}
		})
		r.work()
	}
	r.k.file = false
	r.readOther("after")
	if !s.Closed() {
		r.t.Error("the stream is not closed")
	}
}
