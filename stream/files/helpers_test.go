package files_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

// rig is a loop, on the system's kernel or on a simulated one, with a folder.
type rig struct {
	*testing.T
	l        *loop.Loop
	dir      string
	w        *simkernel.World // nil on the real kernel
	log      []string
	uncaught []error
}

// onBoth runs a test on the real kernel and on a kind simulated one of each temperament.
func onBoth(t *testing.T, test func(r *rig)) {
	t.Run("Real", func(t *testing.T) { test(newRig(t, loop.Options{})) })
	for _, temperament := range []simkernel.Temperament{simkernel.Epoll, simkernel.Kqueue} {
		t.Run(temperament.String(), func(t *testing.T) {
			test(newSimRig(t, simkernel.Options{Seed: 1, Temperament: temperament}))
		})
	}
}

func newRig(t *testing.T, o loop.Options) *rig {
	r := &rig{T: t, dir: t.TempDir()}
	r.begin(o)
	before := openFiles()
	t.Cleanup(func() {
		for fd := range openFiles() {
			if !before[fd] {
				t.Errorf("left open: %s", fd)
			}
		}
		for _, name := range r.names() {
			if strings.HasPrefix(name, ".weir-") {
				t.Errorf("a temporary file is left: %s", name)
			}
		}
	})
	return r
}

func newSimRig(t *testing.T, o simkernel.Options) *rig {
	return newSimRigOver(t, o, func(k reactor.Kernel) reactor.Kernel { return k })
}

// newSimRigOver is newSimRig with something put around the kernel.
func newSimRigOver(t *testing.T, o simkernel.Options, around func(reactor.Kernel) reactor.Kernel) *rig {
	r := &rig{T: t, dir: "/var/data", w: simkernel.New(o)}
	r.w.MakeFolder(r.dir)
	r.begin(loop.Options{Kernel: around(r.w.Kernel())})
	t.Cleanup(func() {
		for _, left := range r.w.Check() {
			t.Error(left)
		}
		if t.Failed() {
			t.Log(r.w.Trace())
		}
	})
	return r
}

func (r *rig) begin(o loop.Options) {
	r.Helper()
	o.OnUncaught = func(err error) { r.uncaught = append(r.uncaught, err) }
	o.OnPanic = func(e *loop.PanicError) { r.Errorf("%v\n%s", e, e.Stack) }
	l, err := loop.New(o)
	if err != nil {
		r.Fatal(err)
	}
	r.l = l
	r.Cleanup(func() {
		if err := l.Close(); err != nil {
			r.Errorf("closing the loop: %v", err)
		}
		for _, err := range r.uncaught {
			r.Errorf("nobody was told: %v", err)
		}
	})
}

// run runs the loop until nothing is under way.
func (r *rig) run() {
	r.Helper()
	if err := r.l.Run(); err != nil {
		r.Fatal(err)
	}
}

// after runs fn in a turn of its own, d from now.
func (r *rig) after(d time.Duration, fn func()) {
	r.Helper()
	timer := r.l.NewTimer()
	err := timer.Start(func() {
		timer.Close(nil)
		fn()
	}, d, 0)
	if err != nil {
		r.Fatal(err)
	}
}

// openFiles are the descriptors of this process that lead to files, as Linux names them; none elsewhere.
func openFiles() map[string]bool {
	found := map[string]bool{}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return found
	}
	for _, e := range entries {
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "/proc/") {
			found[e.Name()+" "+to] = true
		}
	}
	return found
}

func (r *rig) path(name string) string { return filepath.Join(r.dir, name) }

// put makes a file without the loop.
func (r *rig) put(name string, data []byte) string {
	r.Helper()
	path := r.path(name)
	if r.w != nil {
		r.w.WriteFile(path, data)
	} else if err := os.WriteFile(path, data, 0o644); err != nil {
		r.Fatal(err)
	}
	return path
}

// get reads a file without the loop; nil if there is none.
func (r *rig) get(name string) []byte {
	r.Helper()
	if r.w != nil {
		data, _ := r.w.ReadFile(r.path(name))
		return data
	}
	data, err := os.ReadFile(r.path(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.Fatal(err)
	}
	return data
}

func (r *rig) truncate(name string, size int) {
	r.Helper()
	if r.w != nil {
		r.w.TruncateFile(r.path(name), size)
	} else if err := os.Truncate(r.path(name), int64(size)); err != nil {
		r.Fatal(err)
	}
}

// names are those of all files in the folder.
func (r *rig) names() []string {
	r.Helper()
	var names []string
	if r.w != nil {
		for _, path := range r.w.FileNames() {
			names = append(names, filepath.Base(path))
		}
	} else {
		entries, err := os.ReadDir(r.dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names
}

func (r *rig) wantFile(name string, want []byte) {
	r.Helper()
	if got := r.get(name); !bytes.Equal(got, want) || got == nil {
		r.Errorf("%s: got %d bytes (%.20q …), want %d (%.20q …)", name, len(got), got, len(want), want)
	}
}

func (r *rig) wantNames(want ...string) {
	r.Helper()
	if got := r.names(); !slices.Equal(got, want) {
		r.Errorf("files: got %q, want %q", got, want)
	}
}

func (r *rig) note(format string, args ...any) { r.log = append(r.log, fmt.Sprintf(format, args...)) }

func (r *rig) wantLog(want ...string) {
	r.Helper()
	if !slices.Equal(r.log, want) {
		r.Errorf("events:\ngot  %q\nwant %q", r.log, want)
	}
	r.log = nil
}

// watch logs the events of a stream, 'data' in a row as one.
func (r *rig) watch(name string, s stream.Stream) {
	say := func(what string) func() {
		return func() { r.note("%s %s", name, what) }
	}
	switch s := s.(type) {
	case *files.ReadStream:
		s.OnOpen(say("open"))
		s.OnReady(say("ready"))
		s.OnEnd(say("end"))
	case *files.WriteStream:
		s.OnOpen(say("open"))
		s.OnReady(say("ready"))
		s.OnFinish(say("finish"))
	case *stream.Readable:
		s.OnEnd(say("end"))
	case *stream.Writable:
		s.OnFinish(say("finish"))
	}
	s.OnError(func(err error) { r.note("%s error: %s", name, strings.ReplaceAll(err.Error(), r.dir, "DIR")) })
	s.OnClose(say("close"))
}

// collect gathers what a stream gives, and logs 'data' once in a row.
func (r *rig) collect(name string, s interface {
	OnData(func([]byte)) stream.Sub
},
) *[]byte {
	var got []byte
	s.OnData(func(p []byte) {
		got = append(got, p...)
		if line := name + " data"; len(r.log) == 0 || r.log[len(r.log)-1] != line {
			r.note("%s", line)
		}
	})
	return &got
}

// pattern is n bytes that do not repeat soon.
func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*7 + i>>8*13 + i>>16*101)
	}
	return p
}
