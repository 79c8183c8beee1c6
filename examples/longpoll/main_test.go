package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/exampletest"
)

func wait(t *testing.T, at string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(exampletest.Patience))
	fmt.Fprint(c, "GET /news HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	return c
}

func tell(t *testing.T, at, news string) (heard int) {
	t.Helper()
	res, err := http.Post("http://"+at+"/news", "text/plain", strings.NewReader(news))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	fmt.Fscanf(res.Body, "%d", &heard)
	return heard
}

func TestThousandsWaitAndAllHear(t *testing.T) {
	at := exampletest.Serve(t, server(time.Minute))
	defer http.DefaultClient.CloseIdleConnections()
	const many = 2000
	var parked []net.Conn
	for range many {
		parked = append(parked, wait(t, at))
	}
	for _, c := range parked[many/2:] { // half of them lose patience
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
	heard := 0
	exampletest.Await(t, "all that stayed to hear", func() bool {
		heard += tell(t, at, "it rains")
		return heard >= many/2
	})
	for _, c := range parked[:many/2] {
		answer, err := io.ReadAll(c)
		if err != nil || !strings.HasSuffix(string(answer), "\r\n\r\nit rains") {
			t.Fatalf("got %q, %v", answer, err)
		}
		c.Close()
	}
	if tell(t, at, "again") != 0 {
		t.Error("somebody waits who has been told, or has gone")
	}
}

func TestWhoWaitsInVainIsToldSo(t *testing.T) {
	at := exampletest.Serve(t, server(50*time.Millisecond))
	answer, err := io.ReadAll(wait(t, at))
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 204 ") {
		t.Errorf("got %q, %v", answer, err)
	}
}
