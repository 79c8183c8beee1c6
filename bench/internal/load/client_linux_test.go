package load

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// serve handles each connection of a listener that ends with the test.
func serve(t *testing.T, handle func(net.Conn)) netip.AddrPort {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				handle(c)
			}()
		}
	}()
	return ln.Addr().(*net.TCPAddr).AddrPort()
}

func echo(c net.Conn) { _, _ = io.Copy(c, c) }

func clientOf(t *testing.T, o Options, to netip.AddrPort, n int, sources ...netip.Addr) *Client {
	t.Helper()
	c, err := NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.Connect(to, n, sources); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryMessageComesBack(t *testing.T) {
	addr := serve(t, echo)
	for _, o := range []Options{{Size: 1}, {Size: 1024}, {Size: 1024, Sleep: true}, {Size: 1<<20 + 7}} {
		const conns, messages = 5, 3
		c := clientOf(t, o, addr, conns)
		missing, err := c.Exchange(t.Context(), 0, messages)
		if missing != 0 || err != nil {
			t.Errorf("%+v: got %d missing, %v", o, missing, err)
		}
		if got, want := c.counts, (Counts{Messages: conns * messages}); got != want {
			t.Errorf("%+v: got %+v, want %+v", o, got, want)
		}
	}
}

func TestExchangeLeavesEarlierConnectionsAlone(t *testing.T) {
	addr := serve(t, echo)
	c := clientOf(t, Options{Size: 64}, addr, 2)
	if err := c.Connect(addr, 3, nil); err != nil {
		t.Fatal(err)
	}
	if missing, err := c.Exchange(t.Context(), 2, 1); missing != 0 || err != nil {
		t.Fatalf("got %d missing, %v", missing, err)
	}
	if got := c.counts.Messages; got != 3 {
		t.Errorf("got %d messages, want 3", got)
	}
}

func TestConnectionsComeFromTheirSources(t *testing.T) {
	remotes := make(chan string, 4)
	addr := serve(t, func(c net.Conn) {
		remotes <- c.RemoteAddr().(*net.TCPAddr).IP.String()
		echo(c)
	})
	a, b := netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")
	clientOf(t, Options{Size: 1}, addr, 4, a, b)
	count := map[string]int{}
	for range 4 {
		count[<-remotes]++
	}
	if count["127.0.0.2"] != 2 || count["127.0.0.3"] != 2 {
		t.Errorf("got %v, want two of each source", count)
	}
}

func TestMeasureSamplesAtBothEnds(t *testing.T) {
	c := clientOf(t, Options{Size: 100}, serve(t, echo), 2)
	var at []int64
	err := c.Measure(t.Context(), 20*time.Millisecond, 50*time.Millisecond, func() error {
		at = append(at, c.counts.Messages)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(at) != 2 || at[0] == 0 || at[1] <= at[0] {
		t.Errorf("got %v messages at the samples, want two rising counts", at)
	}
}

func TestAWrongByteIsCounted(t *testing.T) {
	addr := serve(t, func(c net.Conn) {
		buf := make([]byte, 10)
		for {
			if _, err := io.ReadFull(c, buf); err != nil {
				return
			}
			buf[7] ^= 1
			_, _ = c.Write(buf)
		}
	})
	c := clientOf(t, Options{Size: 10}, addr, 1)
	if _, err := c.Exchange(t.Context(), 0, 2); err != nil {
		t.Fatal(err)
	}
	if got := c.counts.Wrong; got != 2 {
		t.Errorf("got %d wrong messages, want 2", got)
	}
}

func TestABrokenConnectionIsCountedAndItsMessageMissing(t *testing.T) {
	addr := serve(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 10)) })
	c := clientOf(t, Options{Size: 10}, addr, 1)
	missing, err := c.Exchange(t.Context(), 0, 1)
	if missing != 1 || err == nil || !strings.Contains(err.Error(), "end of stream") {
		t.Errorf("got %d missing, %v, want 1 and the end of stream", missing, err)
	}
	if got := c.counts.Broken; got != 1 {
		t.Errorf("got %d broken, want 1", got)
	}
}

func TestACancelledContextEndsTheClient(t *testing.T) {
	c := clientOf(t, Options{Size: 10}, serve(t, echo), 1)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := c.Measure(ctx, time.Minute, time.Minute, func() error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
}

func TestVerify(t *testing.T) {
	for name, test := range map[string]struct {
		handle func(net.Conn)
		want   string
	}{
		"an echo": {handle: echo},
		"a server that ends at once": {
			handle: func(net.Conn) {}, want: "echo of 1 bytes: ",
		},
		"a server that says more": {
			handle: func(c net.Conn) { echo(c); _, _ = c.Write([]byte("more")) }, want: "more came back",
		},
		"a server that doubles": {
			handle: func(c net.Conn) {
				buf := make([]byte, 64<<10)
				for {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					_, _ = c.Write(buf[:(n+1)/2])
					_, _ = c.Write(buf[:n-(n+1)/2])
				}
			}, want: "is wrong",
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := Verify(t.Context(), serve(t, test.handle))
			if test.want == "" && err != nil {
				t.Errorf("got %v", err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
