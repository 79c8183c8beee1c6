package static_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

// counted is a kernel that counts what moves a file's bytes.
type counted struct {
	reactor.Kernel
	sends int
	reads atomic.Int64 // workers read too
}

func (k *counted) SendFile(sock, fd int, off int64, n int) (int, reactor.Errno) {
	k.sends++
	return k.Kernel.SendFile(sock, fd, off, n)
}

func (k *counted) PreadNoWait(fd int, p []byte, off int64) (int, reactor.Errno) {
	k.reads.Add(1)
	return k.Kernel.PreadNoWait(fd, p, off)
}

func (k *counted) Pread(fd int, p []byte, off int64) (int, reactor.Errno) {
	k.reads.Add(1)
	return k.Kernel.Pread(fd, p, off)
}

// town is a server and a client on one loop, on the system's kernel or a simulated one, and a folder.
type town struct {
	*testing.T
	l    *loop.Loop
	k    *counted
	w    *simkernel.World // nil on the real kernel
	dir  string
	addr string
	a    *httpcore.Agent

	server, client []string // what was told, by side
	uncaught       []string
	sends          bool // the kernel can
}

func inTowns(t *testing.T, test func(x *town)) {
	t.Run("Real", func(t *testing.T) {
		k, err := reactor.System(reactor.SystemOptions{})
		if err != nil {
			t.Fatal(err)
		}
		x := &town{T: t, k: &counted{Kernel: k}, dir: t.TempDir()}
		fd, errno := k.OpenFile(x.put("probe", make([]byte, 100)), 0, 0)
		if errno != 0 {
			t.Fatal(errno)
		}
		n, _ := k.InMemory(fd, 0, 100)
		x.sends = n == 100
		k.CloseFile(fd)
		watchDescriptors(t)
		x.open()
		test(x)
	})
	for _, temperament := range []simkernel.Temperament{simkernel.Epoll, simkernel.Kqueue} {
		t.Run(temperament.String(), func(t *testing.T) {
			w := simkernel.New(simkernel.Options{Seed: 1, Temperament: temperament})
			w.MakeFolder("/data")
			x := &town{T: t, w: w, k: &counted{Kernel: w.Kernel()}, dir: "/data", sends: temperament == simkernel.Epoll}
			t.Cleanup(func() {
				for _, left := range w.Check() {
					t.Error(left)
				}
			})
			x.open()
			test(x)
		})
	}
}

func (x *town) open() {
	l, err := loop.New(loop.Options{
		Kernel:     x.k,
		OnUncaught: func(err error) { x.uncaught = append(x.uncaught, err.Error()) },
		OnPanic:    func(err *loop.PanicError) { x.Errorf("%v\n%s", err, err.Stack) },
	})
	if err != nil {
		x.Fatal(err)
	}
	x.l, x.a = l, httpcore.NewAgent(httpcore.AgentOptions{})
	x.Cleanup(func() {
		if err := l.Close(); err != nil {
			x.Error(err)
		}
		for _, err := range x.uncaught {
			x.Errorf("uncaught: %s", err)
		}
	})
}

// serve answers the requests of one connection with fn.
func (x *town) serve(fn func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse)) {
	x.Helper()
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(fn)
	var ln *reactor.Listener
	ln, err := x.l.Listen("tcp", "127.0.0.1:0", func(c *reactor.Conn) {
		ln.Close(nil)
		srv.ServeTransport(x.l, c)
	})
	if err != nil {
		x.Fatal(err)
	}
	x.addr = ln.Addr().String()
}

// request makes one; when it is over, so is its connection.
func (x *town) request(method string, o httpcore.RequestOptions) *httpcore.ClientRequest {
	x.Helper()
	o.Agent = x.a
	req, err := httpcore.NewRequest(x.l, method, "http://"+x.addr+"/", o)
	if err != nil {
		x.Fatal(err)
	}
	req.OnClose(x.a.CloseIdleConnections)
	return req
}

func (x *town) run() {
	x.Helper()
	if err := x.l.Run(); err != nil {
		x.Fatal(err)
	}
}

// watch logs what a stream tells, but for its bytes.
func watch(log *[]string, name string, s any) {
	say := func(what string) func() {
		return func() { *log = append(*log, name+" "+what) }
	}
	pipe := func(what string) func(stream.ReadableStream) {
		return func(stream.ReadableStream) { say(what)() }
	}
	if s, ok := s.(interface{ OnOpen(func()) stream.Sub }); ok {
		s.OnOpen(say("open"))
	}
	if s, ok := s.(interface{ OnReady(func()) stream.Sub }); ok {
		s.OnReady(say("ready"))
	}
	if s, ok := s.(interface{ OnEnd(func()) stream.Sub }); ok {
		s.OnEnd(say("end"))
	}
	if s, ok := s.(interface{ OnPause(func()) stream.Sub }); ok {
		s.OnPause(say("pause"))
	}
	if s, ok := s.(interface{ OnResume(func()) stream.Sub }); ok {
		s.OnResume(say("resume"))
	}
	if s, ok := s.(interface{ OnDrain(func()) stream.Sub }); ok {
		s.OnDrain(say("drain"))
	}
	if s, ok := s.(interface{ OnFinish(func()) stream.Sub }); ok {
		s.OnFinish(say("finish"))
	}
	if s, ok := s.(interface{ OnClose(func()) stream.Sub }); ok {
		s.OnClose(say("close"))
	}
	if s, ok := s.(interface {
		OnPipe(func(stream.ReadableStream)) stream.Sub
		OnUnpipe(func(stream.ReadableStream)) stream.Sub
	}); ok {
		s.OnPipe(pipe("pipe"))
		s.OnUnpipe(pipe("unpipe"))
	}
	if s, ok := s.(interface{ OnError(func(error)) stream.Sub }); ok {
		s.OnError(func(err error) { *log = append(*log, name+" error") })
	}
}

// steps are what a log tells, less the rounds of backpressure, which are the kernel's business. Behind the rest comes, for each
// object, that it is closed, and what is told of the one apart: others do not wait for that, so when it is told is no promise.
func steps(log []string, apart string) (all []string) {
	for _, e := range log {
		switch e[strings.Index(e, " ")+1:] {
		case "pause", "resume", "drain":
		default:
			all = append(all, e)
		}
	}
	object := func(e string) string {
		if name, _, _ := strings.Cut(e, " "); name == apart || strings.HasSuffix(e, " close") {
			return name
		}
		return ""
	}
	slices.SortStableFunc(all, func(a, b string) int { return strings.Compare(object(a), object(b)) })
	return all
}

// ways are how a file is given to a message.
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

// framings are how the end of a message's body is known.
var framings = []string{"Content-Length", "chunked"}

// inWays plays one exchange in all ways and framings, and wants the same events at both ends whatever the way, and the file
// whole in "copy".
func inWays(t *testing.T, apart string, play func(x *town, file string, o files.ReadOptions, length string, more func(in *files.ReadStream))) {
	const size = 1<<20 + 54321
	for _, framing := range framings {
		t.Run(framing, func(t *testing.T) {
			servers, clients := map[string][]string{}, map[string][]string{}
			for _, way := range ways {
				t.Run(way.name, func(t *testing.T) {
					inTowns(t, func(x *town) {
						want := make([]byte, size)
						for i := range want {
							want[i] = byte(i*7 + i>>8*13 + i>>16*101)
						}
						file := x.put("original", want)
						length := ""
						if framing == "Content-Length" {
							length = strconv.Itoa(size)
						}
						play(x, file, way.o, length, func(in *files.ReadStream) {
							if way.do != nil {
								way.do(in)
							}
						})
						x.run()
						if got := x.get("copy"); !bytes.Equal(got, want) {
							x.Errorf("the copy has %d bytes of %d, or others", len(got), len(want))
						}
						if sent := x.k.sends > 0; sent != (way.sends && x.sends) {
							x.Errorf("%d calls of sendfile", x.k.sends)
						}
						if way.sends && x.sends && x.k.reads.Load() > 2 {
							x.Errorf("the file was read %d times besides", x.k.reads.Load())
						}
						kernel := x.Name()[strings.LastIndex(x.Name(), "/"):]
						for end, log := range [][]string{x.server, x.client} {
							first := []map[string][]string{servers, clients}[end]
							got := steps(log, apart)
							if first[kernel] == nil {
								first[kernel] = got
								x.Logf("%s", strings.Join(got, "; "))
							} else if want := first[kernel]; !slices.Equal(got, want) {
								x.Errorf("events differ\n%s: %q\n%s: %q", ways[0].name, want, way.name, got)
							}
						}
					})
				})
			}
		})
	}
}

// The server has file.pipe(res), and the client res.pipe(file).
func TestADownloadHasTheSameEventsWhetherItsFileIsSentOrRead(t *testing.T) {
	inWays(t, "req", func(x *town, file string, o files.ReadOptions, length string, more func(*files.ReadStream)) {
		x.serve(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
			in := files.Open(x.l, file, o)
			watch(&x.server, "file", in)
			watch(&x.server, "res", res)
			watch(&x.server, "req", req)
			if length != "" {
				res.SetHeader("Content-Length", length)
			}
			more(in)
			in.Pipe(res)
		})
		req := x.request("GET", httpcore.RequestOptions{})
		watch(&x.client, "req", req)
		req.OnResponse(func(res *httpcore.IncomingMessage) {
			out := files.Create(x.l, filepath.Join(x.dir, "copy"), files.WriteOptions{})
			watch(&x.client, "file", out)
			watch(&x.client, "res", res)
			res.Pipe(out)
		})
		req.End()
	})
}

// The client has file.pipe(req), and the server req.pipe(file).
func TestAnUploadHasTheSameEventsWhetherItsFileIsSentOrRead(t *testing.T) {
	inWays(t, "res", func(x *town, file string, o files.ReadOptions, length string, more func(*files.ReadStream)) {
		x.serve(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
			out := files.Create(x.l, filepath.Join(x.dir, "copy"), files.WriteOptions{})
			watch(&x.server, "file", out)
			watch(&x.server, "res", res)
			watch(&x.server, "req", req)
			req.Pipe(out)
			out.OnFinish(func() { res.EndString("stored") })
		})
		var fields []string
		if length != "" {
			fields = []string{"Content-Length", length}
		}
		req := x.request("PUT", httpcore.RequestOptions{Header: fields})
		watch(&x.client, "req", req)
		req.OnResponse(func(res *httpcore.IncomingMessage) {
			watch(&x.client, "res", res)
			res.Resume()
		})
		in := files.Open(x.l, file, o)
		watch(&x.client, "file", in)
		more(in)
		in.Pipe(req)
	})
}

func (x *town) put(name string, data []byte) string {
	x.Helper()
	path := filepath.Join(x.dir, name)
	if x.w != nil {
		x.w.WriteFile(path, data)
	} else if err := os.WriteFile(path, data, 0o644); err != nil {
		x.Fatal(err)
	}
	return path
}

func (x *town) get(name string) []byte {
	path := filepath.Join(x.dir, name)
	if x.w != nil {
		data, _ := x.w.ReadFile(path)
		return data
	}
	data, _ := os.ReadFile(path)
	return data
}
