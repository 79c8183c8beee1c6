package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
)

// pause is how long there is between two requests.
const pause = 50 * time.Millisecond

// outcome is what came of a request.
type outcome struct {
	Status     int    `json:"status"`
	BodyLength int    `json:"bodyLength"`
	BodySha256 string `json:"bodySha256"`
	Error      string `json:"error"`
}

func (o *outcome) fail(err error) {
	if o.Error == "" {
		o.Error = err.Error()
	}
}

func main() {
	timeout := time.Duration(number("H1PROBE_TIMEOUT_MS", 4000)) * time.Millisecond
	if err := run(os.Args[1:], timeout, number("H1PROBE_MAX_BODY", 8<<20), os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "fetch: %v\n", err)
		os.Exit(1)
	}
}

// number is that of an environment variable.
func number(name string, or int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return or
}

func run(urls []string, timeout time.Duration, most int, w io.Writer) error {
	l, err := loop.New(loop.Options{})
	if err != nil {
		return err
	}
	agent := httpcore.NewAgent(httpcore.AgentOptions{})
	out := json.NewEncoder(w)
	var next func()
	next = func() {
		if len(urls) == 0 {
			agent.Destroy()
			return
		}
		url := urls[0]
		urls = urls[1:]
		fetch(l, url, httpcore.RequestOptions{Agent: agent, TotalTimeout: timeout}, most, func(o *outcome) {
			if e := out.Encode(o); e != nil {
				err, urls = e, nil
			}
			t := l.NewTimer()
			t.Start(func() {
				t.Close(nil)
				next()
			}, pause, 0)
		})
	}
	next()
	if e := l.Run(); e != nil {
		return e
	}
	return errors.Join(err, l.Close())
}

// fetch makes a request, and tells done once, later, what came of it.
func fetch(l *loop.Loop, url string, ro httpcore.RequestOptions, most int, done func(*outcome)) {
	o, sum := &outcome{}, sha256.New()
	req, err := httpcore.NewRequest(l, "GET", url, ro)
	if err != nil {
		o.fail(err)
		l.NextTick(func() { done(o) })
		return
	}
	req.OnError(o.fail)
	req.OnResponse(func(res *httpcore.IncomingMessage) {
		o.Status = res.StatusCode()
		res.OnError(o.fail)
		res.OnData(func(p []byte) {
			sum.Write(p)
			if o.BodyLength += len(p); o.BodyLength > most {
				o.fail(httpcore.ErrBodyTooLarge)
				req.Destroy(httpcore.ErrBodyTooLarge)
			}
		})
	})
	req.OnClose(func() {
		if res := req.Response(); res == nil || !res.Complete() {
			o.fail(httpcore.ErrAborted)
		}
		o.BodySha256 = hex.EncodeToString(sum.Sum(nil))
		done(o)
	})
	req.End()
}
