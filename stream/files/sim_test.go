package files_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

// swarm is one world in which files are read, written, replaced, cut and given up, with a seed's faults.
type swarm struct {
	*rig
	r       *rand.Rand
	follows []func()
	files   [][]byte // what a0, a1 … hold, but those that were cut
	cut     []bool
}

// TestFilesUnderFaults runs worlds with faults. Each stream tells its events once and in order; what is read is what was
// there; a replaced file is the old one or the new one; a finish means that all is written; and at the end of each world
// nothing is open and no temporary file is left.
func TestFilesUnderFaults(t *testing.T) {
	seeds := 500
	if testing.Short() {
		seeds = 100
	}
	for seed := range seeds {
		if !t.Run(fmt.Sprintf("seed%d", seed), func(t *testing.T) { runSwarm(t, uint64(seed)) }) {
			return
		}
	}
}

func TestTheSameSeedGivesTheSameFiles(t *testing.T) {
	for seed := range uint64(20) {
		if a, b := runSwarm(t, seed), runSwarm(t, seed); a != b {
			t.Errorf("seed %d: traces %016x and %016x", seed, a, b)
		}
	}
}

func runSwarm(t *testing.T, seed uint64) (trace uint64) {
	o := simkernel.SwarmOptions(seed)
	o.Faults.TimeJump = 0
	r := rand.New(rand.NewPCG(seed, 0x66696c65))
	if r.IntN(4) == 0 {
		o.DiskSpace = 200_000 + r.IntN(2_000_000)
	}
	if r.IntN(4) == 0 {
		o.FDLimit = 4 + r.IntN(8)
	}
	o.Workers = 1 + r.IntN(4)
	s := &swarm{rig: newSimRig(t, o), r: r}
	for i := range 4 {
		data := pattern(s.r.IntN(1 << (4 + s.r.IntN(15))))
		s.put(fmt.Sprintf("a%d", i), data)
		s.files, s.cut = append(s.files, data), append(s.cut, false)
	}
	for range 3 + s.r.IntN(12) {
		s.after(time.Duration(s.r.IntN(20))*time.Millisecond, s.life)
	}
	if s.r.IntN(3) == 0 {
		s.after(time.Duration(s.r.IntN(20))*time.Millisecond, s.cutOne)
	}
	s.run()
	for _, check := range s.follows {
		check()
	}
	return s.w.TraceHash()
}

// cutOne has another process cut a file.
func (s *swarm) cutOne() {
	i := s.r.IntN(len(s.files))
	s.cut[i] = true
	s.truncate(fmt.Sprintf("a%d", i), s.r.IntN(1+len(s.files[i])))
}

// giveUp destroys a stream some time, now and then. The source of a pipeline always has a reason: as in Node, one that is
// destroyed without, behind its end and with bytes unread, leaves the pipeline waiting.
func (s *swarm) giveUp(x stream.Stream, reason bool) {
	if s.r.IntN(3) != 0 {
		return
	}
	why := error(nil)
	if reason || s.r.IntN(2) == 0 {
		why = errors.New("given up")
	}
	s.after(time.Duration(s.r.IntN(10_000))*time.Microsecond, func() { x.Destroy(why) })
}

func (s *swarm) mark() int { return []int{0, stream.NoBuffer, 1000, 1 << 14, 1 << 18}[s.r.IntN(5)] }

// life is one thing that is done to files.
func (s *swarm) life() {
	switch s.r.IntN(4) {
	case 0:
		s.reading()
	case 1:
		s.writing()
	default:
		s.copying()
	}
}

// source is a stream of a part of a file, and what it should give.
func (s *swarm) source() (*files.ReadStream, func(got []byte, in *files.ReadStream)) {
	i := s.r.IntN(len(s.files))
	want := s.files[i]
	o := files.ReadOptions{HighWaterMark: s.mark()}
	if s.r.IntN(2) == 0 && len(want) > 0 {
		start := s.r.IntN(len(want))
		o.Start, want = int64(start), want[start:]
		if length := s.r.IntN(1 + len(want)); length > 0 {
			o.Length, want = int64(length), want[:length]
		}
	}
	in := files.Open(s.l, s.path(fmt.Sprintf("a%d", i)), o)
	return in, func(got []byte, in *files.ReadStream) {
		switch {
		case s.cut[i] && in.ReadableEnded() && o.Length > 0 && len(got) != len(want):
			s.Errorf("a range of a file that was cut ended after %d of %d bytes without an error", len(got), len(want))
		case s.cut[i]:
		case !bytes.HasPrefix(want, got):
			s.Errorf("%d bytes were read that are not in the file", len(got))
		case in.ReadableEnded() && len(got) != len(want):
			s.Errorf("it ended after %d of %d bytes", len(got), len(want))
		case in.Errored() == nil && !in.ReadableEnded() && !in.Destroyed():
			s.Error("a stream neither ended nor failed")
		}
	}
}

func (s *swarm) reading() {
	in, check := s.source()
	q := follow(s.rig, in)
	got := s.collect("in", in)
	s.giveUp(in, false)
	if s.r.IntN(2) == 0 {
		in.OnData(func([]byte) {
			in.Pause()
			if max := in.ReadableHighWaterMark() + 1<<16; in.ReadableLength() > max {
				s.Errorf("%d bytes wait, of %d at most", in.ReadableLength(), max)
			}
			s.after(time.Duration(s.r.IntN(2000))*time.Microsecond, in.Resume)
		})
	}
	s.follows = append(s.follows, func() {
		q.check(s.rig, "read")
		check(*got, in)
	})
}

// target is a stream to a new file or one that is replaced, and its name.
func (s *swarm) target() (out *files.WriteStream, name string, replaced bool) {
	name = fmt.Sprintf("b%d", len(s.follows))
	sync := s.r.IntN(2) == 0
	if s.r.IntN(2) == 0 {
		return files.Create(s.l, s.path(name), files.WriteOptions{HighWaterMark: s.mark(), Sync: sync}), name, false
	}
	s.put(name, []byte("old"))
	return files.Replace(s.l, s.path(name), files.ReplaceOptions{HighWaterMark: s.mark(), Sync: sync}), name, true
}

// judge looks at what became of a target that should hold want.
func (s *swarm) judge(q *sequel, out *files.WriteStream, name string, replaced bool, want []byte) {
	q.check(s.rig, "write")
	got := s.get(name)
	finished := slices.Contains(q.events, "finish")
	switch {
	case finished && !bytes.Equal(got, want):
		s.Errorf("%s has finished with %d of %d bytes", name, len(got), len(want))
	case replaced && !finished && !bytes.Equal(got, want) && string(got) != "old":
		s.Errorf("%s has %d bytes, and is neither the old file nor the new one", name, len(got))
	case !replaced && !bytes.HasPrefix(want, got):
		s.Errorf("%s has %d bytes that were not written to it", name, len(got))
	case uint64(len(got)) < out.BytesWritten() && !replaced:
		s.Errorf("%s has %d bytes, BytesWritten says %d", name, len(got), out.BytesWritten())
	}
}

func (s *swarm) writing() {
	out, name, replaced := s.target()
	q := follow(s.rig, out)
	want := pattern(s.r.IntN(100_000))
	q.write(s.rig, out, want, 1+s.r.IntN(20))
	s.giveUp(out, false)
	s.follows = append(s.follows, func() { s.judge(q, out, name, replaced, want) })
}

func (s *swarm) copying() {
	in, check := s.source()
	out, name, replaced := s.target()
	qin, qout := follow(s.rig, in), follow(s.rig, out)
	got := s.collect("in", in)
	told, result := 0, error(nil)
	stream.Pipeline(func(err error) { told++; result = err }, in, out)
	s.giveUp(in, true)
	s.giveUp(out, false)
	s.follows = append(s.follows, func() {
		qin.check(s.rig, "read")
		s.judge(qout, out, name, replaced, *got)
		check(*got, in)
		if told != 1 || result == nil && !bytes.Equal(s.get(name), *got) {
			s.Errorf("the pipeline was told %d times, %v; in %q, out %q", told, result, qin.events, qout.events)
		}
	})
}
