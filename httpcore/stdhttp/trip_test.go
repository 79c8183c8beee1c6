package stdhttp_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/stdhttp"
)

// The same programs on net/http's own Transport and on ours, against net/http's server and against ours.

// far is what clients of the programs below talk to.
func far() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/dump", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		h := r.Header.Clone()
		for _, name := range []string{"User-Agent", "Accept-Encoding", "Connection"} { // where we differ, by decision
			h.Del(name)
		}
		if h.Get("Content-Length") == "0" {
			h.Del("Content-Length")
		}
		fmt.Fprintf(w, "%s %s host=%s header=%v length=%d coding=%v body=%.20q/%d err=%v trailer=%v close=%t", r.Method, r.RequestURI,
			r.Host, h, r.ContentLength, r.TransferEncoding, body, len(body), err, r.Trailer, r.Close)
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength >= 0 {
			w.Header().Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
		}
		io.Copy(w, r.Body)
	})
	mux.HandleFunc("/size/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("n"))
		w.Header().Set("Content-Type", "text/plain") // a proxy would guess one or not, as its flush comes behind some body or before
		if r.URL.RawQuery == "length" {
			w.Header().Set("Content-Length", r.PathValue("n"))
		} else {
			w.(http.Flusher).Flush()
		}
		w.Write(bytes.Repeat([]byte("0123456789"), n/10+1)[:n])
	})
	mux.HandleFunc("/status/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("n"))
		w.Header().Add("X-Two", "one")
		w.Header().Add("X-Two", "two")
		w.WriteHeader(n)
		if n != 204 && n != 304 {
			io.WriteString(w, "body")
		}
	})
	mux.HandleFunc("/to/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("n"))
		http.Redirect(w, r, "/dump?from="+r.Method, n)
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/set", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		http.Redirect(w, r, "/cookies", http.StatusSeeOther)
	})
	mux.HandleFunc("/cookies", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header["Cookie"]) })
	mux.HandleFunc("/trailer", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum, X-Other")
		io.WriteString(w, "body")
		w.Header().Set("X-Sum", "42")
		w.Header().Set(http.TrailerPrefix+"X-More", "more")
	})
	mux.HandleFunc("/hints", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a>")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Link", "</b>")
		w.WriteHeader(http.StatusProcessing)
		w.Header().Del("Link")
		io.WriteString(w, "done")
	})
	mux.HandleFunc("/refuse", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no", http.StatusExpectationFailed)
	})
	mux.HandleFunc("/early", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		io.WriteString(w, "early")
	})
	mux.HandleFunc("/duplex", func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		c.EnableFullDuplex()
		c.Flush()
		in := bufio.NewReader(r.Body)
		for {
			line, err := in.ReadString('\n')
			io.WriteString(w, strings.ToUpper(line))
			c.Flush()
			if err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "half")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/cutchunks", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "half")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/none", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	return mux
}

// errorKind is what a program sees of an error that both clients have in common.
func errorKind(err error) string {
	switch {
	case err == nil:
		return "<nil>"
	case errors.Is(err, errOfBody):
		return "the body's"
	case errors.Is(err, context.DeadlineExceeded):
		return "deadline"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "cut off"
	case errors.Is(err, http.ErrBodyReadAfterClose), strings.Contains(err.Error(), "on closed response body"):
		return "closed"
	}
	return "some error"
}

var errOfBody = errors.New("an error of the body")

// only is a reader that is nothing else.
type only struct{ io.Reader }

// closer is a body that knows whether it was closed.
type closer struct {
	io.Reader
	closed chan struct{}
}

func (c *closer) Close() error {
	select {
	case <-c.closed:
	default:
		close(c.closed)
	}
	return nil
}

// failing fails behind what it gives.
type failing struct{ io.Reader }

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == io.EOF {
		err = errOfBody
	}
	return n, err
}

// program is something that uses an http.Client, and says what it has seen.
type program struct {
	name string
	run  func(c *http.Client, base string) string
}

// askFor is a program that makes one request.
func askFor(name, method, path string, body func() io.Reader, change func(*http.Request)) program {
	return program{name, func(c *http.Client, base string) string {
		var b io.Reader
		if body != nil {
			b = body()
		}
		r, err := http.NewRequest(method, base+path, b)
		if err != nil {
			return err.Error()
		}
		if change != nil {
			change(r)
		}
		return talk(c, r)
	}}
}

// talk makes a request, and says all of its answer.
func talk(c *http.Client, r *http.Request) string {
	var seen strings.Builder
	header := r.Header.Clone()
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			fmt.Fprintf(&seen, "%d %v; ", code, h["Link"])
			return nil
		},
		Got100Continue: func() { fmt.Fprint(&seen, "continue; ") },
	}))
	before := *r
	res, err := c.Do(r)
	if !reflect.DeepEqual(header, before.Header) || before.URL.String() != r.URL.String() {
		fmt.Fprint(&seen, "the request was changed; ")
	}
	if err != nil {
		return seen.String() + "error: " + errorKind(err)
	}
	defer res.Body.Close()
	announced := len(res.Trailer)
	body, err := io.ReadAll(res.Body)
	h := res.Header.Clone()
	for _, name := range []string{"Date", "Connection", "Keep-Alive"} {
		h.Del(name)
	}
	fmt.Fprintf(&seen, "%s|%s %d.%d|%v|length %d|coding %v|close %t|body %.600q/%d err %s|trailer %d %v|%s %s", res.Status, res.Proto,
		res.ProtoMajor, res.ProtoMinor, h, res.ContentLength, res.TransferEncoding, res.Close, body, len(body), errorKind(err), announced,
		res.Trailer, res.Request.Method, res.Request.URL.Path)
	return seen.String()
}

func text20(n int) func() io.Reader {
	return func() io.Reader { return strings.NewReader(strings.Repeat("0123456789", n/10+1)[:n]) }
}

func stream(n int) func() io.Reader {
	return func() io.Reader { return only{text20(n)()} }
}

func fieldsOf(list ...string) func(*http.Request) {
	return func(r *http.Request) {
		for i := 0; i < len(list); i += 2 {
			r.Header.Add(list[i], list[i+1])
		}
	}
}

func programs() []program {
	all := []program{
		askFor("a get", "GET", "/dump?a=b&c=%20", nil, fieldsOf("X-Two", "1", "X-Two", "2", "Accept", "*/*")),
		askFor("no method", "", "/dump", nil, func(r *http.Request) { r.Method = "" }),
		askFor("a head", "HEAD", "/size/5000?length", nil, nil),
		askFor("a head without a length", "HEAD", "/size/5000", nil, nil),
		askFor("options", "OPTIONS", "/dump", nil, nil),
		askFor("delete with a body", "DELETE", "/dump", text20(10), nil),
		askFor("a method of one's own", "FROB", "/dump", text20(10), nil),
		askFor("a post without a body", "POST", "/dump", nil, nil),
		askFor("a post of nothing", "POST", "/dump", text20(0), nil),
		askFor("a post of an empty stream", "POST", "/dump", stream(0), nil),
		askFor("a get with an empty stream", "GET", "/dump", stream(0), nil),
		askFor("a get with a body", "GET", "/dump", text20(10), nil),
		askFor("a small body", "POST", "/dump", text20(10), fieldsOf("Content-Type", "text/plain")),
		askFor("a body of 16 KiB", "PUT", "/dump", text20(16<<10), nil),
		askFor("a body of more", "PUT", "/dump", text20(16<<10+1), nil),
		askFor("a large body", "PUT", "/dump", text20(3_000_000), nil),
		askFor("a small stream", "PUT", "/dump", stream(10), nil),
		askFor("a large stream", "PUT", "/dump", stream(3_000_000), nil),
		askFor("a stream with a length", "PUT", "/dump", stream(100_000), func(r *http.Request) { r.ContentLength = 100_000 }),
		askFor("a known body in chunks", "PUT", "/dump", text20(10), func(r *http.Request) { r.TransferEncoding = []string{"chunked"} }),
		askFor("a body that is too short", "PUT", "/dump", stream(10), func(r *http.Request) { r.ContentLength = 20 }),
		askFor("a length without a body", "PUT", "/dump", nil, func(r *http.Request) { r.ContentLength = 20 }),
		askFor("a body that fails", "PUT", "/dump", func() io.Reader { return failing{text20(100)()} }, nil),
		askFor("trailers", "PUT", "/dump", stream(10), func(r *http.Request) { r.Trailer = http.Header{"X-Sum": {"1", "2"}, "A": {"b"}} }),
		askFor("trailers of a body with a length", "PUT", "/dump", text20(10), func(r *http.Request) { r.Trailer = http.Header{"X-Sum": {"1"}} }),
		askFor("another host", "GET", "/dump", nil, func(r *http.Request) { r.Host = "elsewhere.example:81" }),
		askFor("the last request", "GET", "/dump", nil, func(r *http.Request) { r.Close = true }),
		askFor("a user", "GET", "/dump", nil, func(r *http.Request) { r.URL.User = url.UserPassword("me", "secret") }),
		askFor("an opaque target", "GET", "/dump", nil, func(r *http.Request) { r.URL.Opaque = "//" + r.URL.Host + "/dump%2Fx/../../dump" }),
		askFor("a bad field", "GET", "/dump", nil, fieldsOf("X-Bad", "a\nb")),
		askFor("a bad name", "GET", "/dump", nil, func(r *http.Request) { r.Header["X Bad"] = []string{"a"} }),
		askFor("a scheme that nobody knows", "GET", "/dump", nil, func(r *http.Request) { r.URL.Scheme = "ftp" }),
		askFor("an echo with a length", "POST", "/echo", text20(200_000), nil),
		askFor("an echo in chunks", "POST", "/echo", stream(200_000), nil),
		askFor("a small answer with a length", "GET", "/size/10?length", nil, nil),
		askFor("a large answer with a length", "GET", "/size/3000000?length", nil, nil),
		askFor("a small answer in chunks", "GET", "/size/10", nil, nil),
		askFor("a large answer in chunks", "GET", "/size/3000000", nil, nil),
		askFor("an empty answer", "GET", "/size/0?length", nil, nil),
		askFor("an empty answer in chunks", "GET", "/size/0", nil, nil),
		askFor("trailers of the answer", "GET", "/trailer", nil, nil),
		askFor("hints", "GET", "/hints", nil, nil),
		askFor("a loop", "GET", "/loop", nil, nil),
		askFor("an answer that is cut off", "GET", "/cut", nil, nil),
		askFor("chunks that are cut off", "GET", "/cutchunks", nil, nil),
		askFor("no answer", "GET", "/none", nil, nil),
		askFor("a body that is asked for", "POST", "/dump", text20(100), fieldsOf("Expect", "100-continue")),
		askFor("a stream that is asked for", "POST", "/echo", stream(100_000), fieldsOf("Expect", "100-continue")),
		askFor("a body that is refused", "POST", "/refuse", text20(100), fieldsOf("Expect", "100-continue")),
		askFor("a stream that is refused", "POST", "/refuse", stream(100_000), fieldsOf("Expect", "100-continue")),
		{"cookies", func(c *http.Client, base string) string {
			c = &http.Client{Transport: c.Transport, Timeout: patience}
			c.Jar, _ = cookiejar.New(nil)
			r, _ := http.NewRequest("GET", base+"/set", nil)
			return talk(c, r)
		}},
		{"a form", func(c *http.Client, base string) string {
			res, err := c.PostForm(base+"/dump", url.Values{"a": {"1", "2"}})
			if err != nil {
				return err.Error()
			}
			defer res.Body.Close()
			body, _ := io.ReadAll(res.Body)
			return string(body)
		}},
		{"a talk in both directions", func(c *http.Client, base string) string {
			pr, pw := io.Pipe()
			r, _ := http.NewRequest("POST", base+"/duplex", pr)
			res, err := c.Do(r)
			if err != nil {
				return err.Error()
			}
			defer res.Body.Close()
			in, got := bufio.NewReader(res.Body), ""
			for _, line := range []string{"one\n", "two\n", "three\n"} {
				io.WriteString(pw, line)
				answer, err := in.ReadString('\n')
				got += answer + errorKind(err)
			}
			pw.Close()
			rest, err := io.ReadAll(in)
			return got + string(rest) + errorKind(err)
		}},
		{"a body that is closed early", func(c *http.Client, base string) string {
			res, err := c.Get(base + "/size/5000000")
			if err != nil {
				return err.Error()
			}
			buf := make([]byte, 10)
			io.ReadFull(res.Body, buf)
			err = res.Body.Close()
			_, again := res.Body.Read(buf)
			return fmt.Sprint(string(buf), err, errorKind(again), res.Body.Close())
		}},
		{"an answer before the request was read", func(c *http.Client, base string) string {
			pr, pw := io.Pipe()
			body := &closer{pr, make(chan struct{})}
			r, _ := http.NewRequest("POST", base+"/early", body)
			res, err := c.Do(r)
			if err != nil {
				return err.Error()
			}
			text, err := io.ReadAll(res.Body)
			res.Body.Close()
			pw.Close()
			<-body.closed
			return string(text) + errorKind(err)
		}},
		{"a context that is done before", func(c *http.Client, base string) string {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			body := &closer{strings.NewReader("x"), make(chan struct{})}
			r, _ := http.NewRequestWithContext(ctx, "POST", base+"/dump", body)
			seen := talk(c, r)
			<-body.closed
			return seen
		}},
	}
	for _, n := range []int{200, 201, 204, 304, 404, 500, 599} {
		all = append(all, askFor("status "+strconv.Itoa(n), "GET", "/status/"+strconv.Itoa(n), nil, nil))
	}
	for _, n := range []int{301, 302, 303, 307, 308} {
		for _, method := range []string{"GET", "POST"} {
			all = append(all, askFor(fmt.Sprintf("%s %d", method, n), method, "/to/"+strconv.Itoa(n), text20(10), nil))
		}
	}
	return all
}

func TestAProgramSeesTheSameOnBothTransports(t *testing.T) {
	ours := serve(t, far(), stdhttp.Options{}, httpcore.ServerOptions{})
	theirs := httptest.NewUnstartedServer(far())
	theirs.Config.ErrorLog = log.New(io.Discard, "", 0)
	theirs.Start()
	t.Cleanup(theirs.Close)
	x := lay(t, stdhttp.TransportOptions{Request: httpcore.RequestOptions{ContinueTimeout: patience}})
	std := client(t)
	std.CheckRedirect = nil
	for _, server := range []struct{ name, url string }{{"net/http", theirs.URL}, {"weir", ours.url}} {
		host := strings.TrimPrefix(server.url, "http://")
		for _, p := range programs() {
			t.Run(p.name+"/"+server.name, func(t *testing.T) {
				want, got := make(chan string, 1), make(chan string, 1)
				go func() { want <- strings.ReplaceAll(p.run(std, server.url), host, "HOST") }()
				go func() { got <- strings.ReplaceAll(p.run(x.client(), server.url), host, "HOST") }()
				if got, want := wait(t, "our Transport", got), wait(t, "net/http's", want); got != want {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		}
	}
}

// TestAClientOfAProxySeesTheSame has ReverseProxy on our server with our Transport, on one loop, beside net/http's of both.
func TestAClientOfAProxySeesTheSame(t *testing.T) {
	origin := httptest.NewUnstartedServer(far())
	origin.Config.ErrorLog = log.New(io.Discard, "", 0)
	origin.Start()
	t.Cleanup(origin.Close)
	target, err := url.Parse(origin.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := func(tr http.RoundTripper) http.Handler {
		return &httputil.ReverseProxy{
			Transport: tr, ErrorLog: log.New(io.Discard, "", 0), FlushInterval: -1,
			Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		}
	}
	x := lay(t, stdhttp.TransportOptions{Request: httpcore.RequestOptions{ContinueTimeout: patience}})
	ours := serve(t, proxy(x.tr), stdhttp.Options{}, httpcore.ServerOptions{})
	up := &http.Transport{DisableCompression: true, ExpectContinueTimeout: patience}
	t.Cleanup(up.CloseIdleConnections)
	theirs := beside(t, proxy(up))
	c := client(t)
	c.CheckRedirect = nil
	c.Timeout = patience
	other := map[string]bool{
		"an empty answer in chunks":             true, // it has a length if it ends before ReverseProxy's flush
		"a stream that is asked for":            true, // net/http's server ends the connection
		"a talk in both directions":             true, // it is not full duplex behind a ReverseProxy
		"an answer before the request was read": true,
	}
	for _, p := range programs() {
		t.Run(p.name, func(t *testing.T) {
			see := func(base string) string {
				seen := make(chan string, 1)
				go func() { seen <- strings.ReplaceAll(p.run(c, base), strings.TrimPrefix(base, "http://"), "HOST") }()
				return strings.ReplaceAll(wait(t, base, seen), target.Host, "ORIGIN")
			}
			got := see(ours.url) // it ends, at least
			if other[p.name] {
				return
			}
			if want := see(theirs); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
