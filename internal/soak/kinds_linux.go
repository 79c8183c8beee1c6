package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
)

// kinds are what the workers of weir's client do.
func kinds() []kind {
	return []kind{
		{name: "hello", weight: 24, run: hello},
		{name: "length", weight: 8, run: func(x *exchange) { x.download("/length", 0) }},
		{name: "stream", weight: 8, run: func(x *exchange) { x.download("/stream", 0) }},
		{name: "drip", weight: 3, run: func(x *exchange) { x.n %= 1 << 20; x.download("/drip", 0) }},
		{name: "slow-read", weight: 4, run: func(x *exchange) { x.download("/length", 1+x.r.IntN(20)) }},
		{name: "leave-download", weight: 6, run: func(x *exchange) { x.leaves = true; x.download("/stream", 0) }},
		{name: "range", weight: 6, run: someRange},
		{name: "upload", weight: 6, run: func(x *exchange) { x.upload("", nil) }},
		{name: "slow-upload", weight: 3, run: func(x *exchange) {
			x.upload("", func() time.Duration { return time.Duration(x.r.IntN(15)) * time.Millisecond })
		}},
		{name: "leave-upload", weight: 5, run: func(x *exchange) { x.leaves = true; x.upload("", nil) }},
		{name: "expect", weight: 4, run: func(x *exchange) { x.upload("100-continue", nil) }},
		{name: "expect-refused", weight: 3, run: func(x *exchange) { x.upload("refuse", nil) }},
		{name: "echo", weight: 6, run: echo},
		{name: "poll", weight: 4, run: func(x *exchange) { x.poll() }},
		{name: "leave-poll", weight: 4, run: func(x *exchange) { x.leaves = true; x.poll() }},
		{name: "upgrade", weight: 4, run: func(x *exchange) { x.tunnel(false) }},
		{name: "leave-upgrade", weight: 2, run: func(x *exchange) { x.leaves = true; x.tunnel(false) }},
		{name: "connect", weight: 3, direct: true, run: func(x *exchange) { x.tunnel(true) }},
	}
}

// request makes the request. What comes of it is concluded when it is closed.
func (x *exchange) request(method, target string, o httpcore.RequestOptions) *httpcore.ClientRequest {
	o.Agent = x.agent
	req, err := httpcore.NewRequest(x.l, method, "http://"+x.to.HTTP+target, o)
	if err != nil {
		x.end(wrong, err)
		return nil
	}
	x.req = req
	req.OnError(func(err error) { x.failed(err) })
	req.OnClose(x.closed)
	return req
}

func (x *exchange) failed(err error) {
	if x.why == nil {
		x.why = err
	}
}

// spoilt is what came being wrong.
func (x *exchange) spoilt(err error) {
	x.failed(err)
	x.req.Destroy(nil)
}

// closed is the request's last event. When its connection goes, that may come before the end of an answer that waits for us.
func (x *exchange) closed() {
	res := x.req.Response()
	switch {
	case x.taken: // it goes on as a tunnel
	case res != nil && !res.Closed():
		res.OnClose(x.closed)
	case x.file != "":
		x.look()
	default:
		x.conclude()
	}
}

// look looks whether an upload's file is there, and right, off the loop. Then it goes, so that the disk does not fill. What a
// client has left may come to lie there later; the conductor looks at those.
func (x *exchange) look() {
	var there bool
	var err error
	_, failed := x.l.QueueSlowWork(func() {
		if there, err = verifyUpload(x.file); there && err == nil {
			err = os.Remove(x.file)
		}
	}, func(failed error) {
		switch {
		case failed != nil:
			err = failed
		case err == nil && x.right && x.status == 201 && !there:
			err = errors.New("the server says that it is there, and it is not")
		}
		if err != nil {
			x.end(wrong, err)
			return
		}
		x.conclude()
	})
	if failed != nil {
		x.end(wrong, failed)
	}
}

// conclude says what the exchange has come to.
func (x *exchange) conclude() {
	switch {
	case x.right:
		x.end(whole, nil)
	case x.status >= 500:
		x.end(outcomeOfStatus(x.status), fmt.Errorf("status %d", x.status))
	case x.leaves && (x.why == nil || outcomeOf(x.why) != wrong):
		x.end(left, nil)
	case x.why == nil:
		x.end(wrong, errors.New("closed, and neither an answer nor an error"))
	default:
		x.end(outcomeOf(x.why), x.why)
	}
}

// answered has fn called with the answer if its status is the one that is wanted; otherwise it is thrown away.
func (x *exchange) answered(want int, fn func(res *httpcore.IncomingMessage)) {
	x.req.OnResponse(func(res *httpcore.IncomingMessage) {
		x.status = res.StatusCode()
		res.OnError(x.failed)
		if x.status != want {
			if x.status < 500 {
				x.failed(fmt.Errorf("status %d, want %d", x.status, want))
			}
			res.OnClose(func() {
				if !x.req.WritableEnded() {
					x.req.Destroy(nil) // nobody wants the rest
				}
			})
			res.Resume()
			return
		}
		fn(res)
	})
}

// checked compares the body with n bytes of the key.
func (x *exchange) checked(res *httpcore.IncomingMessage, key, n int64) {
	x.got.key = key
	res.OnData(func(p []byte) {
		if _, err := x.got.Write(p); err != nil {
			x.spoilt(err)
		}
	})
	res.OnEnd(func() {
		if x.got.n != n {
			x.failed(fmt.Errorf("%d bytes are taken for all of %d", x.got.n, n))
			return
		}
		x.right = res.Complete() && x.why == nil
	})
}

// leaveSoon has the client go away a little later.
func (x *exchange) leaveSoon() {
	x.w.ld.after(time.Duration(x.r.IntN(30_000))*time.Microsecond, func() {
		if !x.over && !x.req.Closed() {
			x.req.Destroy(nil)
		}
	})
}

func hello(x *exchange) {
	call := httpcore.Call{URL: "http://" + x.to.HTTP + "/hello"}
	httpcore.NewClient(httpcore.ClientOptions{Request: httpcore.RequestOptions{Agent: x.agent}}).Do(x.l, call, func(p *httpcore.Reply, err error) {
		switch {
		case err != nil:
			x.end(outcomeOf(err), err)
		case p.StatusCode >= 500:
			x.end(outcomeOfStatus(p.StatusCode), fmt.Errorf("status %d", p.StatusCode))
		case p.StatusCode != 200 || string(p.Body) != "Hello, World!":
			x.end(wrong, fmt.Errorf("got %d %q", p.StatusCode, p.Body))
		default:
			x.end(whole, nil)
		}
	})
}

// download gets a body, slowly if slow pauses in it are asked for, and leaves in it if it was said so.
func (x *exchange) download(path string, pauses int) {
	req := x.request("GET", fmt.Sprintf("%s?n=%d&key=%d", path, x.n, x.key), httpcore.RequestOptions{})
	if req == nil {
		return
	}
	x.answered(200, func(res *httpcore.IncomingMessage) {
		x.checked(res, x.key, x.n)
		if pauses > 0 {
			res.OnData(func([]byte) {
				if pauses > 0 && x.r.IntN(3) == 0 {
					pauses--
					res.Pause()
					x.w.ld.after(time.Duration(x.r.IntN(100))*time.Millisecond, res.Resume)
				}
			})
		}
		if x.leaves {
			at := x.r.Int64N(x.n + 1)
			res.OnData(func([]byte) {
				if x.got.n >= at {
					req.Destroy(nil)
				}
			})
		}
	})
	req.End()
	if x.leaves && x.r.IntN(3) == 0 {
		x.leaveSoon()
	}
}

// someRange gets a part of a file.
func someRange(x *exchange) {
	f := served[x.r.IntN(len(served))]
	from := x.r.Int64N(f.n)
	x.n = 1 + x.r.Int64N(f.n-from)
	x.key = f.key + from
	req := x.request("GET", "/static/"+f.name, httpcore.RequestOptions{Header: []string{"Range", fmt.Sprintf("bytes=%d-%d", from, from+x.n-1)}})
	if req == nil {
		return
	}
	x.answered(206, func(res *httpcore.IncomingMessage) {
		if want := fmt.Sprintf("bytes %d-%d/%d", from, from+x.n-1, f.n); res.Header("Content-Range") != want {
			x.spoilt(fmt.Errorf("Content-Range is %q, want %q", res.Header("Content-Range"), want))
			return
		}
		x.checked(res, x.key, x.n)
	})
	req.End()
}

// upload puts a file, and looks whether it lies there.
func (x *exchange) upload(expect string, pause func() time.Duration) {
	if pause != nil {
		x.n %= 1 << 20
	}
	if expect == "refuse" {
		x.n++ // an empty body waits for nothing
	}
	name := uploadName(x.key, x.n, fmt.Sprintf("%d-%d", os.Getpid(), x.serial))
	target, want, o := "/up/"+name, 201, httpcore.RequestOptions{}
	switch expect {
	case "100-continue":
		o.Header = []string{"Expect", "100-continue"}
	case "refuse":
		target, want = target+"?refuse", 403
		o.Header = []string{"Expect", "100-continue"}
		o.ContinueTimeout = -1
	}
	if x.r.IntN(2) == 0 {
		o.Header = append(o.Header, "Content-Length", strconv.FormatInt(x.n, 10))
	}
	req := x.request("PUT", target, o)
	if req == nil {
		return
	}
	x.file = filepath.Join(x.to.Up, name)
	x.answered(want, func(res *httpcore.IncomingMessage) {
		res.OnEnd(func() { x.right = res.Complete() && x.why == nil })
		res.Resume()
		if want == 403 {
			res.OnClose(func() { req.Destroy(nil) }) // its body is not wanted
		}
	})
	switch {
	case !x.leaves:
		feed(x.l, req, x.key, x.n, pause)
	case x.r.IntN(2) == 0:
		feed(x.l, req, x.key, x.n, nil)
		x.leaveSoon()
	default: // inside the body, for sure
		most := x.r.Int64N(x.n + 1)
		var off int64
		more := func() {
			for off < most {
				p := content(x.key, off, min(most-off, 16<<10))
				off += int64(len(p))
				if !req.WriteOwned(p, nil) {
					return
				}
			}
			x.leaveSoon()
		}
		req.OnDrain(more)
		more()
	}
}

// echo has a body echoed while it is sent.
func echo(x *exchange) {
	var o httpcore.RequestOptions
	if x.r.IntN(2) == 0 {
		o.Header = []string{"Content-Length", strconv.FormatInt(x.n, 10)}
	}
	req := x.request("POST", "/echo", o)
	if req == nil {
		return
	}
	x.answered(200, func(res *httpcore.IncomingMessage) { x.checked(res, x.key, x.n) })
	feed(x.l, req, x.key, x.n, nil)
}

// poll waits for news.
func (x *exchange) poll() {
	ms := x.r.IntN(500)
	req := x.request("GET", fmt.Sprintf("/poll?ms=%d", ms), httpcore.RequestOptions{})
	if req == nil {
		return
	}
	x.answered(200, func(res *httpcore.IncomingMessage) {
		res.Collect(100, func(p []byte, err error) {
			if err != nil {
				x.failed(err)
			} else if x.right = string(p) == "news"; !x.right {
				x.failed(fmt.Errorf("got %q", p))
			}
		})
	})
	req.End()
	if x.leaves {
		x.w.ld.after(time.Duration(x.r.IntN(ms+1))*time.Millisecond, func() {
			if !x.over && !req.Closed() {
				req.Destroy(nil)
			}
		})
	}
}

// tunnel has the other side echo what it is sent, over an upgrade or a CONNECT, and ends its own side first.
func (x *exchange) tunnel(connect bool) {
	var req *httpcore.ClientRequest
	take := func(_ *httpcore.IncomingMessage, s *stream.Socket, head []byte) { x.through(s, head) }
	if connect {
		if req = x.request("CONNECT", "", httpcore.RequestOptions{Target: x.to.HTTP}); req == nil {
			return
		}
		req.OnConnect(take)
	} else {
		if req = x.request("GET", "/switch", httpcore.RequestOptions{Header: []string{"Connection", "Upgrade", "Upgrade", "soak-echo"}}); req == nil {
			return
		}
		req.OnUpgrade(take)
	}
	x.answered(101, func(*httpcore.IncomingMessage) {}) // never: any answer is another one than that
	req.End()
}

// through is the tunnel. The exchange is over when the socket is closed, and not before: the request is closed earlier.
func (x *exchange) through(s *stream.Socket, head []byte) {
	x.taken = true
	x.got.key = x.key
	see := func(p []byte) {
		if _, err := x.got.Write(p); err != nil {
			x.failed(err)
			s.Destroy(nil)
		}
	}
	see(head)
	s.OnError(x.failed)
	s.OnData(see)
	s.OnEnd(func() {
		if x.got.n != x.n {
			x.failed(fmt.Errorf("%w: the tunnel ends behind %d bytes of %d", io.ErrUnexpectedEOF, x.got.n, x.n))
			return
		}
		x.right = x.why == nil
	})
	s.OnClose(x.conclude)
	feed(x.l, s, x.key, x.n, nil)
	if x.leaves {
		x.w.ld.after(time.Duration(x.r.IntN(20))*time.Millisecond, func() {
			if !s.Destroyed() {
				s.ResetAndDestroy(nil)
			}
		})
	}
}

// uploadName says what a file has to be.
func uploadName(key, n int64, unique string) string {
	return fmt.Sprintf("%d-%d-%s", key, n, unique)
}

// verifyUpload reports whether a file is there, and an error if it is not what its name says.
func verifyUpload(path string) (there bool, err error) {
	var key, n int64
	if _, err := fmt.Sscanf(filepath.Base(path), "%d-%d-", &key, &n); err != nil {
		return false, err
	}
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if want := sumOf(key, n); sha256.Sum256(text) != want {
		return true, fmt.Errorf("the file %s has %d bytes and the SHA-256 %x, want %x", filepath.Base(path), len(text), sha256.Sum256(text), want)
	}
	return true, nil
}

// served are the files that an origin has.
var served = []servedFile{{"small.bin", 11, 700}, {"middle.bin", 222, 60<<10 + 1}, {"large.bin", 3333, 3<<20 + 7}}

type servedFile struct {
	name   string
	key, n int64
}
