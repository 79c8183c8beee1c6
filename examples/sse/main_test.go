package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/exampletest"
	"github.com/weir-go/weir/loop"
)

// subscribe listens for events, with a small window for what it does not read. It is small from the first packet on: TCP takes back
// nothing that it has promised, and drops what it promised to take and can't.
func subscribe(t *testing.T, at, query string) net.Conn {
	t.Helper()
	d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		e := c.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 16<<10) })
		return errors.Join(e, err)
	}}
	c, err := d.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(exampletest.Patience))
	fmt.Fprintf(c, "GET /events%s HTTP/1.1\r\nHost: x\r\n\r\n", query)
	head := make([]byte, 12)
	if _, err := io.ReadFull(c, head); err != nil || string(head) != "HTTP/1.1 200" {
		t.Fatalf("got %q, %v", head, err)
	}
	return c
}

func publish(t *testing.T, at, event string) (said string) {
	t.Helper()
	res, err := http.Post("http://"+at+"/publish", "text/plain", strings.NewReader(event))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return string(body)
}

// until reads lines until one has what in it.
func until(t *testing.T, r *bufio.Reader, what string) (before []string) {
	t.Helper()
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("before %q: %v", what, err)
		}
		before = append(before, line)
		if strings.Contains(line, what) {
			return before
		}
	}
}

func TestEveryListenerIsToldEveryEvent(t *testing.T) {
	at := exampletest.Serve(t, newHub().server())
	defer http.DefaultClient.CloseIdleConnections()
	a, b := subscribe(t, at, ""), subscribe(t, at, "")
	if said := publish(t, at, "one\r\ntwo"); said != "2 listen\n" {
		t.Errorf("got %q", said)
	}
	for _, c := range []net.Conn{a, b} {
		got := strings.Join(until(t, bufio.NewReader(c), "two"), "")
		if !strings.Contains(got, "data: one\ndata: two\n") {
			t.Errorf("got %q", got)
		}
		c.Close()
	}
	exampletest.Await(t, "the listeners to be forgotten", func() bool { return publish(t, at, "x") == "0 listen\n" })
}

func TestASlowListenerLosesWhatItHasAskedToLose(t *testing.T) {
	at := exampletest.Serve(t, newHub().server())
	defer http.DefaultClient.CloseIdleConnections()
	slow := map[string]net.Conn{}
	for _, how := range []string{"oldest", "latest", "disconnect"} {
		slow[how] = subscribe(t, at, "?slow="+how)
	}
	quick := subscribe(t, at, "")
	reader := bufio.NewReader(quick)
	event := strings.Repeat("x", 60_000)
	n := 0
	// It takes what the kernel holds for somebody who does not read to have one sent away: some megabytes.
	for listeners := 4; listeners == 4; n++ {
		fmt.Sscanf(publish(t, at, fmt.Sprintf("%d.%s", n, event)), "%d", &listeners)
		until(t, reader, fmt.Sprintf("data: %d.", n))
		if n > 1000 {
			t.Fatal("nobody is sent away")
		}
	}
	all, err := io.ReadAll(slow["disconnect"])
	if err != nil && !errors.Is(err, syscall.ECONNRESET) || strings.HasSuffix(string(all), "\r\n0\r\n\r\n") {
		t.Errorf("the listener that was sent away sees an end: %v", err)
	}
	kept := map[string]int{"oldest": maxQueue, "latest": 1}
	for how, most := range kept {
		r := bufio.NewReader(slow[how])
		until(t, r, "events were lost")
		got := until(t, r, fmt.Sprintf("data: %d.", n-1))
		if waited := strings.Count(strings.Join(got, ""), "data: "); waited > most {
			t.Errorf("%s: %d events waited, want %d at most", how, waited, most)
		}
		slow[how].Close()
	}
	quick.Close()
}

func TestAShutdownDoesNotWaitForListeners(t *testing.T) {
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	at, err := newHub().serve(g, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- g.Run() }()
	c := subscribe(t, at.String(), "")
	ctx, cancel := context.WithTimeout(t.Context(), exampletest.Patience)
	defer cancel()
	shut := make(chan error, 1)
	go func() { shut <- g.Shutdown(ctx) }()
	if all, err := io.ReadAll(c); err != nil || !strings.HasSuffix(string(all), "0\r\n\r\n") {
		t.Errorf("the listener got %q, %v, want an end", all, err)
	}
	c.Close()
	if err := <-shut; err != nil {
		t.Errorf("got %v, as if somebody had been waited for in vain", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
