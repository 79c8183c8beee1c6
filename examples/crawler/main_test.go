package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weir-go/weir/loop"
)

// run crawls from target and returns the lines it has printed, sorted.
func run(t *testing.T, target string, sockets, most int) []string {
	t.Helper()
	start, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	l, err := loop.New(loop.Options{OnUncaught: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	crawl(l, start, sockets, most, &out)
	if err := l.Run(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	slices.Sort(lines)
	return lines
}

func TestEveryPageOfASiteIsVisitedOnceWithFewConnections(t *testing.T) {
	var mu sync.Mutex
	visits := map[string]int{}
	var at, peak atomic.Int32
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peak.Store(max(peak.Load(), at.Add(1)))
		defer at.Add(-1)
		mu.Lock()
		visits[r.URL.String()]++
		mu.Unlock()
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/":
			for i := range 100 {
				fmt.Fprintf(w, `<p><a class="x" HREF='/page/%d#part'>%d</a>`, i, i)
			}
			fmt.Fprint(w, `<a href="http://elsewhere.invalid/">other</a> <a href="/old">old</a> <a href="/?a=1&amp;b=2">q</a>`)
		case "/old":
			http.Redirect(w, r, "/new/place", http.StatusMovedPermanently)
		case "/new/place":
			fmt.Fprint(w, `<a href="near">near</a>`)
		case "/new/near":
			http.NotFound(w, r)
		}
	}))
	defer site.Close()
	lines := run(t, site.URL+"/", 3, 1000)
	want := []string{"200 " + site.URL + "/", "200 " + site.URL + "/old", "200 " + site.URL + "/?a=1&b=2", "404 " + site.URL + "/new/near"}
	for i := range 100 {
		want = append(want, fmt.Sprintf("200 %s/page/%d", site.URL, i))
	}
	slices.Sort(want)
	if !slices.Equal(lines, want) {
		t.Errorf("got %d lines, want %d: %q", len(lines), len(want), slices.DeleteFunc(lines, func(s string) bool { return slices.Contains(want, s) }))
	}
	mu.Lock()
	defer mu.Unlock()
	for page, n := range visits {
		if n != 1 {
			t.Errorf("%s: %d visits", page, n)
		}
	}
	if peak.Load() > 3 {
		t.Errorf("%d requests at a time", peak.Load())
	}
}

func TestNoMorePagesThanAsked(t *testing.T) {
	n := atomic.Int64{}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<a href="/%d">on</a>`, n.Add(1))
	}))
	defer site.Close()
	if lines := run(t, site.URL+"/", 1, 10); len(lines) != 10 {
		t.Errorf("got %q", lines)
	}
}

func TestAPageThatCannotBeHadSaysWhy(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "short")
	}))
	defer site.Close()
	lines := run(t, site.URL+"/", 1, 10)
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "--- "+site.URL+"/ httpcore: ") {
		t.Errorf("got %q", lines)
	}
}
