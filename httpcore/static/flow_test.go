package static_test

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/static"
)

// sparse makes a file of so many zeros that take no room on the disk.
func (r *rig) sparse(name string, size int64) {
	r.Helper()
	f, err := os.Create(filepath.Join(r.dir, name))
	if err == nil {
		err = f.Truncate(size)
	}
	if err != nil {
		r.Fatal(err)
	}
	f.Close()
}

// noise makes a file of chance, and returns its sum.
func (r *rig) noise(name string, size int) [32]byte {
	r.Helper()
	p := make([]byte, size)
	rand.NewChaCha8([32]byte{1}).Read(p)
	if err := os.WriteFile(filepath.Join(r.dir, name), p, 0o644); err != nil {
		r.Fatal(err)
	}
	return sha256.Sum256(p)
}

func TestALargeFileArrivesAsItIs(t *testing.T) {
	r := newRig(t, static.Options{}, nil)
	sum := r.noise("large", 9_999_999)
	a := r.get("GET /large", "")
	if a.err != nil || sha256.Sum256([]byte(a.body)) != sum {
		t.Errorf("got %d bytes, %v", len(a.body), a.err)
	}
	c := dial(t, r.addr)
	fmt.Fprintf(c, "GET /large HTTP/1.0\r\n\r\n")
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := io.ReadAll(res.Body)
	if err != nil || sha256.Sum256(whole) != sum || res.ContentLength != 9_999_999 {
		t.Errorf("HTTP/1.0: got %d bytes of %d, %v", len(whole), res.ContentLength, err)
	}
}

func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	r := newRig(t, static.Options{}, map[string]string{"small": "small"})
	r.noise("large", 300_000)
	c := dial(t, r.addr)
	paths := []string{"small", "large", "nothing", "small", "large", "small", "small", "large"}
	for _, p := range paths {
		fmt.Fprintf(c, "GET /%s HTTP/1.1\r\nHost: a\r\n\r\n", p)
	}
	for _, p := range paths {
		a := c.answer("GET")
		want := map[string]int{"small": 5, "large": 300_000, "nothing": 10}[p]
		if a.err != nil || len(a.body) != want {
			t.Errorf("%s: got %d with %d bytes, %v", p, a.status, len(a.body), a.err)
		}
	}
}

// What a client does not take waits in its file.
func TestClientsThatDoNotReadHoldLittle(t *testing.T) {
	const clients = 100
	r := newRig(t, static.Options{}, nil)
	r.sparse("large", 1<<30)
	base := descriptors()
	r.wants("GET /large", "Range: bytes=-1", 206, "\x00") // what is made once, is made now
	await(t, "the first client to be gone", func() bool { return descriptors() <= base })
	before := heap()
	var all []*client
	for range clients {
		c := dial(t, r.addr)
		c.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		c.ask("GET /large", "")
		all = append(all, c)
	}
	for _, c := range all {
		if res, err := http.ReadResponse(c.r, nil); err != nil || res.ContentLength != 1<<30 {
			t.Fatalf("got %v, %v", res, err)
		}
	}
	await(t, "a file for each", func() bool { return descriptors() >= base+3*clients }) // beside two ends of a connection
	if n := descriptors() - base; n > 3*clients {
		t.Errorf("%d clients take %d descriptors", clients, n)
	}
	writes, calm := uint64(0), 0
	await(t, "everybody to be stuck", func() bool {
		n := r.g.Loop(0).Metrics().Writes + r.g.Loop(1).Metrics().Writes
		if n != writes {
			writes, calm = n, 0
		}
		calm++
		return calm == 100
	})
	// A stream's mark and one read, and one write that is under way: 64 KiB each.
	t.Logf("a client that does not read holds %d bytes", (heap()-before)/clients)
	if n := (heap() - before) / clients; n > 224<<10 {
		t.Errorf("a client that does not read holds %d bytes", n)
	}
	for _, c := range all {
		c.Close()
	}
	await(t, "the files to be closed", func() bool { return descriptors() <= base })
}

// heap is what is in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // pools keep what they have for one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

func TestAFileThatIsCutShortWhileItIsSentNeverLooksComplete(t *testing.T) {
	for name, fields := range map[string]string{"whole": "", "a range": "Range: bytes=1000-", "ranges": "Range: bytes=0-40000000,50000000-60000000"} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, static.Options{}, map[string]string{"small": "x"})
			r.sparse("large", 64<<20)
			c := dial(t, r.addr)
			c.ask("GET /large", fields)
			res, err := http.ReadResponse(c.r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(res.Body, make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(filepath.Join(r.dir, "large"), 2000); err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, res.Body)
			if err == nil || res.ContentLength > 0 && n+1000 >= res.ContentLength {
				t.Errorf("got %d bytes of %d, %v", n+1000, res.ContentLength, err)
			}
			var said []string
			await(t, "a line", func() bool { said = append(said, r.said()...); return len(said) > 0 })
			if len(said) != 1 || !strings.HasPrefix(said[0], "static: /large is cut off: read \"") || !strings.Contains(said[0], r.dir) {
				t.Errorf("it says %q", said)
			}
			r.wants("GET /small", "", 200, "x")
		})
	}
}

func TestAClientThatLeavesClosesTheFileAtOnce(t *testing.T) {
	for name, fields := range map[string]string{"whole": "", "a range": "Range: bytes=1000-", "ranges": "Range: bytes=0-40000000,50000000-60000000"} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, static.Options{}, nil)
			r.sparse("large", 1<<30)
			base := descriptors()
			c := dial(t, r.addr)
			c.ask("GET /large", fields)
			if _, err := io.ReadFull(c.r, make([]byte, 100_000)); err != nil {
				t.Fatal(err)
			}
			c.Conn.(*net.TCPConn).SetLinger(0)
			c.Close()
			await(t, "the file to be closed", func() bool { return descriptors() <= base })
		})
	}
}

// Many clients ask for all kinds of things, and leave at any moment.
func TestWhoeverLeavesAndWhenNothingIsLeftOpen(t *testing.T) {
	r := newRig(t, static.Options{Listing: true}, map[string]string{"small": "small", "dir/a": "", "dir/b": ""})
	sum := r.noise("large", 2_000_000)
	asked := []struct{ path, fields string }{
		{"/small", ""}, {"/large", ""}, {"/large", "Range: bytes=5-1999999"}, {"/large", "Range: bytes=0-99999,100001-300000,-500"}, {"/dir/", ""}, {"/nothing", ""},
	}
	var clients sync.WaitGroup
	for i := range 16 {
		clients.Go(func() {
			chance := rand.New(rand.NewPCG(uint64(i), 7))
			for range 40 {
				c, err := net.Dial("tcp", r.addr)
				if err != nil {
					t.Error(err)
					return
				}
				c.SetDeadline(time.Now().Add(patience))
				x := asked[chance.IntN(len(asked))]
				fields := x.fields
				if fields != "" {
					fields += "\r\n"
				}
				fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n", x.path, fields)
				switch chance.IntN(4) {
				case 0: // at once
				case 1:
					io.CopyN(io.Discard, c, chance.Int64N(300_000))
				case 2:
					time.Sleep(time.Duration(chance.IntN(2000)) * time.Microsecond)
				default:
					res, err := http.ReadResponse(bufio.NewReader(c), nil)
					if err != nil {
						t.Error(err)
						break
					}
					h := sha256.New()
					if _, err := io.Copy(h, res.Body); err != nil {
						t.Errorf("%s: %v", x.path, err)
					}
					if x.path == "/large" && x.fields == "" && [32]byte(h.Sum(nil)) != sum {
						t.Errorf("%s is another", x.path)
					}
				}
				if chance.IntN(2) == 0 {
					c.(*net.TCPConn).SetLinger(0)
				}
				c.Close()
			}
		})
	}
	clients.Wait()
}

func TestAThousandClientsGetSmallFilesAtOnce(t *testing.T) {
	r := newRig(t, static.Options{}, nil)
	for i := range 10 {
		r.put(fmt.Sprint("file", i), strings.Repeat(fmt.Sprint(i), 1000))
	}
	var all []*client
	for range 1000 {
		all = append(all, dial(t, r.addr))
	}
	for i, c := range all {
		c.ask(fmt.Sprint("GET /file", i%10), "")
	}
	for i, c := range all {
		if a := c.answer("GET"); a.err != nil || a.status != 200 || a.body != strings.Repeat(fmt.Sprint(i%10), 1000) {
			t.Fatalf("client %d: got %d %.20q, %v", i, a.status, a.body, a.err)
		}
	}
}

// Neither a file that can't be opened nor one that can't be read by a second descriptor is the client's mistake.
func TestWithoutDescriptorsTheClientIsToldToComeAgain(t *testing.T) {
	r := newRig(t, static.Options{}, map[string]string{"small": "x"})
	r.sparse("large", 1<<20)
	c := dial(t, r.addr)
	ask := func(path string) answer {
		t.Helper()
		fmt.Fprintf(c, "HEAD /small HTTP/1.1\r\nHost: a\r\n\r\nGET %s HTTP/1.1\r\nHost: a\r\n\r\n", path)
		c.answer("HEAD")
		return c.answer("GET")
	}
	fmt.Fprintf(c, "GET /small HTTP/1.1\r\nHost: a\r\n\r\n")
	c.answer("GET")
	for free, path := range map[int]string{0: "/small", 1: "/large"} {
		leave(t, free, func() {
			fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path)
			a := c.answer("GET")
			if a.status != 503 || a.header.Get("Retry-After") == "" || a.header.Get("Etag") != "" || a.header.Get("Accept-Ranges") != "" || a.body != "Service Unavailable\n" {
				t.Errorf("%s: got %d %q %v", path, a.status, a.body, a.header)
			}
		})
		if said := r.said(); len(said) != 1 || !strings.Contains(said[0], path+" is answered with 503: ") || !strings.Contains(said[0], "too many open files") {
			t.Errorf("it says %q", said)
		}
		if a := ask(path); a.status != 200 {
			t.Errorf("%s: got %d when there are descriptors again", path, a.status)
		}
	}
}

// leave runs fn with so many descriptors to be had.
func leave(t *testing.T, n int, fn func()) {
	t.Helper()
	var taken []*os.File
	for range n + 1 {
		f, err := os.Open("/dev/null")
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, f)
	}
	most := taken[n].Fd()
	for _, f := range taken {
		f.Close()
	}
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	less := before
	limit(&less.Cur, most)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &less); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &before)
	fn()
}

// limit sets a number that has a sign on some systems.
func limit[T int64 | uint64](n *T, to uintptr) { *n = T(to) }

func TestAHandlerThatIsClosedServesNothingMore(t *testing.T) {
	r := newRig(t, static.Options{}, map[string]string{"small": "x"})
	sum := r.noise("large", 20_000_000)
	c := dial(t, r.addr)
	c.ask("GET /large", "")
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.h.Close()
	r.wants("GET /small", "", 500, "Internal Server Error\n")
	if said := r.said(); len(said) != 1 || !strings.Contains(said[0], "/small is answered with 500: ") {
		t.Errorf("it says %q", said)
	}
	whole, err := io.ReadAll(res.Body)
	if err != nil || sha256.Sum256(whole) != sum {
		t.Errorf("got %d bytes, %v", len(whole), err)
	}
}

func TestWhatWasSetBeforeIsSentToo(t *testing.T) {
	r := newRig(t, static.Options{}, map[string]string{"small": "x"})
	r.first(func(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) { res.SetHeader("X-Before", "set") })
	for _, path := range []string{"/small", "/nothing", "/small/"} {
		r.get("GET "+path, "").has(t, "X-Before", "set")
	}
}

// stuck has the loops' pool do nothing more for slow work until release is called.
func (r *rig) stuck() (release func()) {
	gate, begun := make(chan struct{}), make(chan struct{})
	for i := range 2 {
		r.g.Loop(i).Post(func() {
			r.g.Loop(i).QueueSlowWork(func() {
				begun <- struct{}{}
				<-gate
			}, nil)
		})
	}
	<-begun
	<-begun
	return func() { close(gate) }
}

func TestAnAnswerThatComesTooLateIsNobodys(t *testing.T) {
	r := newRig(t, static.Options{}, map[string]string{"small": "x", "large": strings.Repeat("x", 100_000)})
	r.first(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		if req.RawQuery() == "" {
			res.SetTimeout(time.Millisecond, nil)
		}
	})
	release := r.stuck()
	for _, path := range []string{"/small", "/large"} {
		r.wants("GET "+path, "", 503, "")
	}
	release()
	r.wants("GET /small?again", "", 200, "x")
}

// The collector would close what is forgotten, some day.
func TestNothingStaysOpenBehindAnAnswer(t *testing.T) {
	r := newRig(t, static.Options{Listing: true}, map[string]string{"small": "x", "large": strings.Repeat("x", 100_000), "dir/index.html": "x", "bare/x": "", "odd/index.html/x": ""})
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	base := descriptors()
	tag := r.get("HEAD /large", "").header.Get("ETag")
	for _, x := range []struct {
		line, fields string
		status       int
	}{
		{"GET /large", "If-None-Match: " + tag, 304},
		{"GET /large", `If-Match: "x"`, 412},
		{"GET /large", "Range: bytes=100000-", 416},
		{"GET /large", "Range: bytes=1-2", 206},
		{"GET /large", "Range: bytes=1-50000", 206},
		{"GET /large", "Range: bytes=1-2,5-6", 206},
		{"GET /large", "Range: bytes=1-40000,50000-60000", 206},
		{"GET /large", "", 200},
		{"HEAD /large", "", 200},
		{"GET /large/", "", 301},
		{"GET /small", "", 200},
		{"GET /dir", "", 301},
		{"GET /dir/", "", 200},
		{"GET /bare/", "", 200},
		{"GET /odd/", "", 200},
	} {
		for range 5 {
			if a := r.get(x.line, x.fields); a.status != x.status || a.err != nil {
				t.Errorf("%s: got %d, %v", x.line, a.status, a.err)
			}
		}
		await(t, "the files of "+x.line+" "+x.fields+" to be closed", func() bool { return descriptors() <= base })
	}
}

func TestALogHasALineForEachError(t *testing.T) {
	r := newRig(t, static.Options{}, map[string]string{"a\nb": "x"})
	r.h.Close()
	r.wants("GET /a%0Ab", "", 500, "Internal Server Error\n")
	if said := r.said(); len(said) != 1 || strings.Contains(said[0], "\n") || !strings.Contains(said[0], "/a%0Ab is answered with 500: ") {
		t.Errorf("it says %q", said)
	}
}
