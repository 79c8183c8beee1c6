package rivals

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// The planted mistakes: servers that a careless bench would call fast.

// servePlantedDeaf says nothing and does not listen.
func servePlantedDeaf(string, string) error {
	return errors.New("this server does not listen, on purpose")
}

// servePlantedLiar answers GET / with the right length and the wrong bytes, from the hundredth request on: after the
// bench has checked it.
func servePlantedLiar(addr, _ string) error {
	return plant(addr, 100, func(w http.ResponseWriter) { _, _ = w.Write([]byte("Hello, Wurst!")) })
}

// servePlantedDies ends in the middle of its work.
func servePlantedDies(addr, _ string) error {
	return plant(addr, 100, func(http.ResponseWriter) {
		fmt.Fprintln(os.Stderr, "this server dies, on purpose")
		os.Exit(3)
	})
}

// servePlantedStops answers no more, but keeps its connections.
func servePlantedStops(addr, _ string) error {
	return plant(addr, 100, func(http.ResponseWriter) { select {} })
}

// servePlantedLate stands still for 200 ms in each second: a closed loop hardly notices, one that looks from the intended
// start does.
func servePlantedLate(addr, _ string) error {
	start := time.Now()
	h := routes()
	return serveHandler(addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if in := time.Since(start) % time.Second; in > 800*time.Millisecond {
			time.Sleep(time.Second - in)
		}
		h.ServeHTTP(w, r)
	}))
}

// plant serves the routes rightly n times.
func plant(addr string, n int64, mistake func(http.ResponseWriter)) error {
	var served atomic.Int64
	h := routes()
	return serveHandler(addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if served.Add(1) > n {
			mistake(w)
			return
		}
		h.ServeHTTP(w, r)
	}))
}
