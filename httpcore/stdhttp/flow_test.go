package stdhttp_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/stdhttp"
)

// between is the most that may be on its way between two ends when one of them rests: the kernel's buffers and ours.
const between = 16 << 20

// much is what does not fit there.
const much = 64 << 20

func TestAFlushReachesTheClientWhileTheHandlerRuns(t *testing.T) {
	next := make(chan struct{})
	x := serveFunc(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
			<-next
		}
	})
	res, err := client(t).Get(x.url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	buf := make([]byte, len("data: 0\n\n"))
	for i := range 3 {
		if _, err := io.ReadFull(res.Body, buf); err != nil || string(buf) != fmt.Sprintf("data: %d\n\n", i) {
			t.Fatalf("got %q, %v", buf, err)
		}
		next <- struct{}{}
	}
	if rest, err := io.ReadAll(res.Body); len(rest) > 0 || err != nil {
		t.Errorf("behind it: %q, %v", rest, err)
	}
	x.quiet()
}

func TestAnEchoIsFullDuplex(t *testing.T) {
	x := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
			t.Error(err)
		}
		buf := make([]byte, 1000)
		for {
			n, err := r.Body.Read(buf)
			w.Write(buf[:n])
			w.(http.Flusher).Flush()
			if err != nil {
				return
			}
		}
	})
	r, w := io.Pipe()
	q, err := http.NewRequest("POST", x.url, r)
	if err != nil {
		t.Fatal(err)
	}
	go io.WriteString(w, "first")
	res, err := client(t).Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	for _, word := range []string{"first", "second", "third"} {
		if word != "first" {
			io.WriteString(w, word)
		}
		buf := make([]byte, len(word))
		if _, err := io.ReadFull(res.Body, buf); err != nil || string(buf) != word {
			t.Fatalf("got %q, %v; want %q", buf, err, word)
		}
	}
	w.Close()
	if rest, err := io.ReadAll(res.Body); len(rest) > 0 || err != nil {
		t.Errorf("behind it: %q, %v", rest, err)
	}
	x.quiet()
}

func TestALargeBodyComesBackAsItWas(t *testing.T) {
	x := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(w, r.Body); err != nil {
			t.Error(err)
		}
	})
	body := make([]byte, 5<<20)
	for i := range body {
		body[i] = byte(i % 251)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			res, err := client(t).Post(x.url, "x/y", bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			if got, err := io.ReadAll(res.Body); err != nil || !bytes.Equal(got, body) {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
		})
	}
	all.Wait()
	x.quiet()
}

func TestAClientThatDoesNotReadHoldsBackTheHandler(t *testing.T) {
	var written atomic.Int64
	x := serveFunc(t, func(w http.ResponseWriter, _ *http.Request) {
		for piece := make([]byte, 100_000); written.Load() < much; {
			n, err := w.Write(piece)
			written.Add(int64(n))
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	c := x.dial()
	_ = c.SetReadBuffer(64 << 10)
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	standing(t, &written)
	buf := make([]byte, 64<<10)
	var read int64
	for {
		n, err := c.Read(buf)
		if ahead := written.Load() - read; ahead > between {
			t.Fatalf("the handler is %d bytes ahead", ahead)
		}
		read += int64(n)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if read < much {
		t.Errorf("got %d bytes, want %d", read, much)
	}
}

func TestAHandlerThatDoesNotReadHoldsBackTheClient(t *testing.T) {
	var sent, got atomic.Int64
	x := serveFunc(t, func(_ http.ResponseWriter, r *http.Request) {
		standing(t, &sent)
		buf := make([]byte, 32<<10)
		for {
			n, err := r.Body.Read(buf)
			if ahead := sent.Load() - got.Load(); ahead > between {
				t.Errorf("the client is %d bytes ahead", ahead)
			}
			got.Add(int64(n))
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	r := io.LimitReader(reader(func(p []byte) (int, error) {
		sent.Add(int64(len(p)))
		return len(p), nil
	}), much)
	res, err := client(t).Post(x.url, "x/y", r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if got.Load() != much {
		t.Errorf("got %d bytes, want %d", got.Load(), much)
	}
}

type reader func([]byte) (int, error)

func (f reader) Read(p []byte) (int, error) { return f(p) }

func TestABodyThatNobodyReadsIsNotReadFromTheSocket(t *testing.T) {
	release := make(chan struct{})
	x := serveFunc(t, func(http.ResponseWriter, *http.Request) { <-release })
	c := x.dial()
	fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", much)
	sent := 0
	var stuck net.Error
	for piece := make([]byte, 1<<20); ; {
		_ = c.SetWriteDeadline(now().Add(shortly))
		n, err := c.Write(piece)
		sent += n
		if errors.As(err, &stuck) && stuck.Timeout() {
			break
		}
		if err != nil || sent > between {
			t.Fatalf("%d bytes could be sent, %v", sent, err)
		}
	}
	close(release)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if !res.Close {
		t.Error("the connection of a body that is not read is kept")
	}
}

func TestTheAnswersOfPipelinedRequestsAreInOrder(t *testing.T) {
	second := make(chan struct{})
	x := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/1":
			<-second
		case "/2":
			io.WriteString(w, "began ")
			w.(http.Flusher).Flush() // it is kept until the answer before it is complete
			close(second)
			io.WriteString(w, strings.Repeat("2", 100_000))
		}
		io.WriteString(w, r.URL.Path)
	})
	got := x.raw("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n" +
		"GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	in := bufio.NewReader(strings.NewReader(got))
	for _, want := range []string{"/1", "began " + strings.Repeat("2", 100_000) + "/2", "/3"} {
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(res.Body); string(body) != want || err != nil {
			t.Errorf("got %.100q, %v; want %.100q", body, err, want)
		}
	}
	x.quiet()
}

func TestAClientThatGoesCancelsTheContextAndEndsReading(t *testing.T) {
	why := make(chan error, 2)
	reading := make(chan struct{})
	x := serveFunc(t, func(_ http.ResponseWriter, r *http.Request) {
		buf := make([]byte, 10)
		if n, err := r.Body.Read(buf); string(buf[:n]) != "begin" || err != nil {
			t.Errorf("got %q, %v", buf[:n], err)
		}
		close(reading)
		_, err := r.Body.Read(buf)
		why <- err
		<-r.Context().Done()
		why <- context.Cause(r.Context())
	})
	c := x.dial()
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nbegin")
	wait(t, "the handler", reading)
	_ = c.SetLinger(0)
	c.Close()
	if err := wait(t, "the end of Read", why); !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, httpcore.ErrAborted) {
		t.Errorf("Read gives %v", err)
	}
	if cause := wait(t, "the context", why); cause == nil {
		t.Error("the context has no cause")
	}
}

func TestABodyThatEndsTooEarlyIsAnError(t *testing.T) {
	for _, early := range []bool{true, false} { // before the handler reads, or while it waits
		t.Run(fmt.Sprint(early), func(t *testing.T) {
			why := make(chan error, 1)
			running := make(chan struct{})
			x := serveFunc(t, func(_ http.ResponseWriter, r *http.Request) {
				if close(running); early {
					<-r.Context().Done()
				}
				_, err := io.ReadAll(r.Body)
				why <- err
			})
			c := x.dial()
			io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nbegin")
			wait(t, "the handler", running)
			_ = c.CloseWrite()
			if err := wait(t, "the end of Read", why); !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, httpcore.ErrAborted) {
				t.Errorf("Read gives %v", err)
			}
			x.quiet()
		})
	}
}

func TestAClientThatGoesEndsWriting(t *testing.T) {
	why := make(chan error, 2)
	writing := make(chan struct{})
	var once sync.Once
	x := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		for piece := make([]byte, 64<<10); ; {
			if _, err := w.Write(piece); err != nil {
				why <- err
				break
			}
			once.Do(func() { close(writing) })
		}
		_, err := w.Write([]byte("more"))
		why <- err
		<-r.Context().Done()
	})
	c := x.dial()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	wait(t, "the handler", writing)
	_ = c.SetLinger(0)
	c.Close()
	for range 2 {
		if err := wait(t, "the end of Write", why); !errors.Is(err, httpcore.ErrAborted) {
			t.Errorf("Write gives %v", err)
		}
	}
	x.quiet()
}

func TestAClientThatEndsItsSideStillGetsItsAnswer(t *testing.T) {
	x := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		fmt.Fprint(w, errors.Is(context.Cause(r.Context()), httpcore.ErrClientEnded))
	})
	c := x.dial()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	_ = c.CloseWrite()
	got, err := io.ReadAll(c)
	if err != nil || !strings.HasSuffix(string(got), "\r\n\r\ntrue") {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTheContextEndsWithTheExchange(t *testing.T) {
	contexts := make(chan context.Context, 1)
	x := serveFunc(t, func(_ http.ResponseWriter, r *http.Request) { contexts <- r.Context() })
	res, err := client(t).Get(x.url)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	wait(t, "the end of the context", wait(t, "the handler", contexts).Done())
}

func TestWhatOutlivesTheHandlerIsRefused(t *testing.T) {
	type left struct {
		w http.ResponseWriter
		r *http.Request
	}
	out := make(chan left, 1)
	x := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "hello")
		out <- left{w, r}
	}), stdhttp.Options{}, httpcore.ServerOptions{})
	res, err := client(t).Post(x.url, "x/y", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got, err := io.ReadAll(res.Body); string(got) != "hello" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	o := <-out
	if n, err := o.w.Write([]byte("more")); n != 0 || err == nil {
		t.Errorf("Write gives %d, %v", n, err)
	}
	if err := http.NewResponseController(o.w).Flush(); err == nil {
		t.Error("Flush gives no error")
	}
	if err := http.NewResponseController(o.w).SetReadDeadline(now()); err == nil {
		t.Error("SetReadDeadline gives no error")
	}
	if _, err := o.r.Body.Read(make([]byte, 1)); !errors.Is(err, http.ErrBodyReadAfterClose) {
		t.Errorf("Read gives %v", err)
	}
	x.quiet()
	o.w.WriteHeader(500)
	if text, _ := x.told(); !strings.Contains(text, "behind the handler's return, called from") || !strings.Contains(text, "flow_test.go") {
		t.Errorf("logged %q", text)
	}
}

func TestTheRestOfALargeBodyEndsTheConnectionBehindTheAnswer(t *testing.T) {
	x := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		io.ReadFull(r.Body, make([]byte, 10))
		io.WriteString(w, "enough")
	})
	res, err := client(t).Post(x.url, "x/y", bytes.NewReader(make([]byte, 1<<20)))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got, err := io.ReadAll(res.Body); string(got) != "enough" || err != nil || !res.Close {
		t.Errorf("got %q, %v; close %t", got, err, res.Close)
	}
}

func TestABodyThatCameWithItsHeadAndIsNotReadIsNoTrouble(t *testing.T) {
	x := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/some" {
			io.ReadFull(r.Body, make([]byte, 2))
		}
		io.WriteString(w, r.URL.Path)
	})
	const post = " HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
	got := x.raw("POST /none" + post + "POST /some" + post + "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if strings.Count(got, "HTTP/1.1 200 OK") != 3 || !strings.HasSuffix(got, "/last") {
		t.Errorf("got %q", got)
	}
	x.quiet()
}
