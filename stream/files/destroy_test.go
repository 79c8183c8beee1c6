package files_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

// sequel is what a stream has told, and whether that may be.
type sequel struct {
	events []string
	closed bool
	owed   int // callbacks of writes that were not told
}

func (q *sequel) tell(r *rig, what string) {
	r.Helper()
	if q.closed {
		r.Errorf("%s after close: %q", what, q.events)
	}
	if slices.Contains(q.events, what) && what != "data" {
		r.Errorf("%s twice: %q", what, q.events)
	}
	q.closed = what == "close"
	if what != "data" || !slices.Contains(q.events, what) {
		q.events = append(q.events, what)
	}
}

// follow listens to a stream of any kind.
func follow(r *rig, s stream.Stream) *sequel {
	q := new(sequel)
	say := func(what string) func() { return func() { q.tell(r, what) } }
	s.OnClose(say("close"))
	s.OnError(func(error) { q.tell(r, "error") })
	if s, ok := s.(interface{ OnOpen(func()) stream.Sub }); ok {
		s.OnOpen(say("open"))
	}
	if s, ok := s.(interface{ OnReady(func()) stream.Sub }); ok {
		s.OnReady(say("ready"))
	}
	if s, ok := s.(stream.ReadableStream); ok {
		s.OnEnd(say("end"))
		s.(interface {
			OnData(func([]byte)) stream.Sub
		}).OnData(func([]byte) {
			if s.State().Destroyed {
				r.Error("bytes of a stream that was destroyed")
			}
			q.tell(r, "data")
		})
	}
	if s, ok := s.(stream.WritableStream); ok {
		s.OnFinish(say("finish"))
	}
	return q
}

// write writes to a stream, in pieces, and ends it.
func (q *sequel) write(r *rig, w interface {
	WriteChunk([]byte, func(error)) bool
	EndWith([]byte, func(error))
}, data []byte, pieces int,
) {
	told := func() func(error) {
		q.owed++
		once := false
		return func(error) {
			if once {
				r.Error("a callback is told twice")
			}
			once = true
			q.owed--
		}
	}
	for n := max(1, len(data)/pieces); len(data) > n; data = data[n:] {
		w.WriteChunk(data[:n], told())
	}
	w.EndWith(data, told())
}

// orders are what may come, of which some may be left out at the end, but close.
var orders = map[string][]string{
	"read": {"open", "ready", "data", "end", "close"}, "write": {"open", "ready", "finish", "close"},
	"from": {"data", "end", "close"}, "to": {"finish", "close"},
}

// check looks whether what was told is a beginning of order, and then close, perhaps with an error before it.
func (q *sequel) check(r *rig, kind string) {
	r.Helper()
	order := orders[kind]
	events := slices.DeleteFunc(slices.Clone(q.events), func(e string) bool { return e == "error" })
	if i := slices.Index(q.events, "error"); i >= 0 && i != len(q.events)-2 {
		r.Errorf("%s: the error is not right before the end: %q", kind, q.events)
	}
	if len(events) == 0 || events[len(events)-1] != "close" {
		r.Errorf("%s: it did not close: %q", kind, q.events)
		return
	}
	at := 0
	for _, e := range events {
		i := slices.Index(order[at:], e)
		if i < 0 {
			r.Errorf("%s: got %q, which is not in the order %q", kind, q.events, order)
			return
		}
		at += i + 1
	}
	if q.owed != 0 {
		r.Errorf("%s: %d callbacks were not told", kind, q.owed)
	}
}

// TestAStreamMayBeDestroyedAtAnyMoment destroys after each number of iterations of the loop, until there is nothing left
// to destroy.
func TestAStreamMayBeDestroyedAtAnyMoment(t *testing.T) {
	data := pattern(150_000)
	for _, kind := range []string{"read", "write", "replace", "from", "to"} {
		for _, why := range []error{nil, errors.New("enough")} {
			t.Run(fmt.Sprintf("%s/%v", kind, why), func(t *testing.T) {
				done := 0
				for step := 0; done < 3; step++ {
					if step == 10_000 {
						t.Fatal("it never ends")
					}
					r := newSimRig(t, simkernel.Options{Seed: uint64(step), Faults: simkernel.Faults{NotCached: 0.7, ShortRead: 0.3, ShortWrite: 0.3, WorkAtOnce: 0.3}})
					if destroyAt(r, kind, data, why, step) {
						done++
					}
				}
			})
		}
	}
}

// destroyAt destroys a stream of a kind after some iterations, and reports whether it had closed before.
func destroyAt(r *rig, kind string, data []byte, why error, step int) bool {
	var s stream.Stream
	var q *sequel
	order := kind
	old := []byte("old")
	switch kind {
	case "read":
		s = files.Open(r.l, r.put("a", data), files.ReadOptions{})
		q = follow(r, s)
	case "from":
		s = files.From(r.l, &closer{Reader: bytes.NewReader(data)})
		q = follow(r, s)
	case "to":
		w := files.To(r.l, &closer{Writer: new(bytes.Buffer)})
		s, q = w, follow(r, w)
		q.write(r, w, data, 5)
	default:
		order = "write"
		var w *files.WriteStream
		if kind == "write" {
			w = files.Create(r.l, r.path("a"), files.WriteOptions{Sync: true})
		} else {
			w = files.Replace(r.l, r.put("b", old), files.ReplaceOptions{Sync: true})
		}
		s, q = w, follow(r, w)
		q.write(r, w, data, 5)
	}
	for range step {
		if _, err := r.l.RunOnce(); err != nil {
			r.Fatal(err)
		}
	}
	closed := q.closed
	s.Destroy(why)
	r.run()
	q.check(r, order)
	if err := s.State().Err; why == nil && slices.Contains(q.events, "error") && !errors.Is(err, stream.ErrDestroyed) {
		r.Errorf("an error that nobody has made: %v", err)
	}
	finished := slices.Contains(q.events, "finish")
	if kind == "replace" {
		got := r.get("b")
		if whole := bytes.Equal(got, data); finished && !whole || !whole && !bytes.Equal(got, old) {
			r.Errorf("finished %t: got %d bytes, neither the old file nor the new one", finished, len(got))
		}
	}
	if kind == "write" && finished {
		r.wantFile("a", data)
	}
	return closed
}

func TestAStreamMayBeDestroyedInAnyOfItsCallbacks(t *testing.T) {
	for _, moment := range []string{"open", "ready", "data", "end", "finish", "error", "close", "written"} {
		for _, kind := range []string{"read", "write", "replace"} {
			onBoth(t, func(r *rig) {
				var s stream.Stream
				at := func(m string) func() {
					return func() {
						if m == moment {
							s.Destroy(errors.New("here"))
						}
					}
				}
				var q *sequel
				if kind == "read" {
					f := files.Open(r.l, r.put("a", pattern(200_000)), files.ReadOptions{})
					s = f
					q = follow(r, s) // first: who listens to the same is told all the same
					f.OnOpen(at("open"))
					f.OnReady(at("ready"))
					f.OnData(func([]byte) { at("data")() })
					f.OnEnd(at("end"))
				} else {
					var f *files.WriteStream
					if kind == "write" {
						f = files.Create(r.l, r.path("a"), files.WriteOptions{})
					} else {
						f = files.Replace(r.l, r.path("a"), files.ReplaceOptions{})
					}
					s = f
					f.OnOpen(at("open"))
					f.OnReady(at("ready"))
					f.OnFinish(at("finish"))
					q = follow(r, s)
					f.WriteChunk(pattern(1000), func(error) { at("written")() })
					q.write(r, f, pattern(200_000), 3)
				}
				s.OnClose(at("close"))
				s.OnError(func(error) { at("error")() })
				r.run()
				order := kind
				if kind == "replace" {
					order = "write"
				}
				q.check(r, order)
			})
		}
	}
}

func TestAFileIsClosedOnlyWhenItsReadHasReturned(t *testing.T) {
	r := newSimRig(t, simkernel.Options{Seed: 3, Faults: simkernel.Faults{NotCached: 1, WorkDelay: 1}})
	s := files.Open(r.l, r.put("a", pattern(100_000)), files.ReadOptions{})
	q := follow(r, s)
	s.OnData(func([]byte) {
		r.l.NextTick(func() { s.Destroy(nil) }) // the next read has been asked for by then
	})
	r.run()
	q.check(r, "read")
}

func TestAStreamOfALoopThatWasClosedStillGivesItsFileBack(t *testing.T) {
	before := openFiles()
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := files.Replace(l, dir+"/a", files.ReplaceOptions{})
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s.Destroy(nil)
	late := files.Create(l, dir+"/b", files.WriteOptions{})
	if !errors.Is(late.Errored(), reactor.ErrClosed) {
		t.Errorf("a stream on a closed loop: got %v", late.Errored())
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 0 {
		t.Errorf("%v, %v", entries, err)
	}
	for fd := range openFiles() {
		if !before[fd] {
			t.Errorf("left open: %s", fd)
		}
	}
}
