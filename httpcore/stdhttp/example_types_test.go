package stdhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/stdhttp"
	"github.com/weir-go/weir/loop"
)

// serveBeside runs a handler on a loop while client runs beside it, as somebody else's program.
func serveBeside(h http.Handler, o stdhttp.Options, lo loop.Options, client func(url string)) {
	l, err := loop.New(lo)
	if err != nil {
		log.Fatal(err)
	}
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(stdhttp.Handle(h, o))
	addr, err := srv.ListenLoop(l, "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		client(fmt.Sprintf("http://%v/", addr))
		http.DefaultClient.CloseIdleConnections()
		if err := srv.Shutdown(context.Background()); err != nil {
			log.Print(err)
		}
	}()
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
}

// loops runs a group while fn runs beside it.
func loops(fn func(g *loop.Group)) {
	g, err := loop.NewGroup(loop.GroupOptions{})
	if err != nil {
		log.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- g.Run() }()
	fn(g)
	if err := g.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
	if err := <-ran; err != nil {
		log.Fatal(err)
	}
}

// Handlers that wait for something slow are few, and who comes when all are busy is told so instead of waiting too.
func ExampleOptions() {
	busy, done := make(chan bool), make(chan bool)
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			busy <- true
			<-done
		}
		io.WriteString(w, "hello")
	})
	serveBeside(slow, stdhttp.Options{MaxHandlers: 1, MaxQueued: -1}, loop.Options{}, func(url string) {
		first := make(chan bool)
		go func() {
			fetch(url + "slow")
			close(first)
		}()
		<-busy
		res, err := http.Get(url)
		if err != nil {
			log.Fatal(err)
		}
		res.Body.Close()
		fmt.Println(res.Status)
		close(done)
		<-first
	})
	// Output:
	// 503 Service Unavailable
	// 200 OK: hello
}

// A handler that panics takes its connection along, and the loop is told where it was.
func ExamplePanicError() {
	broken := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { panic("no such thing as " + r.URL.Path) })
	told := func(err error) {
		var p *stdhttp.PanicError
		if errors.As(err, &p) {
			fmt.Println(p.Method, p.URL, "has panicked:", p.Value)
			fmt.Println("with a stack:", len(p.Stack) > 0)
		}
	}
	serveBeside(broken, stdhttp.Options{}, loop.Options{OnUncaught: told}, func(url string) {
		if res, err := http.Get(url + "a?b=c"); err == nil {
			res.Body.Close()
			fmt.Println("an answer that should not be there")
		}
	})
	// Output:
	// GET /a?b=c has panicked: no such thing as /a
	// with a stack: true
}

// Whatever takes an http.RoundTripper takes a Transport: here it is a proxy of net/http's.
func ExampleTransport() {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s from the origin", r.URL.Path)
	}))
	defer origin.Close()
	to, err := url.Parse(origin.URL)
	if err != nil {
		log.Fatal(err)
	}
	loops(func(g *loop.Group) {
		t := stdhttp.NewTransport(g.Next, stdhttp.TransportOptions{})
		defer t.CloseIdleConnections()
		proxy := httputil.NewSingleHostReverseProxy(to)
		proxy.Transport = t

		w := httptest.NewRecorder()
		proxy.ServeHTTP(w, httptest.NewRequest("GET", "/news", nil))
		fmt.Println(w.Code, w.Body)
		fmt.Println(t.Agent().Metrics().Requests, "request")
	})
	// Output:
	// 200 /news from the origin
	// 1 request
}

// The options are those of a request on a loop. Their fields are for requests that have none of that name.
func ExampleTransportOptions() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Header.Get("Accept-Language"))
	}))
	defer server.Close()
	loops(func(g *loop.Group) {
		client := &http.Client{Transport: stdhttp.NewTransport(g.Next, stdhttp.TransportOptions{
			Request: httpcore.RequestOptions{
				Agent:  httpcore.NewAgent(httpcore.AgentOptions{MaxSockets: 10}),
				Header: []string{"Accept-Language", "en"},
			},
		})}
		defer client.CloseIdleConnections()
		for _, own := range []string{"", "de"} {
			req, err := http.NewRequest("GET", server.URL, nil)
			if err != nil {
				log.Fatal(err)
			}
			if own != "" {
				req.Header.Set("Accept-Language", own)
			}
			res, err := client.Do(req)
			if err != nil {
				log.Fatal(err)
			}
			text, err := io.ReadAll(res.Body)
			res.Body.Close()
			fmt.Printf("%s %v\n", text, err)
		}
	})
	// Output:
	// en <nil>
	// de <nil>
}

// A time that is over is a net.Error's Timeout, as with net/http.
func ExampleTransportOptions_timeout() {
	release := make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	loops(func(g *loop.Group) {
		client := &http.Client{Transport: stdhttp.NewTransport(g.Next, stdhttp.TransportOptions{
			Request: httpcore.RequestOptions{TotalTimeout: 10 * time.Millisecond},
		})}
		res, err := client.Get(server.URL)
		if err == nil {
			res.Body.Close()
		}
		var late net.Error
		fmt.Println(errors.As(err, &late) && late.Timeout(), errors.Is(err, httpcore.ErrResponseTimeout))
	})
	// Output: true true
}
