package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/exampletest"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

// open runs a room until the test is over.
func open(t *testing.T) (address string) {
	t.Helper()
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &room{guests: map[*stream.Socket]string{}}
	ln, err := l.Listen("tcp", "127.0.0.1:0", func(c *reactor.Conn) { r.enter(l, c) })
	if err != nil {
		t.Fatal(err)
	}
	exampletest.Run(t, l)
	return ln.Addr().String()
}

type guest struct {
	net.Conn
	r *bufio.Reader
}

func enter(t *testing.T, at string) guest {
	t.Helper()
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(exampletest.Patience))
	return guest{c, bufio.NewReader(c)}
}

// hear reads lines until one is what.
func (g guest) hear(t *testing.T, what string) {
	t.Helper()
	for {
		line, err := g.r.ReadString('\n')
		if err != nil {
			t.Fatalf("before %q: %v", what, err)
		}
		if line == what+"\n" {
			return
		}
	}
}

func TestWhatOneSaysTheOthersHear(t *testing.T) {
	at := open(t)
	a := enter(t, at)
	b := enter(t, at)
	a.hear(t, "guest 2 enters")
	fmt.Fprint(b, "a line in ")
	fmt.Fprint(b, "pieces\r\nand one more\n")
	a.hear(t, "guest 2: a line in pieces")
	a.hear(t, "guest 2: and one more")
	b.Close()
	a.hear(t, "guest 2 leaves")
}

func TestALineWithoutEndIsNotKept(t *testing.T) {
	at := open(t)
	a := enter(t, at)
	b := enter(t, at)
	a.hear(t, "guest 2 enters")
	b.Write(bytes.Repeat([]byte("x"), 64<<10))
	a.hear(t, "guest 2 leaves")
}

func TestWhoDoesNotReadIsPutOutAndNobodyWaits(t *testing.T) {
	at := open(t)
	deaf := enter(t, at)
	a := enter(t, at)
	b := enter(t, at)
	a.hear(t, "guest 3 enters")
	// What the kernel holds for somebody who does not read is some megabytes. The one who reads keeps up, as each piece waits for it.
	lines := strings.Repeat(strings.Repeat("y", 999)+"\n", 100)
	for i := 0; ; i++ {
		if i == 1000 {
			t.Fatal("nobody is put out")
		}
		fmt.Fprintf(b, "%spiece %d\n", lines, i)
		left := false
		for {
			line, err := a.r.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			left = left || line == "guest 1 leaves\n"
			if line == fmt.Sprintf("guest 3: piece %d\n", i) {
				break
			}
		}
		if left {
			break
		}
	}
	deaf.Close()
}
