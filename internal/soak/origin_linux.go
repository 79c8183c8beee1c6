package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/static"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

// origin is a server of everything, on two loops.
type origin struct {
	set   setting
	say   *sayer
	g     *loop.Group
	files *static.Handler
	ended chan error
}

func (o *origin) begin() error {
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 2, Loop: loop.Options{
		OnUncaught: func(err error) { o.say.violation("the origin: uncaught: %v", err) },
		OnPanic:    func(p *loop.PanicError) { o.say.violation("the origin: panic: %v\n%s", p, p.Stack) },
	}})
	if err != nil {
		return err
	}
	o.g = g
	if o.files, err = static.New(filepath.Join(o.set.Dir, "static"), static.Options{}); err != nil {
		return err
	}
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(o.answer)
	srv.OnCheckContinue(o.expected)
	srv.OnConnect(func(_ *httpcore.IncomingMessage, s *stream.Socket, head []byte) {
		s.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
		o.echo(s, head)
	})
	if _, err := srv.Listen(g, "tcp", o.set.HTTP); err != nil {
		return err
	}
	_, err = g.Listen("tcp", o.set.TCP, func(l *loop.Loop, c *reactor.Conn) {
		o.echo(stream.NewSocket(l, c, stream.SocketOptions{AllowHalfOpen: true}), nil)
	})
	if err != nil {
		return err
	}
	o.ended = make(chan error, 1)
	go func() { o.ended <- g.Run() }()
	return nil
}

func (o *origin) echo(s *stream.Socket, head []byte) {
	s.OnError(func(err error) {
		if outcomeOf(err) != cut {
			o.say.violation("the origin: a socket: %v", err)
		}
	})
	s.Write(head)
	s.Pipe(s)
}

func (o *origin) answer(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	path := req.Path()
	n, key := number(req, "n"), number(req, "key")
	switch {
	case path == "/hello":
		res.SetHeader("Content-Type", "text/plain")
		res.EndString("Hello, World!")
	case path == "/length":
		res.SetHeader("Content-Length", strconv.FormatInt(n, 10))
		feed(req.Loop(), res, key, n, nil)
	case path == "/stream":
		feed(req.Loop(), res, key, n, nil)
	case path == "/drip":
		feed(req.Loop(), res, key, n, func() time.Duration { return time.Millisecond })
	case path == "/echo":
		if n := req.ContentLength(); n >= 0 {
			res.SetHeader("Content-Length", strconv.FormatInt(n, 10))
		}
		req.Pipe(res)
	case path == "/poll":
		t := req.Loop().NewTimer()
		t.Start(func() { res.EndString("news") }, time.Duration(number(req, "ms"))*time.Millisecond, 0)
		res.OnClose(func() { t.Close(nil) })
	case path == "/switch":
		if err := res.SwitchProtocols(o.echo); err != nil {
			res.StatusCode = 400
			res.EndString(err.Error())
		}
	case strings.HasPrefix(path, "/up/"):
		o.receive(filepath.Base(path), req, res)
	case strings.HasPrefix(path, "/static/"):
		o.files.ServePath(req, res, strings.TrimPrefix(path, "/static"))
	default:
		res.StatusCode = 404
		res.EndString("there is nothing here\n")
	}
}

// expected is a request whose body waits for a 100.
func (o *origin) expected(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	if req.RawQuery() == "refuse" {
		res.StatusCode = 403
		res.EndString("no\n")
		return
	}
	res.WriteContinue()
	o.answer(req, res)
}

// receive has the body become a file, or nothing.
func (o *origin) receive(name string, req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	file := files.Replace(req.Loop(), filepath.Join(o.set.Dir, "up", name), files.ReplaceOptions{})
	stream.Pipeline(func(err error) {
		switch {
		case err == nil:
			res.StatusCode = 201
			res.End()
		case outcomeOf(err) != cut:
			o.say.violation("the origin: an upload: %v", err)
		}
	}, req, file)
}

func (o *origin) start() {}

// rest waits for connections to end whose clients have left already.
func (o *origin) rest() {
	for range 100 {
		if o.g.Metrics().Connections == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (o *origin) look(s *stat) {
	s.Connections = o.g.Metrics().Connections
	for i := range o.g.Len() {
		l, n := o.g.Loop(i), make(chan int, 1)
		if l.Post(func() {
			count := 0
			l.Walk(func(loop.Handle) { count++ })
			n <- count
		}) == nil {
			s.Handles += <-n
		}
	}
}

func (o *origin) finish() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := o.g.Shutdown(ctx); err != nil {
		return fmt.Errorf("shutdown: %w", err)
	}
	return errors.Join(<-o.ended, o.files.Close())
}

// number is a number of the query; 0 if there is none.
func number(req *httpcore.IncomingMessage, name string) int64 {
	q, _ := url.ParseQuery(req.RawQuery())
	n, _ := strconv.ParseInt(q.Get(name), 10, 64)
	return max(0, n)
}

// sink is what a body is written to.
type sink interface {
	stream.WritableStream
	WriteOwned(p []byte, cb func(error)) bool
	Destroyed() bool
}

// feed writes the body of a key, as fast as it is taken, or with pauses, and ends dst.
func feed(l *loop.Loop, dst sink, key, n int64, pause func() time.Duration) {
	var off int64
	var t *loop.Timer
	var more func()
	more = func() {
		for off < n && !dst.Destroyed() {
			p := content(key, off, min(n-off, 16<<10))
			off += int64(len(p))
			ok := dst.WriteOwned(p, nil)
			if off == n {
				break
			}
			if !ok {
				return // OnDrain goes on
			}
			if t != nil {
				t.Start(more, pause(), 0)
				return
			}
		}
		if !dst.Destroyed() {
			dst.End()
		}
	}
	if pause != nil {
		t = l.NewTimer()
		dst.OnClose(func() { t.Close(nil) })
	}
	dst.OnDrain(more)
	more()
}
