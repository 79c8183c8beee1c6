package loop

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

// overTheProxy runs two piped Sockets on the real kernel between client and server, each a goroutine's, until both have
// returned, and returns how many bytes were spliced. Nothing is read before client says that it is time.
func overTheProxy(t *testing.T, network string, client func(c net.Conn, begin func()), server func(net.Conn)) uint64 {
	t.Helper()
	l := newLoop(t, Options{})
	var first *stream.Socket
	address := "127.0.0.1:0"
	if network == "unix" {
		address = t.TempDir() + "/socket"
	}
	ln, err := l.Listen(network, address, func(c *reactor.Conn) {
		if network != "unix" {
			c.SetReceiveBuffer(1 << 20)
		}
		s := stream.NewSocket(l, c, stream.SocketOptions{AllowHalfOpen: true, PauseOnCreate: true})
		s.OnError(func(err error) { t.Errorf("a socket has failed: %v", err) })
		if first == nil {
			first = s
			return
		}
		first.Pipe(s)
		s.Pipe(first)
	})
	if err != nil {
		t.Fatal(err)
	}
	if network != "unix" {
		address = ln.Addr().String()
	}
	done := make(chan bool, 2)
	dial := func(end func(net.Conn)) {
		c, err := net.Dial(network, address)
		if err != nil {
			t.Error(err)
			done <- true
			return
		}
		c.SetDeadline(time.Now().Add(patience))
		end(c)
		c.Close()
		done <- true
	}
	go dial(func(c net.Conn) { client(c, func() { go dial(server) }) })
	go func() {
		<-done
		<-done
		l.Post(func() { ln.Close(nil) })
	}()
	run(t, l)
	return l.r.Metrics().BytesSpliced
}

func TestBytesBetweenRealSocketsAreSpliced(t *testing.T) {
	sent := bytes.Repeat([]byte("0123456789abcde"), 1<<20)
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			var got []byte
			n := overTheProxy(t, network, func(c net.Conn, begin func()) {
				begin()
				if _, err := c.Write(sent); err != nil {
					t.Error(err)
				}
				c.(interface{ CloseWrite() error }).CloseWrite()
				io.Copy(io.Discard, c)
			}, func(c net.Conn) {
				var err error
				if got, err = io.ReadAll(c); err != nil {
					t.Error(err)
				}
			})
			if !bytes.Equal(got, sent) {
				t.Errorf("%d bytes have arrived, want %d, in their order", len(got), len(sent))
			}
			if n == 0 {
				t.Error("nothing was spliced")
			}
		})
	}
}

// A byte that is sent as urgent stops splice(2) for ever: EAGAIN while the socket is readable, or the end of input while
// bytes follow. It must cost no spin and no byte. The piece behind it is one that comes too late, or what is left.
func TestAnUrgentByteNeitherStopsNorEndsASplice(t *testing.T) {
	part := bytes.Repeat([]byte("0123456789abcdef"), 4<<10)
	for _, late := range []bool{false, true} {
		t.Run(fmt.Sprintf("end late %v", late), func(t *testing.T) {
			var got []byte
			n := overTheProxy(t, "tcp", func(c net.Conn, begin func()) {
				c.Write(part) // is copied
				c.Write(part) // is spliced, to the byte
				raw, err := c.(*net.TCPConn).SyscallConn()
				if err != nil {
					t.Error(err)
					return
				}
				raw.Write(func(fd uintptr) bool { return unix.Send(int(fd), []byte("!"), unix.MSG_OOB) != unix.EAGAIN })
				c.Write(part)
				if !late {
					c.(*net.TCPConn).CloseWrite()
				}
				time.Sleep(50 * time.Millisecond) // it is all there when the first byte is read
				begin()
				if late {
					time.Sleep(50 * time.Millisecond)
					c.(*net.TCPConn).CloseWrite()
				}
				io.Copy(io.Discard, c)
			}, func(c net.Conn) {
				var err error
				if got, err = io.ReadAll(c); err != nil {
					t.Error(err)
				}
			})
			if want := bytes.Repeat(part, 3); !bytes.Equal(got, want) {
				t.Errorf("%d bytes have arrived, want %d, in their order", len(got), len(want))
			}
			if n < uint64(len(part)) {
				t.Errorf("%d bytes were spliced", n)
			}
		})
	}
}
