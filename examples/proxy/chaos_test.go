package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// What looks whole to a client is whole, and what looks whole to the server is too, whoever dies and when.
func TestWhoeverDiesWhatLooksWholeIsWhole(t *testing.T) {
	var left, cut, whole atomic.Int64
	s := before(t, func(w http.ResponseWriter, r *http.Request) {
		want, _ := strconv.ParseInt(r.Header.Get("X-Size"), 10, 64)
		die, _ := strconv.ParseInt(r.Header.Get("X-Die"), 10, 64) // behind so many bytes; 0 is never
		c := http.NewResponseController(w)
		c.EnableFullDuplex()
		if r.URL.Path == "/length" {
			w.Header().Set("Content-Length", fmt.Sprint(want))
		}
		buf := make([]byte, 8<<10)
		for n := int64(0); ; {
			m, err := r.Body.Read(buf)
			n += int64(m)
			if die > 0 && n >= die {
				if n%2 == 0 {
					panic(http.ErrAbortHandler)
				}
				if conn, _, err := c.Hijack(); err == nil {
					conn.(*net.TCPConn).SetLinger(0)
					conn.Close()
				}
				return
			}
			w.Write(buf[:m])
			c.Flush()
			if err == io.EOF && n != want {
				t.Errorf("the server takes %d of %d bytes for all", n, want)
			}
			if err != nil {
				return
			}
		}
	})
	var clients sync.WaitGroup
	for i := range 16 {
		clients.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			for range 25 {
				if err := s.exchange(r, &left, &cut, &whole); err != nil {
					t.Error(err)
				}
			}
		})
	}
	clients.Wait()
	if left.Load() == 0 || cut.Load() == 0 || whole.Load() == 0 {
		t.Errorf("%d answers were whole, %d cut off, %d exchanges given up by the client: a case is missing", whole.Load(), cut.Load(), left.Load())
	}
}

// exchange has a body of some size echoed; server or client may die inside it.
func (s *scene) exchange(r *rand.Rand, left, cut, whole *atomic.Int64) error {
	size := 1 + r.IntN(1+r.IntN(400_000))
	minor, path, die := r.IntN(2), []string{"/length", "/chunked"}[r.IntN(2)], 0
	if r.IntN(3) == 0 {
		die = 1 + r.IntN(size)
	}
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	leaves := r.IntN(4) == 0
	if leaves {
		kill := time.AfterFunc(time.Duration(r.IntN(5000))*time.Microsecond, func() {
			if size%2 == 0 {
				c.(*net.TCPConn).SetLinger(0)
			}
			c.Close()
		})
		defer kill.Stop()
	}
	fmt.Fprintf(c, "POST %s HTTP/1.%d\r\nHost: a\r\nX-Size: %d\r\nX-Die: %d\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", path, minor, size, die, size)
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(make([]byte, size))
		sent <- err
		close(sent)
	}()
	defer func() { <-sent }()
	defer c.Close()
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	n := int64(0)
	if err == nil {
		n, err = io.Copy(io.Discard, res.Body)
	}
	if err == nil {
		err = <-sent // a reset is told once, to a read or to a write: what is read then ends as if that were all
	}
	switch {
	case err != nil && leaves:
		left.Add(1)
	case err != nil && die > 0, err == nil && die > 0 && res.StatusCode == 502:
		cut.Add(1)
	case err != nil:
		return fmt.Errorf("%s of %d bytes for HTTP/1.%d: nobody has died, and the client gets %w", path, size, minor, err)
	case res.StatusCode != 200 || n != int64(size):
		return fmt.Errorf("%s of %d bytes for HTTP/1.%d: the client takes a %d with %d bytes for whole", path, size, minor, res.StatusCode, n)
	default:
		whole.Add(1)
	}
	return nil
}
