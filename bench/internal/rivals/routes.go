package rivals

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
)

// hello is the answer to GET /.
const hello = "Hello, World!"

// filler is what generated bodies are made of, the same as in weir's cmd/echo.
var filler = bytes.Repeat([]byte("0123456789abcdef"), 4<<10)

// generated is n bytes of filler.
type generated struct{ left int64 }

func (g *generated) Read(p []byte) (int, error) {
	if g.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(int64(len(p)), g.left)], filler)
	g.left -= int64(n)
	return n, nil
}

// WriteTo spares a copy where the library asks for it.
func (g *generated) WriteTo(w io.Writer) (int64, error) {
	var sent int64
	for g.left > 0 {
		n, err := w.Write(filler[:min(int64(len(filler)), g.left)])
		sent += int64(n)
		g.left -= int64(n)
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// routes is what net/http serves, and nbio, which has its interface.
func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Length", strconv.Itoa(len(hello)))
		_, _ = io.WriteString(w, hello)
	})
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		if r.ContentLength >= 0 {
			w.Header().Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
		}
		_ = http.NewResponseController(w).EnableFullDuplex() // nbio has none, and reads all of the body before it calls
		w.WriteHeader(http.StatusOK)                         // nbio sends status 0 without
		_, _ = io.Copy(w, r.Body)
	})
	mux.HandleFunc("POST /upload", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			return
		}
		_, _ = io.WriteString(w, strconv.FormatInt(n, 10))
	})
	mux.HandleFunc("GET /download", func(w http.ResponseWriter, r *http.Request) {
		n := query(r)
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
		_, _ = (&generated{n}).WriteTo(w)
	})
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = (&generated{query(r)}).WriteTo(w)
	})
	return mux
}

func query(r *http.Request) int64 {
	n, _ := strconv.ParseInt(r.URL.Query().Get("n"), 10, 64)
	return max(0, n)
}
