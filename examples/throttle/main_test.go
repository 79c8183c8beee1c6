package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/exampletest"
)

func TestABodyTakesItsTimeAndIsWhole(t *testing.T) {
	at := exampletest.Serve(t, server(200_000))
	defer http.DefaultClient.CloseIdleConnections()
	begin := time.Now()
	res, err := http.Get("http://" + at + "/?n=40000")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); len(body) != 40_000 || err != nil {
		t.Errorf("got %d bytes, %v", len(body), err)
	}
	// Never early: the last chunk's time may still run when it has been sent.
	if took := time.Since(begin); took < 150*time.Millisecond {
		t.Errorf("it took %v", took)
	}
}

func TestAClientThatGoesAwayStopsItsTimer(t *testing.T) {
	at := exampletest.Serve(t, server(1000)) // the test would not end while a timer runs
	for range 20 {
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, "GET /?n=1000000 HTTP/1.1\r\nHost: x\r\n\r\n")
		io.ReadFull(c, make([]byte, 12))
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
}

func TestWhatIsNoNumberIsRefused(t *testing.T) {
	at := exampletest.Serve(t, server(1000))
	defer http.DefaultClient.CloseIdleConnections()
	for _, query := range []string{"", "?n=", "?n=-1", "?n=x"} {
		res, err := http.Get("http://" + at + "/" + query)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 400 {
			t.Errorf("%q: got %d", query, res.StatusCode)
		}
	}
}
