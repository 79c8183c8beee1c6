package stdhttp_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/stdhttp"
)

// TestNothingIsLeftOfClientsThatGoAtAnyTime has clients of all kinds meet handlers of all kinds; the end of the test looks for
// goroutines, and Shutdown for connections.
func TestNothingIsLeftOfClientsThatGoAtAnyTime(t *testing.T) {
	x := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		switch r.URL.Path {
		case "/echo":
			io.Copy(w, r.Body)
		case "/large":
			for range 50 {
				if _, err := w.Write(make([]byte, 50_000)); err != nil {
					return
				}
			}
		case "/flush":
			for range 20 {
				fmt.Fprint(w, "piece")
				if c.Flush() != nil {
					return
				}
			}
		case "/both":
			done := make(chan struct{})
			go func() {
				defer close(done)
				io.Copy(io.Discard, r.Body)
			}()
			w.Write(make([]byte, 100_000))
			r.Body.Close()
			<-done
		case "/abort":
			io.CopyN(w, r.Body, 3)
			panic(http.ErrAbortHandler)
		case "/wait":
			c.SetReadDeadline(now().Add(time.Millisecond))
			io.Copy(io.Discard, r.Body)
		}
	}), stdhttp.Options{MaxHandlers: 8, MaxQueued: 8}, httpcore.ServerOptions{})
	paths := []string{"/echo", "/large", "/flush", "/both", "/abort", "/wait", "/none"}
	var all sync.WaitGroup
	for seed := range uint64(12) {
		all.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, 0))
			for range 20 {
				meet(x, rnd, paths[rnd.IntN(len(paths))])
			}
		})
	}
	all.Wait()
	if _, errs := x.told(); len(errs) > 0 {
		t.Errorf("uncaught: %v", errs)
	}
}

// meet is one client.
func meet(x *rig, rnd *rand.Rand, path string) {
	c := x.dial()
	defer c.Close()
	body := strings.Repeat("x", rnd.IntN(100_000))
	request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
	if rnd.IntN(2) == 0 {
		request = fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", path, max(1, len(body)), body)
	}
	request = strings.Repeat(request, 1+rnd.IntN(3))
	if rnd.IntN(2) == 0 {
		request = request[:rnd.IntN(len(request))]
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		io.WriteString(c, request)
		if len(request)%3 == 0 {
			_ = c.CloseWrite()
		}
	}()
	switch rnd.IntN(4) {
	case 0:
		_ = c.SetReadDeadline(now().Add(shortly))
		io.CopyN(io.Discard, c, int64(rnd.IntN(200_000)))
	case 1:
		_ = c.SetReadDeadline(now().Add(time.Duration(rnd.IntN(3)) * time.Millisecond))
		io.Copy(io.Discard, c)
	case 2:
		_ = c.SetLinger(0)
	case 3:
		_ = c.SetReadDeadline(now().Add(shortly))
		io.Copy(io.Discard, c)
	}
	c.Close()
	<-sent
}
