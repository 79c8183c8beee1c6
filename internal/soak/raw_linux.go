package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// What the judge does over plain sockets.

func (t *trial) dial(addr string) (*net.TCPConn, error) {
	c, err := net.DialTimeout("tcp", addr, 20*time.Second)
	if err != nil {
		return nil, err
	}
	c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn), nil
}

// pieces writes text cut anywhere.
func (t *trial) pieces(c net.Conn, text string) error {
	for len(text) > 0 {
		n := 1 + t.r.IntN(len(text))
		if _, err := io.WriteString(c, text[:n]); err != nil {
			return err
		}
		text = text[n:]
		if t.r.IntN(4) == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	return nil
}

// pipeline sends many requests at once, and wants the answers in their order.
func (t *trial) pipeline() error {
	c, err := t.dial(t.to.HTTP)
	if err != nil {
		return err
	}
	defer c.Close()
	count := 2 + t.r.IntN(20)
	var text strings.Builder
	wants := make([][2]int64, count)
	for i := range wants {
		wants[i] = [2]int64{t.r.Int64N(tableSize), size(t.r) >> 5}
		last := ""
		if i == count-1 {
			last = "Connection: close\r\n"
		}
		path := []string{"/length", "/stream"}[t.r.IntN(2)]
		fmt.Fprintf(&text, "GET %s?key=%d&n=%d HTTP/1.1\r\nHost: soak\r\n%s\r\n", path, wants[i][0], wants[i][1], last)
	}
	sent := make(chan error, 1)
	all := text.String()
	go func() { // nothing is drawn in here: the worker goes on meanwhile
		_, err := io.WriteString(c, all)
		sent <- err
	}()
	in := bufio.NewReader(c)
	for _, want := range wants {
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			return err
		}
		if res.StatusCode != 200 {
			return status(res.StatusCode)
		}
		if err := t.all(res.Body, want[0], want[1]); err != nil {
			return err
		}
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return fmt.Errorf("behind the last answer: %w", noEnd(err))
	}
	return <-sent
}

// noEnd is err, or that there is none.
func noEnd(err error) error {
	if err == nil {
		return errors.New("there is more")
	}
	return err
}

// slowReader reads through a window as small as it can be, with pauses.
func (t *trial) slowReader() error {
	c, err := t.dial(t.to.HTTP)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetReadBuffer(4 << 10)
	t.n = 200_000 + t.r.Int64N(400_000)
	if err := t.pieces(c, fmt.Sprintf("GET /stream?key=%d&n=%d HTTP/1.1\r\nHost: soak\r\nConnection: close\r\n\r\n", t.key, t.n)); err != nil {
		return err
	}
	res, err := http.ReadResponse(bufio.NewReaderSize(slowly{c, t}, 4<<10), nil)
	if err != nil {
		return err
	}
	if res.StatusCode != 200 {
		return status(res.StatusCode)
	}
	return t.all(res.Body, t.key, t.n)
}

// slowly waits before it reads, now and then.
type slowly struct {
	net.Conn
	t *trial
}

func (s slowly) Read(p []byte) (int, error) {
	if s.t.r.IntN(8) == 0 {
		time.Sleep(time.Duration(s.t.r.IntN(100)) * time.Millisecond)
	}
	return s.Conn.Read(p)
}

// gone closes a connection with a reset, or with whatever the kernel makes of it.
func (t *trial) gone(c *net.TCPConn) {
	if t.r.IntN(2) == 0 {
		c.SetLinger(0)
	}
	c.Close()
}

// reset goes away in the middle of anything.
func (t *trial) reset() error {
	c, err := t.dial(t.to.HTTP)
	if err != nil {
		return err
	}
	defer t.gone(c)
	kinds := []string{
		"GET /stream?n=3000000&key=1 HTTP/1.1\r\nHost: soak\r\n\r\n",
		"GET /poll?ms=300 HTTP/1.1\r\nHost: soak\r\n\r\n",
		"GET /static/large.bin HTTP/1.1\r\nHost: soak\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: soak\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("x", 100_000),
		"PUT /up/0-0-reset HTTP/1.1\r\nHost: soak\r\nTransfer-Encoding: chunked\r\n\r\n4000\r\n" + strings.Repeat("x", 0x4000) + "\r\n",
		"PUT /up/0-0-reset HTTP/1.1\r\nHost: soak\r\nExpect: 100-continue\r\nContent-Length: 300000\r\n\r\n",
		"GET /switch HTTP/1.1\r\nHost: soak\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n" + strings.Repeat("x", 50_000),
		strings.Repeat("GET /length?n=20000&key=1 HTTP/1.1\r\nHost: soak\r\n\r\n", 30),
	}
	text := kinds[t.r.IntN(len(kinds))]
	if t.r.IntN(3) == 0 {
		text = text[:t.r.IntN(len(text))]
	}
	c.SetDeadline(time.Now().Add(time.Duration(t.r.IntN(30_000)) * time.Microsecond))
	go io.WriteString(c, text)
	io.CopyN(io.Discard, c, t.r.Int64N(1<<18))
	return errLeft
}

// rubbish is answered with 400, and the connection closed.
func (t *trial) rubbish() error {
	c, err := t.dial(t.to.HTTP)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := t.pieces(c, []string{"RUBBISH\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\nBad Name: x\r\n\r\n"}[t.r.IntN(3)]); err != nil {
		return err
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != 400 {
		return status(res.StatusCode)
	}
	return nil
}

// silence connects, says nothing or half a head, and goes.
func (t *trial) silence() error {
	c, err := t.dial(t.to.HTTP)
	if err != nil {
		return err
	}
	defer t.gone(c)
	head := "GET /hello HTTP/1.1\r\nHost: so"
	if _, err := io.WriteString(c, head[:t.r.IntN(len(head))]); err != nil {
		return err
	}
	time.Sleep(time.Duration(t.r.IntN(300)) * time.Millisecond)
	return errLeft
}

// tcpEcho has bytes echoed over a plain connection, and ends its own side first.
func (t *trial) tcpEcho() error {
	c, err := t.dial(t.to.TCP)
	if err != nil {
		return err
	}
	defer c.Close()
	sent := make(chan error, 1)
	go func() {
		_, err := io.Copy(struct{ io.Writer }{c}, &body{key: t.key, n: t.n})
		sent <- errors.Join(err, c.CloseWrite())
	}()
	if err := t.all(c, t.key, t.n); err != nil {
		c.Close()
		return errors.Join(err, <-sent)
	}
	return <-sent
}

// tcpReset resets inside an echo.
func (t *trial) tcpReset() error {
	c, err := t.dial(t.to.TCP)
	if err != nil {
		return err
	}
	c.SetLinger(0)
	defer c.Close()
	go io.Copy(struct{ io.Writer }{c}, &body{key: t.key, n: t.n})
	if _, err := io.Copy(&checker{key: t.key}, io.LimitReader(c, t.r.Int64N(t.n+1))); err != nil {
		return err
	}
	return errLeft
}
