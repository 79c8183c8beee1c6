package httpcore_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
)

// TestAnEmptyChunkIsNotSentBeforeTheServerAsksForTheBody: who would not even read a body that is refused waits for the
// callback of such a chunk.
func TestAnEmptyChunkIsNotSentBeforeTheServerAsksForTheBody(t *testing.T) {
	asked := make(chan struct{})
	x := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refuse" {
			w.WriteHeader(http.StatusExpectationFailed)
			return
		}
		<-asked
		io.Copy(w, r.Body)
	})
	for _, path := range []string{"/take", "/refuse"} {
		turn, answered := make(chan error, 1), make(chan int, 1)
		x.l.Post(func() {
			r, err := httpcore.NewRequest(x.l, "PUT", x.url+path, httpcore.RequestOptions{
				Agent: x.a, Header: []string{"Expect", "100-continue", "Content-Length", "4"}, ContinueTimeout: time.Minute,
			})
			if err != nil {
				t.Error(err)
				return
			}
			r.OnResponse(func(m *httpcore.IncomingMessage) {
				answered <- m.StatusCode()
				m.Resume()
			})
			r.OnError(func(err error) { t.Log(err) })
			r.OnSocket(func() {
				x.l.NextTick(func() {
					r.WriteChunk(nil, func(err error) {
						turn <- err
						r.EndWith([]byte("body"), nil)
					})
				})
			})
		})
		if path == "/refuse" {
			if status := <-answered; status != 417 {
				t.Errorf("got %d, want 417", status)
			}
			if err := <-turn; err == nil {
				t.Error("the body of a request that was refused has had its turn")
			}
			continue
		}
		select {
		case err := <-turn:
			t.Fatalf("the body has its turn, with %v, before the server has asked for it", err)
		case <-time.After(30 * time.Millisecond):
		}
		close(asked)
		if err := <-turn; err != nil {
			t.Errorf("the body that was asked for fails with %v", err)
		}
		if status := <-answered; status != 200 {
			t.Errorf("got %d, want 200", status)
		}
	}
}
