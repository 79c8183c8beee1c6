package files_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

// counted is a kernel that counts what moves a file's bytes.
type counted struct {
	reactor.Kernel
	sends, sent int
	reads       atomic.Int64 // workers read too
}

func (k *counted) SendFile(sock, fd int, off int64, n int) (int, reactor.Errno) {
	k.sends++
	sent, errno := k.Kernel.SendFile(sock, fd, off, n)
	k.sent += sent
	return sent, errno
}

func (k *counted) PreadNoWait(fd int, p []byte, off int64) (int, reactor.Errno) {
	k.reads.Add(1)
	return k.Kernel.PreadNoWait(fd, p, off)
}

func (k *counted) Pread(fd int, p []byte, off int64) (int, reactor.Errno) {
	k.reads.Add(1)
	return k.Kernel.Pread(fd, p, off)
}

// onCounted is onBoth over kernels that are counted. sends says whether they can send files.
func onCounted(t *testing.T, test func(r *rig, k *counted, sends bool)) {
	t.Run("Real", func(t *testing.T) {
		sys, err := reactor.System(reactor.SystemOptions{})
		if err != nil {
			t.Fatal(err)
		}
		k := &counted{Kernel: sys}
		r := newRig(t, loop.Options{Kernel: k})
		test(r, k, r.tellsWhatIsInMemory(sys))
	})
	for _, temperament := range []simkernel.Temperament{simkernel.Epoll, simkernel.Kqueue} {
		t.Run(temperament.String(), func(t *testing.T) {
			r := newSimRigOver(t, simkernel.Options{Seed: 1, Temperament: temperament}, func(k reactor.Kernel) reactor.Kernel {
				return &counted{Kernel: k}
			})
			test(r, r.l.Reactor().Kernel().(*counted), temperament == simkernel.Epoll)
		})
	}
}

// tellsWhatIsInMemory reports whether k can, of the rig's folder: not all systems and file systems can.
func (r *rig) tellsWhatIsInMemory(k reactor.Kernel) bool {
	fd, errno := k.OpenFile(r.put("probe", pattern(100)), 0, 0)
	if errno != 0 {
		r.Fatal(errno)
	}
	defer k.CloseFile(fd)
	n, _ := k.InMemory(fd, 0, 100)
	return n == 100
}

// link is a connection of a rig's loop with itself.
type link struct {
	*rig
	near *stream.Socket // what is written to
	far  *reactor.Conn
	got  []byte
	end  error // how the far end's reading has ended
}

// muchMore is more bytes than both ends' kernels take from us for a peer that does not read.
func (r *rig) muchMore() int {
	if r.w != nil {
		return 2 << 20
	}
	return 24 << 20
}

// connect makes one. The far end reads; more is called with both ends there.
func (r *rig) connect(more func(x *link)) *link {
	r.Helper()
	x := &link{rig: r}
	ready := 0
	both := func() {
		if ready++; ready == 2 {
			more(x)
		}
	}
	var ln *reactor.Listener
	ln, err := r.l.Listen("tcp", "127.0.0.1:0", func(c *reactor.Conn) {
		ln.Close(nil)
		x.near = stream.NewSocket(r.l, c, stream.SocketOptions{AllowHalfOpen: true})
		both()
	})
	if err != nil {
		r.Fatal(err)
	}
	x.far, err = r.l.Connect("tcp", ln.Addr().String(), func(err error) {
		if err != nil {
			r.Fatal(err)
		}
		x.read()
		both()
	})
	if err != nil {
		r.Fatal(err)
	}
	return x
}

// read has the far end read, to the end, and then close.
func (x *link) read() {
	x.far.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
		x.got = append(x.got, p...)
		if err != nil {
			x.end = err
			x.far.Close(nil)
		}
	}))
}

// steps are what a log tells, less the rounds of backpressure: how many there are is the kernel's business. That the file
// is closed comes last: when, is a worker's.
func steps(log []string) (all []string) {
	closed := false
	for _, e := range log {
		switch e[strings.Index(e, " ")+1:] {
		case "pause", "resume", "drain":
		case "close":
			if e == "in close" {
				closed = true
				continue
			}
			fallthrough
		default:
			all = append(all, e)
		}
	}
	if closed {
		all = append(all, "in close")
	}
	return all
}

// ways are how a file goes to a socket: sent by the kernel, or read, for one of the reasons there are.
var ways = []struct {
	name  string
	sends bool
	do    func(in *files.ReadStream)
	o     files.ReadOptions
}{
	{name: "sent", sends: true},
	{name: "read, as the options say", o: files.ReadOptions{NoSendFile: true}},
	{name: "read, since somebody looks", do: func(in *files.ReadStream) { in.OnData(func([]byte) {}) }},
}

func TestAFileThatIsPipedToASocketIsSentWithTheSameEventsAsIfItWereRead(t *testing.T) {
	const size = 3<<20 + 12345
	onCounted(t, func(r *rig, k *counted, sends bool) {
		want := pattern(size)
		path := r.put("a", want)
		var first []string
		for _, way := range ways {
			r.log = nil
			sendsBefore, readsBefore := k.sends, k.reads.Load()
			var in *files.ReadStream
			x := r.connect(func(x *link) {
				in = files.Open(r.l, path, way.o)
				r.watch("in", in)
				in.OnPause(func() { r.note("in pause") })
				in.OnResume(func() { r.note("in resume") })
				x.near.OnPipe(func(stream.ReadableStream) { r.note("out pipe") })
				x.near.OnUnpipe(func(stream.ReadableStream) { r.note("out unpipe") })
				x.near.OnDrain(func() { r.note("out drain") })
				x.near.OnFinish(func() { r.note("out finish") })
				x.near.OnClose(func() { r.note("out close") })
				if way.do != nil {
					way.do(in)
				}
				in.Pipe(x.near)
			})
			r.run()
			if !bytes.Equal(x.got, want) || x.end != io.EOF {
				t.Fatalf("%s: %d bytes have come, and %v; want %d", way.name, len(x.got), x.end, size)
			}
			if in.BytesRead() != size || x.near.BytesWritten() != size || x.near.WritableLength() != 0 {
				t.Errorf("%s: BytesRead %d, BytesWritten %d, WritableLength %d", way.name, in.BytesRead(), x.near.BytesWritten(), x.near.WritableLength())
			}
			if r.w != nil && !slices.Contains(r.log, "out drain") {
				t.Errorf("%s: nobody has waited for 3 MiB to be taken: %q", way.name, r.log)
			}
			log := steps(r.log)
			if first == nil {
				first = log
			}
			if !slices.Equal(log, first) || !slices.Contains(log, "in close") {
				t.Errorf("events differ\n%s: %q\n%s: %q", ways[0].name, first, way.name, log)
			}
			if sent := k.sends > sendsBefore; sent != (way.sends && sends) {
				t.Errorf("%s: %d calls of sendfile", way.name, k.sends-sendsBefore)
			}
			if reads := k.reads.Load() - readsBefore; way.sends && sends && reads > 2 {
				t.Errorf("%s: the file was read %d times besides", way.name, reads)
			}
		}
		r.log = nil
	})
}

func TestARangeOfAFileIsSent(t *testing.T) {
	onCounted(t, func(r *rig, k *counted, sends bool) {
		want := pattern(1 << 20)
		path := r.put("a", want)
		for _, o := range []files.ReadOptions{
			{Start: 1000, Length: 500_000},
			{Start: 77_777},
			{Length: 64 << 10},
			{Start: 1<<20 - 64<<10},
			{Length: 64<<10 - 1},
			{Length: 576<<10 - 1},
			{Length: 576 << 10},
			{Length: 576<<10 + 1},
			{HighWaterMark: stream.NoBuffer},
			{HighWaterMark: 4 << 10},
			{HighWaterMark: 1 << 20},
		} {
			k.sent = 0
			want := want[o.Start:]
			if o.Length > 0 {
				want = want[:o.Length]
			}
			x := r.connect(func(x *link) { files.Open(r.l, path, o).Pipe(x.near) })
			r.run()
			if !bytes.Equal(x.got, want) {
				t.Errorf("%+v: %d bytes have come, of %d, or others", o, len(x.got), len(want))
			}
			if sends && len(want) >= 64<<10 && k.sent < len(want)-64<<10 {
				t.Errorf("%+v: only %d of %d bytes were sent without reading", o, k.sent, len(want))
			}
			if len(want) < 64<<10 && k.sent > 0 {
				t.Errorf("%+v: so few bytes are read", o)
			}
		}
	})
}

func TestWhatIsWrittenAroundAFileKeepsItsPlace(t *testing.T) {
	onCounted(t, func(r *rig, k *counted, sends bool) {
		file := pattern(400_000)
		path := r.put("a", file)
		x := r.connect(func(x *link) {
			x.near.WriteString("before ")
			in := files.Open(r.l, path, files.ReadOptions{})
			in.PipeWith(x.near, stream.PipeOptions{NoEnd: true})
			in.OnEnd(func() { x.near.EndWith([]byte(" behind"), nil) })
		})
		r.run()
		if want := "before " + string(file) + " behind"; string(x.got) != want {
			t.Errorf("%d bytes have come, want %d", len(x.got), len(want))
		}
		if sends != (k.sends > 0) {
			t.Errorf("%d calls of sendfile", k.sends)
		}
	})
}

// TestAStreamThatIsReadInAnotherWayIsRead has what comes between a file and a socket.
func TestAStreamThatIsReadInAnotherWayIsRead(t *testing.T) {
	for name, join := range map[string]func(r *rig, in *files.ReadStream, out *stream.Socket){
		"two pipes": func(r *rig, in *files.ReadStream, out *stream.Socket) {
			in.Pipe(out)
			in.Pipe(stream.NewWritable(r.l, stream.WritableOptions{}))
		},
		"a transform": func(r *rig, in *files.ReadStream, out *stream.Socket) {
			in.Pipe(stream.NewPassThrough(r.l, stream.PassThroughOptions{})).(*stream.PassThrough).Pipe(out)
		},
		"a wrapped destination": func(r *rig, in *files.ReadStream, out *stream.Socket) {
			in.Pipe(struct{ *stream.Socket }{out})
		},
		"a listener of readable": func(r *rig, in *files.ReadStream, out *stream.Socket) {
			in.OnReadable(func() {
				if p := in.ReadChunk(-1); p != nil {
					out.WriteOwned(p, nil)
				}
			})
			in.OnEnd(out.End)
		},
		"a corked destination": func(r *rig, in *files.ReadStream, out *stream.Socket) {
			out.Cork()
			in.Pipe(out)
			in.OnPause(func() { r.after(time.Millisecond, func() { out.Uncork(); out.Cork() }) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			onCounted(t, func(r *rig, k *counted, _ bool) {
				want := pattern(300_000)
				path := r.put("a", want)
				x := r.connect(func(x *link) { join(r, files.Open(r.l, path, files.ReadOptions{}), x.near) })
				r.run()
				if !bytes.Equal(x.got, want) {
					t.Errorf("%d bytes have come, of %d", len(x.got), len(want))
				}
				if k.sends > 0 {
					t.Errorf("%d calls of sendfile", k.sends)
				}
			})
		})
	}
}

func TestAListenerThatComesInTheMiddleSeesTheRest(t *testing.T) {
	onCounted(t, func(r *rig, k *counted, sends bool) {
		want := pattern(2 << 20)
		path := r.put("a", want)
		var seen []byte
		x := r.connect(func(x *link) {
			in := files.Open(r.l, path, files.ReadOptions{})
			in.Pipe(x.near)
			in.OnOpen(func() {
				r.after(100*time.Microsecond, func() { in.OnData(func(p []byte) { seen = append(seen, p...) }) })
			})
		})
		r.run()
		if !bytes.Equal(x.got, want) || !bytes.HasSuffix(want, seen) {
			t.Errorf("%d bytes have come, and %d were seen, of %d", len(x.got), len(seen), len(want))
		}
	})
}

func TestASlowPeerHoldsTheFileUp(t *testing.T) {
	onCounted(t, func(r *rig, k *counted, sends bool) {
		want := pattern(r.muchMore())
		path := r.put("a", want)
		var in *files.ReadStream
		x := r.connect(func(x *link) {
			x.far.ReadStop()
			in = files.Open(r.l, path, files.ReadOptions{})
			in.Pipe(x.near)
			r.after(300*time.Millisecond, func() {
				if most := uint64(len(want)) * 3 / 4; in.BytesRead() > most || x.near.WritableLength() > 640<<10 {
					t.Errorf("%d bytes have gone to a peer that does not read, and %d wait", in.BytesRead(), x.near.WritableLength())
				}
				x.read()
			})
		})
		r.run()
		if !bytes.Equal(x.got, want) {
			t.Errorf("%d bytes have come, of %d", len(x.got), len(want))
		}
		if in.BytesRead() != uint64(len(want)) {
			t.Errorf("BytesRead is %d", in.BytesRead())
		}
	})
}

// TestAFileThatIsCutWhileItIsSentEndsWhereItEnds: nobody was promised more, so the end is one; and with a Length it is an
// error of the file's, and not the socket's.
func TestAFileThatIsCutWhileItIsSentEndsWhereItEnds(t *testing.T) {
	for _, length := range []int64{0, 1} {
		onCounted(t, func(r *rig, k *counted, sends bool) {
			const cut = 100_000
			want := pattern(r.muchMore())
			length := length * int64(len(want))
			path := r.put("a", want)
			var in *files.ReadStream
			x := r.connect(func(x *link) {
				x.far.ReadStop()
				in = files.Open(r.l, path, files.ReadOptions{Length: length})
				r.watch("in", in)
				in.OnError(func(err error) {
					var of *files.Error
					if !errors.As(err, &of) || of.Op != "read" || !errors.Is(err, io.ErrUnexpectedEOF) {
						t.Errorf("got %v", err)
					}
					x.near.End()
				})
				in.Pipe(x.near)
				r.after(100*time.Millisecond, func() {
					r.truncate("a", cut)
					x.read()
				})
			})
			r.run()
			for i := range x.got {
				if i >= cut && x.got[i] == 0 {
					want[i] = 0 // what is sent is what the page holds, and cutting a file empties its pages
				}
			}
			if len(x.got) < cut || len(x.got) > len(want)*3/4 || !bytes.HasPrefix(want, x.got) {
				t.Errorf("%d bytes have come, or others", len(x.got))
			}
			if n := uint64(len(x.got)); in.BytesRead() != n || x.near.BytesWritten() != n || x.near.WritableLength() != 0 {
				t.Errorf("%d bytes have come, BytesRead is %d, BytesWritten %d, WritableLength %d", n, in.BytesRead(), x.near.BytesWritten(), x.near.WritableLength())
			}
			log := strings.Join(r.log, "; ")
			r.log = nil
			if length == 0 && log != "in open; in ready; in end; in close" {
				t.Errorf("events: %s", log)
			}
			if length > 0 && (!strings.HasPrefix(log, "in open; in ready; in error: files: read DIR/a: the file ends at byte ") || !strings.HasSuffix(log, "; in close")) {
				t.Errorf("events: %s", log)
			}
		})
	}
}
