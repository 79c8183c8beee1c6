package httpcore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// office is a server of somebody else's and a client of ours on a running loop.
type office struct {
	t   *testing.T
	l   *loop.Loop
	url string
	a   *httpcore.Agent
}

func newOffice(t *testing.T, h http.HandlerFunc) *office {
	t.Helper()
	ts := httptest.NewServer(h)
	l, err := loop.New(loop.Options{OnUncaught: func(err error) { t.Errorf("uncaught: %v", err) }})
	if err != nil {
		t.Fatal(err)
	}
	keep := l.NewAsync(nil)
	ended := make(chan error, 1)
	go func() { ended <- l.Run() }()
	x := &office{t, l, ts.URL, httpcore.NewAgent(httpcore.AgentOptions{})}
	t.Cleanup(func() {
		x.a.Destroy()
		l.Post(func() { keep.Close(nil) })
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if m := x.a.Metrics(); m.Sockets != 0 || m.FreeSockets != 0 || m.Queued != 0 {
			t.Errorf("the agent is left with %+v", m)
		}
		ts.Close()
	})
	return x
}

func (x *office) client(o httpcore.ClientOptions) *httpcore.Client {
	o.Request.Agent = x.a
	return httpcore.NewClient(o)
}

func (x *office) fetch(c *httpcore.Client, call httpcore.Call) (*httpcore.Reply, error) {
	if !strings.HasPrefix(call.URL, "http") {
		call.URL = x.url + call.URL
	}
	return c.Fetch(x.t.Context(), x.l, call)
}

// told answers with what it was asked.
func told(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	w.Header().Set("Trailer", "X-Tail")
	w.Header().Add("X-Two", "1")
	w.Header().Add("X-Two", "2")
	fmt.Fprintf(w, "%s %s %s %v auth=%q host=%t type=%q", r.Method, r.URL, body, err, r.Header.Get("Authorization"),
		r.Host == r.Context().Value(http.LocalAddrContextKey).(fmt.Stringer).String(), r.Header.Get("Content-Type"))
	w.Header().Set("X-Tail", "end")
}

func TestAClientGetsWholeAnswers(t *testing.T) {
	x := newOffice(t, told)
	c := x.client(httpcore.ClientOptions{Request: httpcore.RequestOptions{Header: []string{"Authorization", "me"}}})
	for _, k := range []struct {
		call httpcore.Call
		want string
	}{
		{httpcore.Call{URL: "/a?b=c"}, `GET /a?b=c  <nil> auth="me" host=true type=""`},
		{
			httpcore.Call{URL: "/", Method: "PUT", Body: []byte("text"), Header: []string{"Content-Type", "text/plain"}},
			`PUT / text <nil> auth="me" host=true type="text/plain"`,
		},
		{httpcore.Call{URL: "/", Method: "DELETE"}, `DELETE /  <nil> auth="me" host=true type=""`},
		{httpcore.Call{URL: "/", Method: "HEAD"}, ``},
	} {
		p, err := x.fetch(c, k.call)
		if err != nil {
			t.Fatal(err)
		}
		if p.StatusCode != 200 || string(p.Body) != k.want || strings.Join(p.HeaderValues("x-two"), "+") != "1+2" {
			t.Errorf("%s: got %d %q %q, want %q", k.call.Method, p.StatusCode, p.Body, p.RawHeaders(), k.want)
		}
		if tail := p.Trailer("x-tail"); tail != "end" && k.call.Method != "HEAD" {
			t.Errorf("%s: the trailer is %q", k.call.Method, tail)
		}
	}
	if m := x.a.Metrics(); m.Connections != 1 || m.Reused != 3 {
		t.Errorf("four requests: %+v, want them over one connection", m)
	}
}

func TestAClientOnTheLoopReusesItsConnectionInTheCallback(t *testing.T) {
	x := newOffice(t, told)
	c := x.client(httpcore.ClientOptions{})
	done := make(chan error, 1)
	var again func(n int)
	again = func(n int) {
		if n == 0 {
			done <- nil
			return
		}
		c.Do(x.l, httpcore.Call{URL: x.url}, func(_ *httpcore.Reply, err error) {
			if err != nil {
				done <- err
				return
			}
			again(n - 1)
		})
	}
	x.l.Post(func() { again(50) })
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if m := x.a.Metrics(); m.Connections != 1 {
		t.Errorf("50 requests, one after another, took %d connections", m.Connections)
	}
}

func TestAClientHoldsNoMoreThanItsLimit(t *testing.T) {
	x := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/declared" {
			w.Header().Set("Content-Length", "1000000000")
		}
		for range 2000 {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	})
	c := x.client(httpcore.ClientOptions{MaxBody: 100_000})
	for _, path := range []string{"/declared", "/endless"} {
		if _, err := x.fetch(c, httpcore.Call{URL: path}); !errors.Is(err, httpcore.ErrBodyTooLarge) {
			t.Errorf("%s: got %v, want ErrBodyTooLarge", path, err)
		}
	}
}

func TestAClientFollowsRedirectionsAsFetchDoes(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(told))
	defer other.Close()
	x := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/301", "/303", "/307":
			var status int
			fmt.Sscanf(r.URL.Path, "/%d", &status)
			w.Header().Set("Location", "end?x=1")
			w.WriteHeader(status)
			io.WriteString(w, "elsewhere")
		case "/other":
			http.Redirect(w, r, other.URL+"/there", http.StatusTemporaryRedirect)
		case "/tls":
			http.Redirect(w, r, "https://127.0.0.1/", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		default:
			told(w, r)
		}
	})
	c := x.client(httpcore.ClientOptions{MaxRedirects: 5})
	post := func(path string) httpcore.Call {
		return httpcore.Call{Method: "POST", URL: path, Body: []byte("text"), Header: []string{"Authorization", "me", "Content-Type", "a/b"}}
	}
	for _, k := range []struct {
		path, want string
		err        error
	}{
		{"/301", `GET /end?x=1  <nil> auth="me" host=true type=""`, nil},
		{"/303", `GET /end?x=1  <nil> auth="me" host=true type=""`, nil},
		{"/307", `POST /end?x=1 text <nil> auth="me" host=true type="a/b"`, nil},
		{"/other", `POST /there text <nil> auth="" host=true type="a/b"`, nil},
		{"/tls", "", httpcore.ErrInvalidProtocol},
		{"/round", "", httpcore.ErrTooManyRedirects},
	} {
		p, err := x.fetch(c, post(k.path))
		if !errors.Is(err, k.err) {
			t.Errorf("%s: got %v, want %v", k.path, err, k.err)
		}
		if err == nil && string(p.Body) != k.want {
			t.Errorf("%s: got %q, want %q", k.path, p.Body, k.want)
		}
	}
	p, err := x.fetch(x.client(httpcore.ClientOptions{}), post("/301"))
	if err != nil || p.StatusCode != 301 || p.Header("Location") != "end?x=1" || string(p.Body) != "elsewhere" {
		t.Errorf("without MaxRedirects: got %+v, %v; want the 301", p, err)
	}
}

func TestManyGoroutinesFetchAtOnce(t *testing.T) {
	x := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // it reads nothing once it has begun to answer
		w.Write(body)
	})
	c := x.client(httpcore.ClientOptions{})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			body := strings.Repeat(fmt.Sprint(i), 1+i*1000)
			p, err := x.fetch(c, httpcore.Call{Method: "POST", URL: "/", Body: []byte(body)})
			if err != nil || string(p.Body) != body {
				t.Errorf("request %d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

func TestAFetchEndsWithItsContext(t *testing.T) {
	asked, gone := make(chan bool, 1), make(chan bool, 1)
	x := newOffice(t, func(_ http.ResponseWriter, r *http.Request) {
		asked <- true
		<-r.Context().Done()
		gone <- true
	})
	c := x.client(httpcore.ClientOptions{})
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	go func() {
		<-asked
		cancel(why)
	}()
	_, err := c.Fetch(ctx, x.l, httpcore.Call{URL: x.url})
	if !errors.Is(err, why) || stream.CodeOf(err) != "ABORT_ERR" {
		t.Errorf("got %v, want the context's cause", err)
	}
	<-gone // the request was ended too
}

func TestFetchOnTheLoopSaysThatItWouldBlock(t *testing.T) {
	x := newOffice(t, told)
	got := make(chan error, 1)
	x.l.Post(func() {
		_, err := x.client(httpcore.ClientOptions{}).Fetch(t.Context(), x.l, httpcore.Call{URL: x.url})
		got <- err
	})
	if err := <-got; !errors.Is(err, stream.ErrWouldBlock) {
		t.Errorf("got %v, want ErrWouldBlock", err)
	}
}

func TestACallThatCannotBeMadeIsTold(t *testing.T) {
	x := newOffice(t, told)
	c := x.client(httpcore.ClientOptions{})
	for _, k := range []struct {
		call httpcore.Call
		want error
	}{
		{httpcore.Call{URL: "https://a/"}, httpcore.ErrInvalidProtocol},
		{httpcore.Call{URL: "http:///path"}, httpcore.ErrInvalidURL},
		{httpcore.Call{URL: "http://a b/"}, httpcore.ErrInvalidURL},
		{httpcore.Call{URL: x.url, Method: "A B"}, httpcore.ErrInvalidMethod},
		{httpcore.Call{URL: x.url, Header: []string{"a b", "c"}}, httpcore.ErrInvalidName},
		{httpcore.Call{URL: x.url, Header: []string{"a", "b\r\nc: d"}}, httpcore.ErrInvalidValue},
	} {
		if _, err := c.Fetch(t.Context(), x.l, k.call); !errors.Is(err, k.want) {
			t.Errorf("%+v: got %v, want %v", k.call, err, k.want)
		}
	}
}
