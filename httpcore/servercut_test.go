package httpcore

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/stream"
)

// begins answers /before with size bytes, and everything else with the beginning of an answer whose end is known in some way.
func begins(framing string, size int) func(*IncomingMessage, *ServerResponse) {
	return func(req *IncomingMessage, res *ServerResponse) {
		req.OnData(func([]byte) {})
		if req.Path() == "/before" {
			res.EndWith(pattern(size), nil)
			return
		}
		switch framing {
		case "length":
			res.SetHeader("Content-Length", "100")
		case "close":
			res.RemoveHeader("Transfer-Encoding")
		}
		res.WriteString("begun")
	}
}

const badChunk = "POST /own HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"

// wantCut checks that an answer of size bytes came whole, and behind it one that has begun and is not complete.
func wantCut(t *testing.T, framing, got string, size int) {
	t.Helper()
	_, got, _ = strings.Cut(got, "\r\n\r\n")
	if len(got) < size || got[:size] != string(pattern(size)) {
		t.Fatalf("%s: the answer before came not whole: %d bytes", framing, min(len(got), size))
	}
	head, body, _ := strings.Cut(got[size:], "\r\n\r\n")
	want := "begun"
	if framing == "chunked" {
		want = "5\r\nbegun\r\n"
	}
	if !strings.HasPrefix(head, "HTTP/1.1 200 ") || body != want {
		t.Errorf("%s: got %q and %q, want a head and %q", framing, head, body, want)
	}
}

func TestAnErrorBehindTheBeginningOfAnAnswerLeavesTheAnswersBeforeItAlone(t *testing.T) {
	const size = 3 << 20 // more than any buffer on the way
	for _, framing := range []string{"chunked", "length"} {
		over(t, ServerOptions{HighWaterMark: 8 << 20}, begins(framing, size), func(k *talk) {
			c := k.dial()
			k.send(c, get("/before")+badChunk)
			k.wait("the error", func() bool { return k.conn(0) != nil && k.conn(0).flags&connDeaf != 0 })
			got, err := io.ReadAll(c)
			if err != nil {
				t.Error(err)
			}
			wantCut(t, framing, string(got), size)
			c.Close()
		})
	}
}

func TestAnAnswerThatIsCutOffIsToldOnceAndNeverLooksComplete(t *testing.T) {
	const limit = 2 * time.Second
	for _, framing := range []string{"chunked", "length", "close"} {
		for _, size := range []int{10, 3 << 20} {
			for _, what := range []string{"a mistake", "silence", "an end"} {
				t.Run(framing+" "+strconv.Itoa(size)+" "+what, func(t *testing.T) {
					begin := begins(framing, size)
					var told []string
					tell := func(what string) { told = append(told, what) }
					var own *ServerResponse
					o := ServerOptions{HighWaterMark: 8 << 20, BodyTimeout: limit, WriteTimeout: -1}
					k := newRig(t, o, func(req *IncomingMessage, res *ServerResponse) {
						begin(req, res)
						if req.Path() == "/before" {
							return
						}
						own = res
						req.OnAborted(func() { tell("aborted") })
						req.OnError(func(err error) { tell("error " + stream.CodeOf(err)) })
						res.OnFinish(func() { tell("finish") })
						res.OnClose(func() { tell("close") })
						res.WriteChunk(nil, func(err error) { tell("written " + stream.CodeOf(err)) })
					})
					p := k.dial()
					switch what {
					case "a mistake":
						k.send(p, get("/before")+badChunk)
					case "silence":
						k.send(p, get("/before")+post("/own", 10)+"some")
						k.pass(limit + slack)
					default:
						k.send(p, get("/before")+post("/own", 10)+"some")
						p.CloseWrite()
						k.run()
					}
					if own.WriteChunk([]byte("more"), func(err error) { tell("late " + stream.CodeOf(err)) }) {
						t.Error("a write to what is cut off was answered with true")
					}
					k.run()
					if size > 1<<20 && own.Closed() {
						t.Error("the response is closed although its bytes wait")
					}
					k.pass(lingerTime - 2*slack)
					err := k.read(p)
					if framing == "close" && (err != nil || k.s.conns.Load() != 1) {
						t.Errorf("the reset comes before the time to read: %v", err)
					}
					k.pass(lingerTime + slack)
					if err == nil {
						err = k.read(p)
					}
					wantCut(t, framing, string(k.got), size)
					if framing == "close" && errors.Is(err, io.EOF) || framing != "close" && !errors.Is(err, io.EOF) {
						t.Errorf("it ended with %v", err)
					}
					p.Close()
					k.run()
					if n := k.s.conns.Load(); n != 0 {
						t.Errorf("%d connections are left", n)
					}
					list := strings.Join(told, "; ")
					for _, want := range []string{"aborted", "error ECONNRESET", "written ", "late ERR_STREAM_DESTROYED", "close"} {
						if strings.Count("; "+list+"; ", "; "+want+"; ") != 1 {
							t.Errorf("%q was not told once: %s", want, list)
						}
					}
					if strings.Contains(list, "finish") || strings.Index(list, "close") < strings.Index(list, "written") {
						t.Errorf("told: %s", list)
					}
				})
			}
		}
	}
}

func TestWhatIsCorkedBehindABeginningIsNotTakenForNoAnswer(t *testing.T) {
	k := newRig(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
		req.OnData(func([]byte) { res.Cork(); res.WriteString("kept") })
		res.WriteString("begun")
	})
	p := k.dial()
	k.send(p, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
	k.send(p, "1\r\na\r\n")
	k.send(p, "zz\r\n")
	err := k.read(p)
	if !errors.Is(err, io.EOF) || !strings.HasSuffix(string(k.got), "\r\n\r\n5\r\nbegun\r\n") {
		t.Errorf("got %q, %v", k.got, err)
	}
	p.Close()
	k.run()
}

func TestARefusalFollowsAnInterimResponseThatIsOnItsWay(t *testing.T) {
	k := newRig(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) { res.WriteProcessing() })
	p := k.dial()
	k.send(p, badChunk)
	k.ended(p, "behind a 102", "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 400 ")
}
