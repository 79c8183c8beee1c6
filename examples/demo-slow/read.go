package main

import (
	"fmt"
	"net"
	"time"
)

// read is a client that reads slowly: a tenth of what it reads in a second, ten times.
func read(address string) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer c.Close()
	c.(*net.TCPConn).SetReadBuffer(16 << 10)
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", address)
	p := make([]byte, max(1, *rate/10))
	for {
		if _, err := c.Read(p); err != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}
