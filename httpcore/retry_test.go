package httpcore_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/weir-go/weir/httpcore"
)

// A server answers one request of each connection, reads the head of another and closes, as one does whose patience with an
// idle connection ends at that moment. Later connections are answered for good.
func fickle(t *testing.T) (url string, bodies chan string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bodies = make(chan string, 100)
	go func() {
		for n := 0; ; n++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for i := 0; ; i++ {
					req, err := http.ReadRequest(r)
					if err != nil || n == 0 && i == 1 {
						return
					}
					body, _ := io.ReadAll(req.Body)
					bodies <- req.Method + " " + string(body)
					io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				}
			}()
		}
	}()
	t.Cleanup(func() { ln.Close() })
	return "http://" + ln.Addr().String(), bodies
}

func TestARequestThatFindsItsConnectionClosedIsMadeOnceMoreIfThatIsSafe(t *testing.T) {
	for _, k := range []struct {
		name  string
		call  httpcore.Call
		retry bool
	}{
		{"a GET", httpcore.Call{}, true},
		{"a PUT with its body", httpcore.Call{Method: "PUT", Body: []byte("text")}, true},
		{"a PUT whose body waits for a 100", httpcore.Call{Method: "PUT", Body: []byte("text"), Header: []string{"Expect", "100-continue"}}, true},
		{"a chunked PUT", httpcore.Call{Method: "PUT", Body: []byte("text"), Header: []string{"Transfer-Encoding", "chunked"}}, true},
		{"a POST is not", httpcore.Call{Method: "POST", Body: []byte("text")}, false},
		{"a long PUT is not", httpcore.Call{Method: "PUT", Body: make([]byte, 17<<10)}, false},
	} {
		t.Run(k.name, func(t *testing.T) {
			url, bodies := fickle(t)
			x := newOffice(t, told)
			c := x.client(httpcore.ClientOptions{})
			if _, err := x.fetch(c, httpcore.Call{URL: url}); err != nil {
				t.Fatal(err)
			}
			<-bodies
			k.call.URL = url
			p, err := x.fetch(c, k.call)
			switch {
			case !k.retry:
				if err == nil || p != nil || errors.Is(err, httpcore.ErrAborted) {
					t.Errorf("got %v, %v; want that the server has gone", p, err)
				}
			case err != nil || string(p.Body) != "ok":
				t.Errorf("got %v, %v", p, err)
			default:
				want := "GET "
				if k.call.Method != "" {
					want = k.call.Method + " text"
				}
				if got := <-bodies; got != want {
					t.Errorf("the server got %q, want %q", got, want)
				}
			}
		})
	}
}
