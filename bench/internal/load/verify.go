package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"
)

const verifyTimeout = 10 * time.Second

// VerifyEcho asks whether a server echoes: on two connections at a time, 1 B, 64 KiB and 1 MiB, sent in pieces of odd sizes
// and compared byte by byte; and whether it ends the connection when the client has ended its half.
func VerifyEcho(ctx context.Context, addr netip.AddrPort) error {
	for _, size := range []int{1, 64 << 10, 1 << 20} {
		p := newPattern(size)
		results := make(chan error, 2)
		for i := range cap(results) {
			go func() { results <- verifyOne(ctx, addr, p.message(i, size)) }()
		}
		if err := errors.Join(<-results, <-results); err != nil {
			return fmt.Errorf("echo of %d bytes: %w", size, err)
		}
	}
	return nil
}

func verifyOne(ctx context.Context, addr netip.AddrPort, message []byte) error {
	dialer := net.Dialer{Timeout: verifyTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", addr.String())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if err := conn.SetDeadline(time.Now().Add(verifyTimeout)); err != nil {
		return err
	}
	sent := make(chan error, 1)
	go func() { sent <- writeInPieces(conn, message) }()
	got := make([]byte, len(message))
	n, err := io.ReadFull(conn, got)
	if at := firstDifference(got[:n], message); at >= 0 {
		return fmt.Errorf("byte %d is wrong", at)
	}
	if err != nil {
		return fmt.Errorf("after %d bytes: %w", n, err)
	}
	if err := <-sent; err != nil {
		return err
	}
	return verifyEnd(conn)
}

func verifyEnd(conn net.Conn) error {
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	n, err := conn.Read(make([]byte, 1))
	if n > 0 {
		return errors.New("more came back than was sent")
	}
	if err != io.EOF {
		return fmt.Errorf("after the client's end: %w", err)
	}
	return nil
}

// writeInPieces goes through the sizes again and again.
func writeInPieces(w io.Writer, message []byte) error {
	sizes := []int{1, 2, 3, 7, 509, 4093, 65521, 65537, 131071}
	for i := 0; len(message) > 0; i++ {
		n := min(sizes[i%len(sizes)], len(message))
		if _, err := w.Write(message[:n]); err != nil {
			return err
		}
		message = message[n:]
	}
	return nil
}

func firstDifference(a, b []byte) int {
	if bytes.HasPrefix(b, a) {
		return -1
	}
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}
