package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// hello is what GET / is answered with.
const hello = "Hello, World!"

// oddDownload is asked for of everybody that can download. nginx has it as a file.
const oddDownload = 100_003

// CheckedDownloads are the lengths that VerifyHTTP asks for.
var CheckedDownloads = []int{oddDownload}

// Checks say what VerifyHTTP has to look at beyond GET /.
type Checks struct{ Upload, Download, BodyEcho bool }

// VerifyHTTP asks whether a server answers the routes rightly, as a client that knows nothing of its habits sees it: net/http for whole
// exchanges on one connection after the other, and bytes written by hand for a head that comes in pieces, for pipelined requests, and for
// Connection: close.
func VerifyHTTP(ctx context.Context, addr netip.AddrPort, checks Checks) error {
	ctx, cancel := context.WithTimeout(ctx, verifyTimeout)
	defer cancel()
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	v := verifier{ctx: ctx, client: &http.Client{Transport: transport}, addr: addr}
	errs := []error{
		v.exchange("GET", "/", nil, []byte(hello), "text/plain"),
		v.exchange("GET", "/", nil, []byte(hello), "text/plain"),
		v.pipelined(3),
		v.closing(),
	}
	big := filler[:fillerLen]
	if checks.Download {
		errs = append(errs, v.exchange("GET", "/download?n="+strconv.Itoa(oddDownload), nil, bytes.Repeat(big, 2)[:oddDownload], ""))
	}
	if checks.Upload {
		errs = append(errs,
			v.exchange("POST", "/upload", bytes.Repeat(big, 5), []byte(strconv.Itoa(5*fillerLen)), ""),
			v.exchange("POST", "/upload", []byte("x"), []byte("1"), ""))
	}
	if checks.BodyEcho {
		body := newPattern(1<<20).message(0, 7)
		errs = append(errs, v.exchange("POST", "/echo", body, body, ""))
	}
	return errors.Join(errs...)
}

type verifier struct {
	ctx    context.Context
	client *http.Client
	addr   netip.AddrPort
}

func (v *verifier) exchange(method, target string, body, want []byte, contentType string) error {
	what := method + " " + target
	req, err := http.NewRequestWithContext(v.ctx, method, "http://"+v.addr.String()+target, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := v.client.Do(req)
	if err != nil {
		return err // it names the method and the address
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return fmt.Errorf("%s: after %d bytes: %w", what, len(got), err)
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("%s was answered with status %d, want 200", what, res.StatusCode)
	case !bytes.Equal(got, want):
		return fmt.Errorf("%s was answered with %d bytes %.20q, want %d bytes %.20q", what, len(got), got, len(want), want)
	case contentType != "" && !strings.HasPrefix(res.Header.Get("Content-Type"), contentType):
		return fmt.Errorf("%s has Content-Type %q, want %s", what, res.Header.Get("Content-Type"), contentType)
	case contentType != "" && res.Header.Get("Date") == "":
		return fmt.Errorf("%s has no Date", what)
	case contentType != "" && res.ContentLength != int64(len(want)):
		return fmt.Errorf("%s has Content-Length %d, want %d", what, res.ContentLength, len(want))
	}
	return nil
}

// pipelined sends n requests byte by byte at first, and the rest at once.
func (v *verifier) pipelined(n int) error {
	request := NewHTTP(Request{Method: "GET", Target: "/", Pipeline: n, Answer: hello}).head
	conn, err := v.dial()
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	for i := range 60 {
		if _, err := conn.Write(request[i : i+1]); err != nil {
			return fmt.Errorf("pipelined GET /: %w", err)
		}
	}
	if _, err := conn.Write(request[60:]); err != nil {
		return fmt.Errorf("pipelined GET /: %w", err)
	}
	if err := answers(conn, n); err != nil {
		return fmt.Errorf("%d pipelined GET /: %w", n, err)
	}
	return nil
}

// closing wants the server to end the connection behind the answer to a request that asks for it.
func (v *verifier) closing() error {
	conn, err := v.dial()
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write(NewHTTP(Request{Method: "GET", Target: "/", Close: true, Answer: hello}).head); err != nil {
		return fmt.Errorf("GET / with Connection: close: %w", err)
	}
	if err := answers(conn, 1); err != nil {
		return fmt.Errorf("GET / with Connection: close: %w", err)
	}
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return fmt.Errorf("GET / with Connection: close is not followed by the end, but %d bytes and %v", n, err)
	}
	return nil
}

func (v *verifier) dial() (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(v.ctx, "tcp", v.addr.String())
	if err != nil {
		return nil, err
	}
	deadline, _ := v.ctx.Deadline() // VerifyHTTP has set one
	return conn, conn.SetDeadline(deadline)
}

// answers reads n of them with the parser that the load uses: it is checked in passing.
func answers(conn net.Conn, n int) error {
	h := NewHTTP(Request{Method: "GET", Target: "/", Pipeline: n, Answer: hello})
	var a Answer
	buf := make([]byte, 4<<10)
	for {
		got, err := conn.Read(buf)
		if err != nil {
			return fmt.Errorf("after %d answers: %w", a.done, err)
		}
		used, whole, err := h.Take(0, 0, &a, buf[:got])
		switch {
		case err != nil:
			return err
		case a.Wrong:
			return errors.New("the body is wrong")
		case whole && used < got:
			return errExtra
		case whole:
			return nil
		}
	}
}
