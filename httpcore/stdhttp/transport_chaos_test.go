package stdhttp_test

import (
	"context"
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

// TestNothingIsLeftOfRequestsThatEndAtAnyTime has callers of all kinds meet handlers of all kinds, some of which die; the end of
// the test looks for goroutines, connections and requests.
func TestNothingIsLeftOfRequestsThatEndAtAnyTime(t *testing.T) {
	s := serve(t, far(), stdhttp.Options{}, httpcore.ServerOptions{})
	x := lay(t, stdhttp.TransportOptions{Request: httpcore.RequestOptions{
		Agent: httpcore.NewAgent(httpcore.AgentOptions{MaxSockets: 6}), ContinueTimeout: 5 * time.Millisecond,
	}})
	paths := []string{"/dump", "/echo", "/size/10", "/size/500000", "/cut", "/cutchunks", "/none", "/refuse", "/early", "/hints", "/status/204"}
	var all sync.WaitGroup
	for seed := range uint64(12) {
		all.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, 0))
			for range 25 {
				use(t, x.tr, rnd, s.url+paths[rnd.IntN(len(paths))])
			}
		})
	}
	all.Wait()
}

// use is one caller.
func use(t *testing.T, tr http.RoundTripper, rnd *rand.Rand, url string) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if rnd.IntN(2) == 0 {
		var stop func()
		ctx, stop = context.WithTimeout(ctx, time.Duration(rnd.IntN(3000))*time.Microsecond)
		defer stop()
	}
	text := strings.Repeat("x", rnd.IntN(100_000))
	body := &closer{only{strings.NewReader(text)}, make(chan struct{})}
	r, err := http.NewRequestWithContext(ctx, "PUT", url, body)
	if err != nil {
		t.Error(err)
		return
	}
	switch rnd.IntN(3) {
	case 0:
		r.ContentLength = int64(len(text))
		r.GetBody = func() (io.ReadCloser, error) { return nil, fmt.Errorf("it is not asked for") }
	case 1:
		r.Header.Set("Expect", "100-continue")
	}
	if res, err := tr.RoundTrip(r); err == nil {
		switch rnd.IntN(3) {
		case 0:
			io.Copy(io.Discard, res.Body)
		case 1:
			io.CopyN(io.Discard, res.Body, int64(rnd.IntN(100_000)))
		case 2:
			go cancel()
			io.Copy(io.Discard, res.Body)
		}
		res.Body.Close()
	}
	wait(t, "the body to be closed", body.closed)
}
