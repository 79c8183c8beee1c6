package rivals

import (
	"io"
	"net"
)

// netBuffer is each connection's own. It decides what the standard library's way costs with large messages: beside the
// floor, 4 KiB makes a 64 KiB message 8 times as dear, 16 KiB 2.4 times and 64 KiB 1.2 times, and every connection that
// has once seen a large message keeps that much. An event loop has one buffer for all and does not have to choose.
const netBuffer = 16 << 10

// serveNet is the standard library's way: a goroutine for each connection, with a buffer of its own.
func serveNet(addr string) error {
	return acceptAll(addr, echo)
}

// serveNetCopy leaves the work to io.Copy, which on Linux moves the bytes through a pipe by splice(2): cheap for large
// messages, but three descriptors a connection.
func serveNetCopy(addr string) error {
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
