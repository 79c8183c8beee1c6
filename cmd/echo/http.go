package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/h1"
)

// newHTTP returns the HTTP part: each route streams, and none has a path of its own through the library.
func newHTTP(c config) *httpcore.Server {
	s := httpcore.NewServer(httpcore.ServerOptions{
		Limits:        h1.Limits{Header: c.maxHeader, Field: min(c.maxHeader, 8<<10)},
		HeaderTimeout: forever(c.headerTimeout), BodyTimeout: forever(c.bodyTimeout), IdleTimeout: forever(c.idleTimeout),
		MaxBody: c.maxBody,
		Logger:  slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	s.OnRequest(answer)
	return s
}

// forever is a flag's duration as an option: 0 is no limit.
func forever(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

func answer(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	path := req.Path()
	switch {
	case path == "/":
		res.SetHeader("Content-Type", "text/plain")
		res.EndString("Hello, World!")
	case path == "/echo" && req.Method() == "POST":
		res.SetHeader("Content-Type", "application/octet-stream")
		if n := req.ContentLength(); n >= 0 {
			res.SetHeader("Content-Length", strconv.FormatInt(n, 10))
		}
		echoBody(req, res)
	case path == "/upload" && req.Method() == "POST":
		count(req, res)
	case path == "/download", path == "/big":
		n := number(req, "n")
		res.SetHeader("Content-Length", strconv.FormatInt(n, 10))
		generate(req, res, n)
	case path == "/stream":
		generate(req, res, number(req, "n"))
	case path == "/slow":
		timer := req.Loop().NewTimer()
		timer.Start(func() { res.EndString("slow") }, time.Duration(min(number(req, "ms"), maxSlow))*time.Millisecond, 0)
		res.OnClose(func() { timer.Close(nil) }) // answered, or its client gone
	case strings.HasPrefix(path, "/status/"):
		status, _ := strconv.Atoi(path[len("/status/"):])
		if status < 200 || status > 999 {
			status = 404
		}
		res.StatusCode = status
		res.EndString("unwanted")
	case path == "/noread" && req.Method() == "POST":
		res.EndString("not read")
	case path == "/dump":
		dump(req, res)
	default:
		res.StatusCode = 404
		res.EndString("there is nothing here\n")
	}
}

// maxSlow is the longest wait, in milliseconds: a day.
const maxSlow = 24 * 60 * 60 * 1000

// heldBack is how much of an echo waits for the rest of its request: until the answer has begun, what is wrong with the
// request can still be answered.
const heldBack = 8 << 10

// echoBody sends the body back as it arrives.
func echoBody(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	res.Cork() // End undoes it
	req.Pipe(res)
	n := 0
	req.OnData(func(p []byte) {
		if n += len(p); n >= heldBack || res.WritableNeedDrain() {
			for res.WritableCorked() > 0 {
				res.Uncork()
			}
		}
	})
}

// number is a number of the query; 0 if there is none.
func number(req *httpcore.IncomingMessage, name string) int64 {
	q, _ := url.ParseQuery(req.RawQuery())
	n, _ := strconv.ParseInt(q.Get(name), 10, 64)
	return max(0, n)
}

// count answers with how long the body is.
func count(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	n := 0
	req.OnData(func(p []byte) { n += len(p) })
	req.OnEnd(func() { res.EndString(strconv.Itoa(n)) })
}

// filler is what is sent by the piece.
var filler = []byte(strings.Repeat("0123456789abcdef", 4<<10))

// generate sends n bytes, as fast as the client takes them. For a HEAD there is nobody to make them for.
func generate(req *httpcore.IncomingMessage, res *httpcore.ServerResponse, n int64) {
	if req.Method() == "HEAD" {
		n = 0
	}
	more := func() {
		for n > 0 {
			p := filler[:min(n, int64(len(filler)))]
			n -= int64(len(p))
			if !res.WriteOwned(p, nil) && n > 0 {
				return // OnDrain goes on
			}
		}
		res.End()
	}
	res.OnDrain(more)
	more()
}

// dump answers with what was received.
func dump(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	n, hash := 0, sha256.New()
	req.OnData(func(p []byte) {
		n += len(p)
		hash.Write(p)
	})
	req.OnEnd(func() {
		headers := [][2]string{}
		req.EachHeader(func(name, value string) bool {
			headers = append(headers, [2]string{name, value})
			return true
		})
		text, err := json.Marshal(map[string]any{
			"method": req.Method(), "target": req.URL(), "headers": headers,
			"bodyLength": n, "bodySha256": hex.EncodeToString(hash.Sum(nil)),
		})
		if err != nil {
			res.Destroy(err)
			return
		}
		res.SetHeader("Content-Type", "application/json")
		res.EndWith(text, nil)
	})
}
