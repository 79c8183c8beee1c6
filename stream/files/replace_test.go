package files_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

func TestAReplacedFileIsTheOldOneUntilTheNewOneIsWhole(t *testing.T) {
	for _, sync := range []bool{false, true} {
		onBoth(t, func(r *rig) {
			path := r.put("a", []byte("old"))
			s := files.Replace(r.l, path, files.ReplaceOptions{Sync: sync})
			r.watch("out", s)
			s.WriteChunk([]byte("new, "), func(error) {
				r.wantFile("a", []byte("old"))
				if names := r.names(); len(names) != 2 || !strings.HasPrefix(names[0], ".weir-") {
					r.Errorf("files: %q", names)
				}
				s.EndWith([]byte("and whole"), nil)
			})
			s.OnFinish(func() { r.wantFile("a", []byte("new, and whole")) })
			r.run()
			r.wantLog("out open", "out ready", "out finish", "out close")
			r.wantNames("a")
			if r.w != nil && r.w.Durable(path) != sync {
				r.Errorf("sync %t: durable %t", sync, r.w.Durable(path))
			}
		})
	}
}

func TestAReplacedFileNeedNotBeThere(t *testing.T) {
	onBoth(t, func(r *rig) {
		files.Replace(r.l, r.path("a"), files.ReplaceOptions{}).EndWith([]byte("new"), nil)
		r.run()
		r.wantFile("a", []byte("new"))
		r.wantNames("a")
	})
}

func TestAReplacementThatIsDestroyedLeavesTheOldFileAndNothingElse(t *testing.T) {
	why := errors.New("changed my mind")
	for _, reason := range []error{nil, why} {
		onBoth(t, func(r *rig) {
			s := files.Replace(r.l, r.put("a", []byte("old")), files.ReplaceOptions{})
			r.watch("out", s)
			s.WriteChunk([]byte("half"), func(error) { s.Destroy(reason) })
			r.run()
			if reason == nil {
				r.wantLog("out open", "out ready", "out close")
			} else {
				r.wantLog("out open", "out ready", "out error: changed my mind", "out close")
			}
			r.wantFile("a", []byte("old"))
			r.wantNames("a")
		})
	}
}

func TestASourceThatFailsTakesItsReplacementWithItInAPipeline(t *testing.T) {
	onBoth(t, func(r *rig) {
		src := stream.NewReadable(r.l, stream.ReadableOptions{})
		s := files.Replace(r.l, r.put("a", []byte("old")), files.ReplaceOptions{})
		stream.Pipeline(func(err error) { r.note("done: %v", err) }, src, s)
		src.Push([]byte("half of it"))
		s.OnReady(func() { src.Destroy(errors.New("aborted")) })
		r.run()
		r.wantLog("done: aborted")
		r.wantFile("a", []byte("old"))
		r.wantNames("a")
	})
}

func TestAReplacementThatHasNoRoomLeavesNothing(t *testing.T) {
	r := newSimRig(t, simkernel.Options{Seed: 1, DiskSpace: 1000})
	s := files.Replace(r.l, r.put("a", []byte("old")), files.ReplaceOptions{Sync: true})
	r.watch("out", s)
	s.Write(pattern(600))
	s.EndWith(pattern(600), nil)
	r.run()
	r.wantLog("out open", "out ready", "out error: files: write DIR/a: no space left on device", "out close")
	r.wantFile("a", []byte("old"))
	r.wantNames("a")
}

func TestANameThatCannotBeGivenLeavesNothing(t *testing.T) {
	r := newRig(t, loop.Options{})
	if err := os.MkdirAll(r.path("a/full"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := files.Replace(r.l, r.path("a"), files.ReplaceOptions{})
	r.watch("out", s)
	s.EndWith([]byte("new"), func(err error) { r.note("end %t", err != nil) })
	r.run()
	r.wantNames("a")
	if len(r.log) != 5 || r.log[2] != "end true" || !strings.HasPrefix(r.log[3], "out error: files: rename DIR/a: ") {
		t.Errorf("got %q", r.log)
	}
}

func TestAReplacementWithoutAFolderSaysSo(t *testing.T) {
	onBoth(t, func(r *rig) {
		s := files.Replace(r.l, r.path("no/a"), files.ReplaceOptions{})
		r.watch("out", s)
		s.End()
		r.run()
		r.wantLog("out error: files: open DIR/no/a: no such file or directory", "out close")
	})
}

func TestReplacementsOfOneFileDoNotMix(t *testing.T) {
	onBoth(t, func(r *rig) {
		for i := range 8 {
			s := files.Replace(r.l, r.path("a"), files.ReplaceOptions{})
			for range 3 {
				s.Write([]byte{'a' + byte(i)})
			}
			s.End()
		}
		r.run()
		got := string(r.get("a"))
		if len(got) != 3 || got != strings.Repeat(got[:1], 3) {
			r.Errorf("got %q", got)
		}
		r.wantNames("a")
	})
}

// syncKernel calls a function from Fsync, off the loop.
type syncKernel struct {
	reactor.Kernel
	syncs func()
}

func (k *syncKernel) Fsync(fd int) reactor.Errno {
	k.syncs()
	return k.Kernel.Fsync(fd)
}

func TestADestroyBeforeTheNameIsGivenKeepsItFromBeingGiven(t *testing.T) {
	k, err := reactor.System(reactor.SystemOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var s *files.WriteStream
	var r *rig
	syncs := 0
	r = newRig(t, loop.Options{Kernel: &syncKernel{k, func() {
		if syncs++; syncs > 1 {
			return
		}
		destroyed := make(chan struct{})
		r.l.Post(func() {
			s.Destroy(nil)
			close(destroyed)
		})
		<-destroyed
	}}})
	s = files.Replace(r.l, r.put("a", []byte("old")), files.ReplaceOptions{Sync: true})
	r.watch("out", s)
	s.EndWith([]byte("new"), func(err error) { r.note("end %v", err) })
	r.run()
	r.wantFile("a", []byte("old"))
	r.wantNames("a")
	r.wantLog("out open", "out ready", "end stream: the stream was destroyed", "out error: stream: the stream was destroyed", "out close")
}

// takenKernel says of the first names that somebody has them.
type takenKernel struct {
	reactor.Kernel
	taken int
	asked int
}

func (k *takenKernel) OpenFile(path string, flags int, mode os.FileMode) (int, reactor.Errno) {
	if k.asked++; k.asked <= k.taken {
		return -1, reactor.EEXIST
	}
	return k.Kernel.OpenFile(path, flags, mode)
}

func TestANameThatIsTakenIsNotTakenAway(t *testing.T) {
	for _, taken := range []int{1, 50, 1000} {
		w := simkernel.New(simkernel.Options{})
		k := &takenKernel{Kernel: w.Kernel(), taken: taken}
		r := &rig{T: t, dir: "/", w: w}
		r.begin(loop.Options{Kernel: k})
		s := files.Replace(r.l, "/a", files.ReplaceOptions{})
		failed := error(nil)
		s.OnError(func(err error) { failed = err })
		s.End()
		r.run()
		if want := taken > 100; errors.Is(failed, reactor.EEXIST) != want || (failed != nil) != want || k.asked > 101 {
			t.Errorf("%d names are taken: got %v after %d tries", taken, failed, k.asked)
		}
		for _, left := range w.Check() {
			t.Error(left)
		}
	}
}
