package load

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
)

// answering serves the routes that a crowd asks for.
func answering(t *testing.T) netip.AddrPort {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /download", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("n"))
		w.Header().Set("Content-Length", strconv.Itoa(n))
		for ; n > 0; n -= fillerLen {
			if _, err := w.Write(filler[:min(n, fillerLen)]); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("POST /upload", func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
		_, _ = io.Copy(w, r.Body)
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: mux}
	go func() { _ = s.Serve(ln) }()
	t.Cleanup(func() { _ = s.Close() })
	return ln.Addr().(*net.TCPAddr).AddrPort()
}

func TestACrowdIsSlowAndPatient(t *testing.T) {
	addr := answering(t)
	const conns, rate, length = 3, 40 << 10, 500 * time.Millisecond
	for name, c := range map[string]Crowd{"readers": {}, "writers": {Write: true}, "readers of what they send": {Echo: true}} {
		ctx, cancel := context.WithCancel(t.Context())
		looks := 0
		c.Conns, c.Rate, c.Body, c.Every = conns, rate, 1<<20, 50*time.Millisecond
		c.Look = func(elapsed time.Duration, moved int64) {
			if looks++; looks >= 2 && elapsed >= length && moved > 0 {
				cancel()
			}
		}
		begin := time.Now()
		moved, failures, err := c.Run(ctx, addr, patience)
		took := time.Since(begin)
		cancel()
		if len(failures) > 0 || err != nil {
			t.Errorf("%s: %v, %v", name, failures, err)
		}
		// One tick more than there are tenths of a second.
		if most := conns * rate / 10 * int64(took/crowdTick+1); moved == 0 || moved > most {
			t.Errorf("%s: %d bytes moved in %v, want some and at most %d", name, moved, took, most)
		}
		if looks < 2 {
			t.Errorf("%s: nobody looked", name)
		}
	}
}

func TestACrowdNoticesWhatIsWrong(t *testing.T) {
	answer := func(text string) netip.AddrPort {
		return serve(t, func(c net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				_, _ = io.WriteString(c, text)
			}
		})
	}
	body := string(filler[:fillerLen])
	for name, test := range map[string]struct{ text, kind string }{
		"the end in the middle": {"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + body, KindClosed},
		"another status":        {"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n" + body, KindStatus},
		"wrong bytes":           {"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + strings.Repeat("x", 50_000), KindAnswer},
	} {
		c := Crowd{Conns: 2, Rate: 200 << 10, Body: 1 << 20, Every: 50 * time.Millisecond}
		failures, err := map[string]int64{}, error(nil)
		// A slow machine takes longer than the rate does.
		for length := 700 * time.Millisecond; failures[test.kind] < 2 && length < patience; length *= 3 {
			_, failures, err = c.Run(t.Context(), answer(test.text), length)
		}
		if failures[test.kind] != 2 || err == nil {
			t.Errorf("%s: got %v, %v, want 2 of kind %s", name, failures, err, test.kind)
		}
	}
}
