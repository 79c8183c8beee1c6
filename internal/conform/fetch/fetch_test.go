package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"
)

// serve plays a script to each connection, the last one to all that follow. A script is what is sent, piece by piece: each piece
// behind a request, and then the connection is ended.
func serve(t *testing.T, scripts ...[]string) (url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for i := 0; ; i++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go play(c, scripts[min(i, len(scripts)-1)])
		}
	}()
	return "http://" + ln.Addr().String() + "/"
}

func play(c net.Conn, script []string) {
	defer c.Close()
	in := bufio.NewReader(c)
	for _, piece := range script {
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if line == "\r\n" {
				break
			}
		}
		if _, err := c.Write([]byte(piece)); err != nil {
			return
		}
	}
}

// fetched is what comes of fetching url n times.
func fetched(t *testing.T, url string, n int, timeout time.Duration, most int) (list []outcome) {
	t.Helper()
	var out bytes.Buffer
	if err := run(strings.Fields(strings.Repeat(url+" ", n)), timeout, most, &out); err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(out.Bytes()) {
		var o outcome
		if err := json.Unmarshal(line, &o); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		list = append(list, o)
	}
	if len(list) != n {
		t.Fatalf("got %d lines, want %d:\n%s", len(list), n, out.Bytes())
	}
	return list
}

func sum(body string) string {
	s := sha256.Sum256([]byte(body))
	return hex.EncodeToString(s[:])
}

const (
	patience = 20 * time.Second
	enough   = 1 << 20

	hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
	last  = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\ngood"
	wrong = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"
)

func TestEachURLIsALineThatSaysWhatCameOfIt(t *testing.T) {
	for i, got := range fetched(t, serve(t, []string{hello, hello, hello}), 3, patience, enough) {
		if want := (outcome{200, 5, sum("hello"), ""}); got != want {
			t.Errorf("request %d: got %+v, want %+v", i, got, want)
		}
	}
}

func TestWhatIsNotWholeIsAnError(t *testing.T) {
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
	for name, answer := range map[string]string{
		"nothing":                   "",
		"half a head":               "HTTP/1.1 200 OK\r\n",
		"no HTTP":                   "SSH-2.0\r\n",
		"a body that is cut off":    strings.TrimSuffix(hello, "o"),
		"no last chunk":             chunked,
		"a trailer section, begun":  chunked + "0\r\nA: b\r\n",
		"an interim response alone": "HTTP/1.1 103 Early Hints\r\n\r\n",
		"a switch unasked":          "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
		"two lengths":               "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
	} {
		if got := fetched(t, serve(t, []string{answer}), 1, patience, enough)[0]; got.Error == "" {
			t.Errorf("%s: got %+v, want an error", name, got)
		}
	}
}

func TestNoAnswerIsTakenForAnother(t *testing.T) {
	for name, script := range map[string][]string{
		"an answer behind the answer": {hello + wrong, wrong},
		"a body behind a 204":         {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", wrong},
		"Connection: close":           {strings.Replace(last, "good", "fine", 1), wrong},
		"the end":                     {hello},
	} {
		got := fetched(t, serve(t, script, []string{last}), 2, patience, enough)
		if got[0].Error != "" || got[1] != (outcome{200, 4, sum("good"), ""}) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestABodyBeyondTheLimitIsAnError(t *testing.T) {
	url := serve(t, []string{hello, hello})
	if got := fetched(t, url, 1, patience, 5)[0]; got.Error != "" {
		t.Errorf("a body of the limit: got %+v", got)
	}
	if got := fetched(t, url, 1, patience, 4)[0]; got.Error == "" {
		t.Errorf("a body of more: got %+v", got)
	}
}

func TestASilentServerIsAnErrorInTime(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if got := fetched(t, "http://"+ln.Addr().String(), 1, 50*time.Millisecond, enough)[0]; got.Error == "" {
		t.Errorf("got %+v, want an error", got)
	}
}

func TestABadURLIsAnError(t *testing.T) {
	if got := fetched(t, "https://127.0.0.1/", 1, patience, enough)[0]; !strings.Contains(got.Error, "TLS") {
		t.Errorf("got %+v, want an error that says why", got)
	}
}
