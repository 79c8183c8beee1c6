package stdhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/stdhttp"
)

// ask is a request of the table below.
type ask struct {
	method, path, body string
	header             http.Header
	stream             bool // the body is sent without a length
	trailer            http.Header
	open               bool // net/http ends the connection, and we need not
}

func (a ask) request(t *testing.T, base string) *http.Request {
	t.Helper()
	var body io.Reader
	if a.body != "" {
		body = strings.NewReader(a.body)
		if a.stream {
			body = struct{ io.Reader }{body}
		}
	}
	method := a.method
	if method == "" {
		method = "GET"
	}
	r, err := http.NewRequest(method, base+a.path, body)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range a.header {
		r.Header[k] = v
	}
	r.Trailer = a.trailer
	return r
}

func text(s string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, s) }
}

// TestAClientSeesTheSameAsWithNetHTTP runs each handler on both servers.
func TestAClientSeesTheSameAsWithNetHTTP(t *testing.T) {
	dir := t.TempDir()
	write := func(name, body string) {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("small.txt", "hello, file")
	write("large.bin", strings.Repeat("0123456789abcdef", 50_000))
	write("page/index.html", "<!doctype html><title>x</title>")
	files := http.FileServer(http.Dir(dir))

	mux := http.NewServeMux()
	mux.HandleFunc("GET /items/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "item %s by %s", r.PathValue("id"), r.Pattern)
	})
	mux.HandleFunc("POST /items/", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "posted %q, %v", body, err)
	})
	mux.Handle("/strip/", http.StripPrefix("/strip", files))

	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-From", "origin")
		w.Header().Set("Trailer", "X-Sum")
		if r.URL.Path == "/cut" {
			w.Header().Del("Trailer")
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "short")
			return
		}
		fmt.Fprintf(w, "%s %s %q", r.Method, r.URL, body)
		w.Header().Set("X-Sum", "42")
	}))
	t.Cleanup(origin.Close)
	target, err := url.Parse(origin.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	upstream := &http.Transport{}
	t.Cleanup(upstream.CloseIdleConnections)
	proxy.Transport = upstream

	describe := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		r.Header.Del("User-Agent")
		server, _ := r.Context().Value(http.ServerContextKey).(*http.Server)
		fmt.Fprintf(w, "%s %s %s %d.%d\n%v\n%v\n%d %v close %t\n%q %v\n%v\n", r.Method, r.RequestURI, r.Proto, r.ProtoMajor, r.ProtoMinor,
			r.URL, r.Header, r.ContentLength, r.TransferEncoding, r.Close, body, err, r.Trailer)
		fmt.Fprintf(w, "%t %t %t %t\n", r.Host != "", r.RemoteAddr != "", server != nil, r.Context().Value(http.LocalAddrContextKey) != nil)
	}

	for _, c := range []struct {
		name string
		h    http.Handler
		asks []ask
	}{
		{"files", files, []ask{
			{path: "/small.txt"},
			{path: "/small.txt", method: "HEAD"},
			{path: "/large.bin"},
			{path: "/large.bin", method: "HEAD"},
			{path: "/large.bin", header: http.Header{"Range": {"bytes=10-19"}}},
			{path: "/large.bin", header: http.Header{"Range": {"bytes=-7"}}},
			{path: "/large.bin", header: http.Header{"Range": {"bytes=900000-"}}},
			{path: "/small.txt", header: http.Header{"If-Modified-Since": {time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}}},
			{path: "/page/"},
			{path: "/page"},
			{path: "/page/index.html"},
			{path: "/"},
			{path: "/missing"},
			{path: "/../../etc/passwd"},
		}},
		{"a mux", mux, []ask{
			{path: "/items/7"},
			{path: "/items/7", method: "DELETE"},
			{path: "/items/", method: "POST", body: "hello"},
			{path: "/items/", method: "POST", body: "hello", stream: true},
			{path: "/strip/small.txt"},
			{path: "/strip"},
			{path: "/nowhere"},
			{path: "/a/../items/7"},
		}},
		{"a proxy", proxy, []ask{
			{path: "/x?y=z"},
			{path: "/x", method: "POST", body: "to the origin"},
			{path: "/x", method: "PUT", body: strings.Repeat("to the origin", 10_000), stream: true},
			{path: "/x", method: "HEAD"},
			{path: "/cut"},
		}},
		{"a handler that is too slow", http.TimeoutHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		}), time.Millisecond, "too slow"), []ask{{}}},
		{"a handler that is in time", http.TimeoutHandler(text("in time"), patience, "too slow"), []ask{{}, {method: "POST", body: "x"}}},
		{"what a handler sees", http.HandlerFunc(describe), []ask{
			{path: "/a%20b?c=d%20e&f"},
			{path: "/", header: http.Header{"X-One": {"a", "b"}, "Pragma": {"no-cache"}, "Cookie": {"a=b; c=d"}}},
			{path: "/", method: "POST", body: "hello"},
			{path: "/", method: "POST", body: "hello", stream: true, trailer: http.Header{"X-Sum": {"42"}, "X-More": {"a", "b"}}},
			{path: "/", header: http.Header{"Connection": {"close"}}},
			{path: "/", method: "FOO"},
		}},
		{"nothing", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), []ask{{}, {method: "HEAD"}, {method: "POST", body: "x"}}},
		{"plain text", text("hello"), []ask{{}, {method: "HEAD"}}},
		{"HTML", text("<html><body>hello</body></html>"), []ask{{}, {method: "HEAD"}}},
		{"a long text", text(strings.Repeat("hello ", 10_000)), []ask{{}, {method: "HEAD"}}},
		{"many writes", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for i := range 10_000 {
				fmt.Fprintf(w, "%d\n", i)
			}
		}), []ask{{}, {method: "HEAD"}}},
		{"a type", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "x/y")
			io.WriteString(w, "<html>")
		}), []ask{{}}},
		{"no type", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			io.WriteString(w, "<html>")
		}), []ask{{}}},
		{"a coded body", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			io.WriteString(w, "not really")
		}), []ask{{}}},
		{"no date", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header()["Date"] = nil }), []ask{{}}},
		{"no length", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Length"] = nil
			io.WriteString(w, "x")
		}), []ask{{}}},
		{"a field with a line feed, and one without a name", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Lines", " a\r\nX-Injected: b ")
			w.Header()["a b"] = []string{"c"}
		}), []ask{{}}},
		{"statuses", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var status int
			fmt.Sscan(strings.TrimPrefix(r.URL.Path, "/"), &status)
			w.Header().Set("Content-Type", "x/y")
			w.WriteHeader(status)
			n, err := io.WriteString(w, "unwanted")
			w.Header().Set("X-Late", fmt.Sprint(n, err))
		}), []ask{
			{path: "/200"},
			{path: "/204"},
			{path: "/205"},
			{path: "/304"},
			{path: "/404"},
			{path: "/418"},
			{path: "/599"},
			{path: "/999"},
			{path: "/204", method: "HEAD"},
			{path: "/304", method: "HEAD"},
		}},
		{"errors of Write", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "X-Err")
			if r.URL.Path == "/long" {
				w.Header().Del("Trailer")
				w.Header().Set("Content-Length", "5")
			} else {
				w.WriteHeader(204)
			}
			_, e1 := io.WriteString(w, "hello")
			_, e2 := io.WriteString(w, "!")
			want := http.ErrBodyNotAllowed
			if r.URL.Path == "/long" {
				want = http.ErrContentLength
				if e1 != nil {
					panic(e1)
				}
			}
			if !errors.Is(e2, want) {
				panic(e2)
			}
		}), []ask{{path: "/long"}, {path: "/none"}}},
		{"an invalid length", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "many")
			io.WriteString(w, "hello")
		}), []ask{{}}},
		{"a body that is too short", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "hello")
			w.(http.Flusher).Flush()
		}), []ask{{}}},
		{"hints", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</a.css>; rel=preload")
			w.WriteHeader(103)
			w.WriteHeader(102)
			w.Header().Set("Link", "</b.css>; rel=preload")
			w.WriteHeader(103)
			w.WriteHeader(200)
			io.WriteString(w, "x")
		}), []ask{{}}},
		{"trailers", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "X-One, X-Two, X-Never")
			w.Header().Add("Trailer", "X-Three")
			if r.URL.Path == "/flush" {
				w.(http.Flusher).Flush()
			}
			io.WriteString(w, "body")
			w.Header().Set("X-One", "1")
			w.Header()["X-Two"] = []string{"2", "zwei"}
			w.Header().Set(http.TrailerPrefix+"X-Prefixed", "p")
		}), []ask{{path: "/"}, {path: "/flush"}, {path: "/", method: "HEAD"}}},
		{"trailers by their prefix", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/early" {
				w.WriteHeader(200)
			}
			io.WriteString(w, "body")
			if r.URL.Path == "/flush" {
				w.(http.Flusher).Flush()
			}
			w.Header().Set(http.TrailerPrefix+"X-Prefixed", "p")
		}), []ask{{path: "/"}, {path: "/early"}, {path: "/flush"}}},
		{"trailers beside a length", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "4")
			io.WriteString(w, "body")
			w.Header().Set(http.TrailerPrefix+"X-Prefixed", "p")
		}), []ask{{}}},
		{"flushes", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for range 3 {
				io.WriteString(w, "piece")
				if err := http.NewResponseController(w).Flush(); err != nil {
					panic(err)
				}
			}
		}), []ask{{}, {method: "HEAD"}}},
		{"a flush of nothing", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			io.WriteString(w, "<html>")
		}), []ask{{}, {method: "HEAD"}}},
		{"a header that changes too late", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-When", "before")
			w.WriteHeader(201)
			w.Header().Set("X-When", "after")
			w.Header().Set("X-Late", "after")
			w.WriteHeader(500)
		}), []ask{{}}},
		{"copies", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			n, err := io.Copy(w, struct{ io.Reader }{strings.NewReader(strings.Repeat("copy ", 20_000))})
			if n != 100_000 || err != nil {
				panic(err)
			}
		}), []ask{{}, {method: "HEAD"}}},
		{"an end of the connection as the end", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Transfer-Encoding", "identity")
			io.WriteString(w, "body")
		}), []ask{{}}},
		{"chunks that are asked for", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Transfer-Encoding", "chunked")
			io.WriteString(w, "body")
		}), []ask{{}, {method: "HEAD"}}},
		{"a connection that shall end", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			io.WriteString(w, "body")
		}), []ask{{}}},
		{"an answer before the body was read", text("early"), []ask{
			{method: "POST", body: strings.Repeat("x", 100<<10)},
			{method: "POST", body: strings.Repeat("x", 100<<10), stream: true},
			{method: "POST", body: strings.Repeat("x", 100<<10), header: http.Header{"Expect": {"100-continue"}}},
		}},
		{"an answer when a part of the body was read", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadFull(r.Body, make([]byte, 10))
			fmt.Fprint(w, err)
		}), []ask{
			{method: "POST", body: strings.Repeat("x", 100<<10)},
			{method: "POST", body: strings.Repeat("x", 100<<10), stream: true},
		}},
		{"a body that is expected", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			fmt.Fprint(w, len(body), err)
		}), []ask{{method: "POST", body: "hello", header: http.Header{"Expect": {"100-continue"}}}}},
		{"a read of a closed body", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body.Close()
			_, err := r.Body.Read(make([]byte, 1))
			fmt.Fprint(w, err)
		}), []ask{{method: "POST", body: "hello"}}},
		{"a form", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.FormValue("a"), r.FormValue("b"))
		}), []ask{{path: "/?b=2", method: "POST", body: "a=1", header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}}},
		{"a body that is limited", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 10))
			fmt.Fprint(w, err)
		}), []ask{{method: "POST", body: "hello"}, {method: "POST", body: "hello, world", open: true}}},
		{"a panic", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }), []ask{{}}},
		{"a panic inside the body", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "piece")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}), []ask{{}}},
		{"an invalid status", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(99) }), []ask{{}}},
		{"a context", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithCancel(r.Context())
			cancel()
			fmt.Fprint(w, ctx.Err(), r.Context().Err())
		}), []ask{{}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			theirs := beside(t, c.h)
			x := serve(t, c.h, stdhttp.Options{}, httpcore.ServerOptions{})
			http := client(t)
			for _, a := range c.asks {
				want := see(t, http, a.request(t, theirs))
				got := see(t, http, a.request(t, x.url))
				if a.open {
					want.closes = false
				}
				if want.err && got.err {
					continue // how much of an answer that breaks off has arrived is nobody's promise
				}
				replace := strings.NewReplacer(theirs, "", strings.TrimPrefix(theirs, "http://"), "", x.addr, "")
				want.body, got.body = replace.Replace(want.body), replace.Replace(got.body)
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s %s\n got %+.300v\nwant %+.300v", a.method, a.path, got, want)
				}
			}
		})
	}
}
