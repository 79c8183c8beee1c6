package rivals

import (
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// netBuffer is each connection's own. It decides what the standard library's way costs with large messages: beside the
// floor, 4 KiB makes a 64 KiB message 8 times as dear, 16 KiB 2.4 times and 64 KiB 1.2 times, and every connection that
// has once seen a large message keeps that much. An event loop has one buffer for all and does not have to choose.
const netBuffer = 16 << 10

// serveNet is the standard library's way: a goroutine for each connection, with a buffer of its own.
func serveNet(addr, _ string) error {
	return acceptAll(addr, echo)
}

// serveNetCopy leaves the work to io.Copy, which on Linux moves the bytes through a pipe by splice(2): cheap for large
// messages, but three descriptors a connection.
func serveNetCopy(addr, _ string) error {
	return acceptAll(addr, func(c net.Conn) { _, _ = io.Copy(c, c) })
}

// acceptAll gives each connection a goroutine. TCP_NODELAY is package net's default.
func acceptAll(addr string, handle func(net.Conn)) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	announce(ln.Addr())
	for {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer func() { _ = c.Close() }()
			handle(c)
		}()
	}
}

func echo(c net.Conn) {
	buf := make([]byte, netBuffer)
	for {
		n, err := c.Read(buf)
		if n > 0 {
			if _, err := c.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// serveNetHTTP is net/http with its own multiplexer.
func serveNetHTTP(addr, _ string) error { return serveHandler(addr, routes()) }

// serveReverseProxy is net/http/httputil's, as its documentation shows it. Its transport keeps as many connections to the
// upstream server as there are clients: with the default of two it would measure connecting.
func serveReverseProxy(addr, upstream string) error {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.DisableCompression = true
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, 1024
	target := &url.URL{Scheme: "http", Host: upstream}
	return serveHandler(addr, &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: transport,
	})
}

func serveHandler(addr string, h http.Handler) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	announce(ln.Addr())
	return http.Serve(ln, h)
}
