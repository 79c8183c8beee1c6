package stdhttp_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore/stdhttp"
)

// BenchmarkTransport makes requests with our Transport and with net/http's, from some goroutines at a time. The server is
// net/http's, in the same process.
func BenchmarkTransport(b *testing.B) {
	large := make([]byte, 4<<20)
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", hello)
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(r.ContentLength))
		io.Copy(w, r.Body)
	})
	mux.HandleFunc("/64K", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "65536")
		w.Write(large[:64<<10])
	})
	mux.HandleFunc("/4M", func(w http.ResponseWriter, _ *http.Request) { w.Write(large) })
	mux.HandleFunc("/take", func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	s := httptest.NewServer(mux)
	defer s.Close()
	for _, c := range []struct {
		path    string
		callers int
		body    func() io.Reader
	}{
		{"/hello", 1, nil},
		{"/hello", 32, nil},
		{"/echo", 32, func() io.Reader { return strings.NewReader(strings.Repeat("x", 100)) }},
		{"/64K", 8, nil},
		{"/4M", 4, nil},
		{"/take", 4, func() io.Reader { return io.LimitReader(zeros{}, 4<<20) }},
	} {
		name := fmt.Sprintf("%s/%d", c.path[1:], c.callers)
		b.Run(name+"/weir", func(b *testing.B) {
			x := lay(b, stdhttp.TransportOptions{})
			call(b, x.tr, s.URL+c.path, c.callers, c.body)
			b.ReportMetric(float64(x.l.Metrics().Posts)/float64(b.N), "posts/op")
		})
		b.Run(name+"/nethttp", func(b *testing.B) {
			tr := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 100}
			defer tr.CloseIdleConnections()
			call(b, tr, s.URL+c.path, c.callers, c.body)
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// call makes b.N requests in all, so many at a time.
func call(b *testing.B, tr http.RoundTripper, url string, callers int, body func() io.Reader) {
	b.ReportAllocs()
	todo := make(chan struct{}, callers)
	done := make(chan error, callers)
	for range callers {
		go func() {
			done <- func() error {
				for range todo {
					if err := callOnce(tr, url, body); err != nil {
						return err
					}
				}
				return nil
			}()
		}()
	}
	b.ResetTimer()
	for range b.N {
		todo <- struct{}{}
	}
	close(todo)
	for range callers {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
}

func callOnce(tr http.RoundTripper, url string, body func() io.Reader) error {
	method, in := "GET", io.Reader(nil)
	if body != nil {
		method, in = "POST", body()
	}
	r, err := http.NewRequest(method, url, in)
	if err != nil {
		return err
	}
	res, err := tr.RoundTrip(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err
}
