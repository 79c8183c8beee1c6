package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// judge is a client of somebody else's, net/http's, and plain sockets: what weir's two ends might agree on wrongly, it would see.
type judge struct {
	set    setting
	say    *sayer
	client *http.Client
	going  atomic.Bool
	wg     sync.WaitGroup
	serial atomic.Int64
}

// trial is an exchange of the judge.
type trial struct {
	*judge
	r      *rand.Rand
	to     *route
	key, n int64
}

// errLeft is a client that has left on purpose.
var errLeft = errors.New("left")

// status is an answer with a status that was not asked for.
type status int

func (s status) Error() string { return fmt.Sprintf("status %d", int(s)) }

var trials = []struct {
	name   string
	weight int
	direct bool
	run    func(*trial) error
}{
	{"net/http hello", 16, false, (*trial).hello},
	{"net/http download", 10, false, (*trial).download},
	{"net/http leave", 4, false, (*trial).leave},
	{"net/http upload", 8, false, func(t *trial) error { return t.upload() }},
	{"net/http expect", 4, false, (*trial).expect},
	{"net/http echo", 6, false, (*trial).echo},
	{"net/http file", 5, false, (*trial).file},
	{"net/http ranges", 4, false, (*trial).ranges},
	{"net/http poll", 4, false, (*trial).poll},
	{"raw pipeline", 8, false, (*trial).pipeline},
	{"raw slow reader", 3, false, (*trial).slowReader},
	{"raw reset", 8, false, (*trial).reset},
	{"raw rubbish", 3, false, (*trial).rubbish},
	{"raw silence", 3, false, (*trial).silence},
	{"tcp echo", 6, true, (*trial).tcpEcho},
	{"tcp reset", 4, true, (*trial).tcpReset},
}

func (j *judge) begin() error {
	j.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32, ExpectContinueTimeout: 5 * time.Second}}
	return nil
}

func (j *judge) start() {
	j.going.Store(true)
	for i := range j.set.Workers {
		r := rand.New(rand.NewPCG(j.set.Seed, uint64(1000+i)))
		j.wg.Go(func() {
			for j.going.Load() {
				time.Sleep(time.Duration(r.IntN(40_000)) * time.Microsecond)
				j.once(r)
			}
		})
	}
}

func (j *judge) once(r *rand.Rand) {
	sum := 0
	for _, k := range trials {
		sum += k.weight
	}
	t := &trial{judge: j, r: r, to: &j.set.Routes[r.IntN(len(j.set.Routes))], key: r.Int64N(tableSize), n: size(r)}
	n := r.IntN(sum)
	i := 0
	for n -= trials[0].weight; n >= 0; n -= trials[i].weight {
		i++
	}
	k := trials[i]
	if k.direct && t.to.TCP == "" {
		return
	}
	err := k.run(t)
	if err != nil && !errors.Is(err, errLeft) {
		err = fmt.Errorf("%w (seed %d, %d bytes of key %d)", err, j.set.Seed, t.n, t.key)
	}
	var st status
	switch {
	case err == nil:
		j.say.count(t.to, k.name, whole, nil)
	case errors.Is(err, errLeft):
		j.say.count(t.to, k.name, left, nil)
	case errors.As(err, &st):
		j.say.count(t.to, k.name, outcomeOfStatus(int(st)), err)
	default:
		j.say.count(t.to, k.name, outcomeOf(err), err)
	}
}

func (j *judge) rest() {
	j.going.Store(false)
	j.wg.Wait()
	j.client.CloseIdleConnections()
	time.Sleep(100 * time.Millisecond) // its goroutines end by themselves
}

func (j *judge) look(*stat) {}

func (j *judge) finish() error { return nil }

// do makes a request, and has fn look at the answer if it has the wanted status.
func (t *trial) do(ctx context.Context, method, target string, body io.Reader, want int, fn func(*http.Response) error, fields ...string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+t.to.HTTP+target, body)
	if err != nil {
		return err
	}
	for i := 0; i < len(fields); i += 2 {
		req.Header.Add(fields[i], fields[i+1])
	}
	if body != nil && t.r.IntN(2) == 0 {
		req.ContentLength = t.n
	}
	if t.r.IntN(10) == 0 {
		req.Close = true
	}
	res, err := t.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != want {
		_, err := io.Copy(io.Discard, res.Body)
		if err != nil {
			return err
		}
		return status(res.StatusCode)
	}
	return fn(res)
}

// all wants exactly n bytes of the key.
func (t *trial) all(r io.Reader, key, n int64) error {
	c := &checker{key: key}
	if _, err := io.Copy(c, r); err != nil {
		return err
	}
	if c.n != n {
		return fmt.Errorf("%d bytes are taken for all of %d", c.n, n)
	}
	return nil
}

func (t *trial) hello() error {
	return t.do(context.Background(), "GET", "/hello", nil, 200, func(res *http.Response) error {
		text, err := io.ReadAll(res.Body)
		if err == nil && string(text) != "Hello, World!" {
			err = fmt.Errorf("got %q", text)
		}
		return err
	})
}

func (t *trial) download() error {
	path := []string{"/length", "/stream"}[t.r.IntN(2)]
	return t.do(context.Background(), "GET", fmt.Sprintf("%s?n=%d&key=%d", path, t.n, t.key), nil, 200, func(res *http.Response) error {
		return t.all(res.Body, t.key, t.n)
	})
}

// leave cancels a request at some time.
func (t *trial) leave() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	time.AfterFunc(time.Duration(t.r.IntN(20_000))*time.Microsecond, cancel)
	err := t.do(ctx, "GET", fmt.Sprintf("/drip?n=%d&key=%d", t.n, t.key), nil, 200, func(res *http.Response) error {
		return t.all(res.Body, t.key, t.n)
	})
	if errors.Is(err, context.Canceled) {
		return errLeft
	}
	return err
}

func (t *trial) upload(fields ...string) error {
	name := uploadName(t.key, t.n, fmt.Sprintf("%d-%d", os.Getpid(), t.serial.Add(1)))
	err := t.do(context.Background(), "PUT", "/up/"+name, &body{key: t.key, n: t.n}, 201, func(res *http.Response) error {
		_, err := io.Copy(io.Discard, res.Body)
		return err
	}, fields...)
	path := filepath.Join(t.to.Up, name)
	there, wrong := verifyUpload(path)
	switch {
	case wrong != nil:
		return wrong
	case there:
		return errors.Join(err, os.Remove(path))
	case err == nil:
		return errors.New("the server says that it is there, and it is not")
	}
	return err
}

func (t *trial) expect() error { return t.upload("Expect", "100-continue") }

func (t *trial) echo() error {
	return t.do(context.Background(), "POST", "/echo", &body{key: t.key, n: t.n}, 200, func(res *http.Response) error {
		return t.all(res.Body, t.key, t.n)
	})
}

// file gets a file, and then asks whether it has changed.
func (t *trial) file() error {
	f := served[t.r.IntN(len(served))]
	var modified string
	err := t.do(context.Background(), "GET", "/static/"+f.name, nil, 200, func(res *http.Response) error {
		modified = res.Header.Get("Last-Modified")
		return t.all(res.Body, f.key, f.n)
	})
	if err != nil {
		return err
	}
	return t.do(context.Background(), "GET", "/static/"+f.name, nil, 304, func(*http.Response) error { return nil }, "If-Modified-Since", modified)
}

// ranges gets several parts of a file in one answer.
func (t *trial) ranges() error {
	f := served[t.r.IntN(len(served))]
	var parts [][2]int64
	list := "bytes="
	for i, at := 0, int64(0); i < 3 && at < f.n; i++ {
		from := at + t.r.Int64N(min(100, f.n-at))
		to := from + t.r.Int64N(min(f.n/4, f.n-from))
		list += fmt.Sprintf("%d-%d,", from, to)
		parts = append(parts, [2]int64{from, to})
		at = to + 200 // so far apart that they are not joined
	}
	if len(parts) < 2 {
		return t.hello()
	}
	return t.do(context.Background(), "GET", "/static/"+f.name, nil, 206, func(res *http.Response) error {
		_, params, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
		if err != nil {
			return err
		}
		all := multipart.NewReader(res.Body, params["boundary"])
		for _, want := range parts {
			p, err := all.NextPart()
			if err != nil {
				return err
			}
			if got, want := p.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-%d/%d", want[0], want[1], f.n); got != want {
				return fmt.Errorf("Content-Range is %q, want %q", got, want)
			}
			if err := t.all(p, f.key+want[0], want[1]-want[0]+1); err != nil {
				return err
			}
		}
		if _, err := all.NextPart(); err != io.EOF {
			return fmt.Errorf("behind the last part: %w", noEnd(err))
		}
		return nil
	}, "Range", list[:len(list)-1])
}

func (t *trial) poll() error {
	return t.do(context.Background(), "GET", fmt.Sprintf("/poll?ms=%d", t.r.IntN(500)), nil, 200, func(res *http.Response) error {
		text, err := io.ReadAll(res.Body)
		if err == nil && !bytes.Equal(text, []byte("news")) {
			err = fmt.Errorf("got %q", text)
		}
		return err
	})
}
