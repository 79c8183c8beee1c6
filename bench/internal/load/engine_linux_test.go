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

// patience is how long a test waits for what must happen: so long that only a hang takes it.
const patience = 30 * time.Second

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

func engineOf(t *testing.T, o Options, to netip.AddrPort, n int, sources ...netip.Addr) *Engine {
	t.Helper()
	c, err := NewEngine(o)
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
	for _, size := range []int{1, 1024, 1<<20 + 7} {
		o := Options{Protocol: NewEcho(size), Sleep: size == 1024}
		const conns, messages = 5, 3
		c := engineOf(t, o, addr, conns)
		missing, err := c.Exchange(t.Context(), 0, messages)
		if missing != 0 || err != nil {
			t.Errorf("%d bytes: got %d missing, %v", size, missing, err)
		}
		if got := c.counts; got.Operations != conns*messages || got.Wrong+got.Broken != 0 || got.Got != int64(conns*messages*size) {
			t.Errorf("%d bytes: got %+v", size, got)
		}
	}
}

func TestExchangeLeavesEarlierConnectionsAlone(t *testing.T) {
	addr := serve(t, echo)
	c := engineOf(t, Options{Protocol: NewEcho(64)}, addr, 2)
	if err := c.Connect(addr, 3, nil); err != nil {
		t.Fatal(err)
	}
	if missing, err := c.Exchange(t.Context(), 2, 1); missing != 0 || err != nil {
		t.Fatalf("got %d missing, %v", missing, err)
	}
	if got := c.counts.Operations; got != 3 {
		t.Errorf("got %d operations, want 3", got)
	}
}

func TestConnectionsComeFromTheirSources(t *testing.T) {
	remotes := make(chan string, 4)
	addr := serve(t, func(c net.Conn) {
		remotes <- c.RemoteAddr().(*net.TCPAddr).IP.String()
		echo(c)
	})
	a, b := netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")
	engineOf(t, Options{Protocol: NewEcho(1)}, addr, 4, a, b)
	count := map[string]int{}
	for range 4 {
		count[<-remotes]++
	}
	if count["127.0.0.2"] != 2 || count["127.0.0.3"] != 2 {
		t.Errorf("got %v, want two of each source", count)
	}
}

func TestMeasureSamplesAtBothEnds(t *testing.T) {
	const length = 50 * time.Millisecond
	c := engineOf(t, Options{Protocol: NewEcho(100), WarmOperations: 1}, serve(t, echo), 2)
	c.warmMost = patience
	var at []int64
	var when []time.Time
	err := c.Measure(t.Context(), 20*time.Millisecond, length, func() error {
		at, when = append(at, c.counts.Operations), append(when, time.Now())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(at) != 2 || at[0] == 0 || c.Latency().TotalCount() != at[1]-at[0] {
		t.Errorf("got %v operations at the samples, and %d were measured: want some before the first, and what was measured between them",
			at, c.Latency().TotalCount())
	}
	if took := when[1].Sub(when[0]); took < length {
		t.Errorf("%v were measured, want %v", took, length)
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
	c := engineOf(t, Options{Protocol: NewEcho(10)}, addr, 1)
	if _, err := c.Exchange(t.Context(), 0, 2); err != nil {
		t.Fatal(err)
	}
	if got := c.counts.Wrong; got != 2 {
		t.Errorf("got %d wrong messages, want 2", got)
	}
}

func TestABrokenConnectionIsCountedAndItsMessageMissing(t *testing.T) {
	addr := serve(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 10)) })
	c := engineOf(t, Options{Protocol: NewEcho(10)}, addr, 1)
	missing, err := c.Exchange(t.Context(), 0, 1)
	if missing != 1 || err == nil || !strings.Contains(err.Error(), "end of stream") {
		t.Errorf("got %d missing, %v, want 1 and the end of stream", missing, err)
	}
	if got := c.counts.Broken; got != 1 {
		t.Errorf("got %d broken, want 1", got)
	}
}

func TestACancelledContextEndsTheEngine(t *testing.T) {
	c := engineOf(t, Options{Protocol: NewEcho(10)}, serve(t, echo), 1)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := c.Measure(ctx, time.Minute, time.Minute, func() error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
}

func TestVerifyEcho(t *testing.T) {
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
			err := VerifyEcho(t.Context(), serve(t, test.handle))
			if test.want == "" && err != nil {
				t.Errorf("got %v", err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
