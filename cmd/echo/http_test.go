package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// ask sends a request to the program and returns the answer and its body.
func (s *echoServer) ask(t *testing.T, method, path string, body io.Reader) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, "http://"+s.addresses["http"]+path, body)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: patience}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return res, string(text)
}

func TestEachRouteAnswers(t *testing.T) {
	s := serveWith(t, "-tcp", "")
	chunked := func(text string) io.Reader { return struct{ io.Reader }{strings.NewReader(text)} }
	large := strings.Repeat("weir ", 1<<18)
	for _, c := range []struct {
		method, path string
		body         io.Reader
		status       int
		want         string
		length       int64 // -1: chunked
	}{
		{"GET", "/", nil, 200, "Hello, World!", 13},
		{"HEAD", "/", nil, 200, "", -1},
		{"HEAD", "/download?n=9000000000000000000", nil, 200, "", 9000000000000000000},
		{"POST", "/echo", strings.NewReader("small"), 200, "small", 5},
		{"POST", "/echo", chunked("small"), 200, "small", -1},
		{"POST", "/echo", strings.NewReader(large), 200, large, int64(len(large))},
		{"POST", "/echo", chunked(large), 200, large, -1},
		{"POST", "/upload", strings.NewReader(large), 200, fmt.Sprint(len(large)), 7},
		{"POST", "/upload", nil, 200, "0", 1},
		{"GET", "/download?n=100000", nil, 200, strings.Repeat("0123456789abcdef", 6250), 100000},
		{"GET", "/big?n=5", nil, 200, "01234", 5},
		{"GET", "/download", nil, 200, "", 0},
		{"GET", "/stream?n=20", nil, 200, "0123456789abcdef0123", -1},
		{"GET", "/slow?ms=1", nil, 200, "slow", 4},
		{"GET", "/status/204", nil, 204, "", 0},
		{"GET", "/status/304", nil, 304, "", -1},
		{"GET", "/status/503", nil, 503, "unwanted", 8},
		{"GET", "/status/99", nil, 404, "unwanted", 8},
		{"POST", "/noread", strings.NewReader("x"), 200, "not read", 8},
		{"GET", "/nothing", nil, 404, "there is nothing here\n", 22},
		{"GET", "/echo", nil, 404, "there is nothing here\n", 22},
	} {
		res, text := s.ask(t, c.method, c.path, c.body)
		if res.StatusCode != c.status || text != c.want || c.status != 304 && res.ContentLength != c.length {
			t.Errorf("%s %s: got %d, %d bytes %.40q, length %d; want %d, %d bytes, length %d",
				c.method, c.path, res.StatusCode, len(text), text, res.ContentLength, c.status, len(c.want), c.length)
		}
		if res.Header.Get("Date") == "" {
			t.Errorf("%s %s: no Date", c.method, c.path)
		}
	}
}

func TestDumpSaysWhatWasReceived(t *testing.T) {
	s := serveWith(t, "-tcp", "")
	_, text := s.ask(t, "PUT", "/dump?a=%20b", strings.NewReader("body"))
	var got struct {
		Method, Target string
		Headers        [][2]string
		BodyLength     int
		BodySha256     string
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("body"))
	if got.Method != "PUT" || got.Target != "/dump?a=%20b" || got.BodyLength != 4 || got.BodySha256 != hex.EncodeToString(sum[:]) ||
		len(got.Headers) == 0 || got.Headers[0] != [2]string{"Host", s.addresses["http"]} {
		t.Errorf("got %+v", got)
	}
}

func TestABodyThatIsTooLargeIs413(t *testing.T) {
	s := serveWith(t, "-tcp", "", "-max-body", "10")
	for _, path := range []string{"/echo", "/upload", "/noread"} {
		if res, _ := s.ask(t, "POST", path, strings.NewReader("0123456789a")); res.StatusCode != 413 {
			t.Errorf("%s: got %s", path, res.Status)
		}
	}
	if _, text := s.ask(t, "POST", "/echo", strings.NewReader("0123456789")); text != "0123456789" {
		t.Errorf("a body of just that length: got %q", text)
	}
}

func TestADrainAnswersWhatIsUnderWay(t *testing.T) {
	s := serveWith(t, "-tcp", "")
	answered := make(chan string, 1)
	begun := make(chan struct{})
	go func() {
		r, w := io.Pipe()
		go func() {
			io.WriteString(w, strings.Repeat("x", 100000)) // the request has begun when the pipe has been read
			close(begun)
			<-s.exitedOrDraining(t)
			w.Close()
		}()
		_, text := s.ask(t, "POST", "/upload", r)
		answered <- text
	}()
	<-begun
	s.signal(t)
	if text := <-answered; text != "100000" {
		t.Errorf("got %q", text)
	}
	if err := s.end(t); err != nil {
		t.Errorf("the program ended with %v", err)
	}
}

// exitedOrDraining is closed when nobody listens for HTTP any more.
func (s *echoServer) exitedOrDraining(t *testing.T) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.untilNobodyListens(t, s.addresses["http"])
	}()
	return done
}
