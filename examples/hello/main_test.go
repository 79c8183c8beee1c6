package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/exampletest"
)

func TestHello(t *testing.T) {
	at := exampletest.Serve(t, server())
	for request, want := range map[string]string{
		"GET /you HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":       "Hello, /you\n",
		"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 2\r\n\r\n":       "400 Bad Request",
		"HEAD /you HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":      "200 OK",
		"GET / HTTP/1.1\r\nConnection: close\r\n\r\n":                     "400 Bad Request",
		"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.0\r\n\r\n":       "Hello, /b\n",
		"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nnot all": "Hello, /a\n",
	} {
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, request)
		c.(*net.TCPConn).CloseWrite()
		answer, err := io.ReadAll(c)
		if err != nil || !strings.Contains(string(answer), want) {
			t.Errorf("%s: got %q, %v", fmt.Sprintf("%.30q", request), answer, err)
		}
		c.Close()
	}
}
