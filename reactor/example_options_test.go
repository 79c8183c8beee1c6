//go:build linux || darwin || freebsd || openbsd || netbsd

package reactor_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/reactor/reactortest"
)

// pair connects two ends in r and gives each to its callback. Nothing listens any more when both have been called.
func pair(r *reactor.Reactor, onServer, onClient func(*reactor.Conn)) {
	var ln *reactor.Listener
	ln, err := r.Listen("tcp", "127.0.0.1:0", reactor.ListenOptions{}, func(c *reactor.Conn) {
		ln.Close(nil)
		onServer(c)
	})
	if err != nil {
		log.Fatal(err)
	}
	var client *reactor.Conn
	client, err = r.Connect("tcp", ln.Addr().String(), func(err error) {
		if err != nil {
			log.Fatal(err)
		}
		onClient(client)
	})
	if err != nil {
		log.Fatal(err)
	}
}

// closeAtEnd is for the end that has nothing to hear but that.
func closeAtEnd(c *reactor.Conn) {
	c.ReadStart(reactor.ReadFunc(func(_ []byte, err error) {
		if err != nil {
			c.Close(nil)
		}
	}))
}

// A read delivers no more than the one buffer holds, so a small one divides what came together.
func ExampleOptions() {
	k, err := reactor.System(reactor.SystemOptions{})
	if err != nil {
		log.Fatal(err)
	}
	r := reactor.New(k, reactor.Options{ReadBuffer: 4})
	defer r.Close()
	pair(r, func(c *reactor.Conn) {
		c.Write([][]byte{[]byte("hello, world")}, nil)
		c.CloseWrite(nil)
		closeAtEnd(c)
	}, func(c *reactor.Conn) {
		c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
			if err != nil {
				c.Close(nil)
				return
			}
			fmt.Printf("%q\n", p)
		}))
	})
	run(r)
	// Output:
	// "hell"
	// "o, w"
	// "orld"
}

// A Unix socket that its owner alone may connect to.
func ExampleListenOptions() {
	dir, err := os.MkdirTemp("", "weir")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	r := newReactor()
	defer r.Close()
	ln, err := r.Listen("unix", path, reactor.ListenOptions{UnixMode: 0o600}, func(c *reactor.Conn) { c.Close(nil) })
	if err != nil {
		log.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Mode().Perm())
	ln.Close(nil)
	run(r)
	_, err = os.Stat(path)
	fmt.Println("removed:", errors.Is(err, fs.ErrNotExist))
	// Output:
	// -rw-------
	// removed: true
}

// A client that chooses which of its addresses it comes from.
func ExampleConnectOptions() {
	r := newReactor()
	defer r.Close()
	var ln *reactor.Listener
	ln, err := r.Listen("tcp", "127.0.0.1:0", reactor.ListenOptions{}, func(c *reactor.Conn) {
		fmt.Println("from", c.RemoteAddr().Addr())
		c.Close(nil)
		ln.Close(nil)
	})
	if err != nil {
		log.Fatal(err)
	}
	var client *reactor.Conn
	o := reactor.ConnectOptions{LocalAddr: netip.MustParseAddrPort("127.0.0.1:0")} // any port
	client, err = r.ConnectWith("tcp", ln.Addr().String(), o, func(err error) {
		if err != nil {
			log.Fatal(err) // EADDRNOTAVAIL, if it is none of ours
		}
		closeAtEnd(client)
	})
	if err != nil {
		log.Fatal(err)
	}
	run(r)
	// Output: from 127.0.0.1
}

// A server that knows how long its questions are has no room for longer ones.
func ExampleDatagramOptions() {
	r := newReactor()
	defer r.Close()
	d, err := r.OpenDatagram("udp4", "127.0.0.1:0", reactor.DatagramOptions{MaxSize: 4})
	if err != nil {
		log.Fatal(err)
	}
	d.ReceiveStart(reactor.DatagramFunc(func(p []byte, _ netip.AddrPort, err error) {
		fmt.Printf("%s %t\n", p, errors.Is(err, reactor.ErrTruncated))
		d.Close(nil)
	}))
	d.Send([][]byte{[]byte("too long")}, d.LocalAddr(), nil) // to itself
	run(r)
	// Output: too  true
}

// counter is told of datagrams, and keeps what belongs to them.
type counter struct {
	socket *reactor.Datagram
	bytes  int
}

// OnDatagram is told by the reactor. An empty datagram is one too: here, the last.
func (c *counter) OnDatagram(p []byte, _ netip.AddrPort, err error) {
	if err != nil {
		log.Fatal(err)
	}
	if c.bytes += len(p); len(p) == 0 {
		fmt.Println(c.bytes, "bytes")
		c.socket.Close(nil)
	}
}

// A handler with a state of its own needs no closure.
func ExampleDatagramHandler() {
	r := newReactor()
	defer r.Close()
	d, err := r.OpenDatagram("udp4", "127.0.0.1:0", reactor.DatagramOptions{})
	if err != nil {
		log.Fatal(err)
	}
	d.ReceiveStart(&counter{socket: d})
	for _, s := range []string{"hello", "world", ""} {
		d.Send([][]byte{[]byte(s)}, d.LocalAddr(), nil)
	}
	run(r)
	// Output: 10 bytes
}

// A function is a handler as well.
func ExampleDatagramFunc() {
	r := newReactor()
	defer r.Close()
	d, err := r.OpenDatagram("udp4", "127.0.0.1:0", reactor.DatagramOptions{})
	if err != nil {
		log.Fatal(err)
	}
	d.ReceiveStart(reactor.DatagramFunc(func(p []byte, from netip.AddrPort, err error) {
		fmt.Printf("%s %t %v\n", p, from == d.LocalAddr(), err)
		d.Close(nil)
	}))
	d.Send([][]byte{[]byte("hello, "), []byte("me")}, d.LocalAddr(), nil) // one datagram of two pieces
	run(r)
	// Output: hello, me true <nil>
}

// tally is what a server keeps of each connection, and what reads it.
type tally struct {
	conn  *reactor.Conn
	bytes int
}

// OnRead is told by the reactor: bytes, or alone the reason why there are no more.
func (t *tally) OnRead(p []byte, err error) {
	t.bytes += len(p)
	if err != nil {
		fmt.Println(t.bytes, "bytes, then", err)
		t.conn.Close(nil)
	}
}

// A handler with a state of its own needs no closure.
func ExampleReadHandler() {
	r := newReactor()
	defer r.Close()
	pair(r, func(c *reactor.Conn) { c.ReadStart(&tally{conn: c}) }, func(c *reactor.Conn) {
		c.Write([][]byte{[]byte("hello")}, nil)
		c.CloseWrite(nil)
		closeAtEnd(c)
	})
	run(r)
	// Output: 5 bytes, then EOF
}

// A function is a handler as well. Another may take its place while it reads: here, behind the first line.
func ExampleReadFunc() {
	r := newReactor()
	defer r.Close()
	pair(r, func(c *reactor.Conn) {
		body := func(_ []byte, err error) {
			fmt.Println("body:", err == io.EOF)
			c.Close(nil)
		}
		head := func(p []byte, _ error) {
			fmt.Printf("head: %s\n", p)
			c.ReadStart(reactor.ReadFunc(body))
		}
		c.ReadStart(reactor.ReadFunc(head))
	}, func(c *reactor.Conn) {
		c.Write([][]byte{[]byte("hello")}, nil)
		c.CloseWrite(nil)
		closeAtEnd(c)
	})
	run(r)
	// Output:
	// head: hello
	// body: true
}

// busy does not read while it works.
type busy struct{ conn *reactor.Conn }

func (b busy) OnRead([]byte, error) {
	fmt.Println("working")
	b.conn.ReadStop()
	b.conn.Write([][]byte{[]byte("wait")}, nil)
}

// OnHangUp is told by the reactor though nothing is read: nobody waits for the answer any more.
func (b busy) OnHangUp() {
	fmt.Println("gone")
	b.conn.Close(nil)
}

// A client that is lost while its request is worked on, and nothing is read.
func ExampleHangUpHandler() {
	r := newReactor()
	defer r.Close()
	pair(r, func(c *reactor.Conn) { c.ReadStart(busy{c}) }, func(c *reactor.Conn) {
		c.Write([][]byte{[]byte("request")}, nil)
		c.ReadStart(reactor.ReadFunc(func([]byte, error) { c.CloseReset(nil) }))
	})
	for d := (reactortest.Driver{R: r}); r.Live() > 0; { // who doesn't read is no reason to go on: see Refs
		d.Iterate(time.Second)
	}
	// Output:
	// working
	// gone
}

// What a Reactor has done, as plain numbers of its goroutine.
func ExampleMetrics() {
	r := newReactor()
	defer r.Close()
	pair(r, func(c *reactor.Conn) {
		c.Write([][]byte{[]byte("hello, "), []byte("world")}, func(error) { c.Close(nil) })
	}, closeAtEnd)
	run(r)
	m := r.Metrics()
	fmt.Println("accepted:", m.Accepted)
	fmt.Println("written:", m.BytesWritten, "bytes in", m.Writes, "call")
	fmt.Println("open:", m.Connections)
	// Output:
	// accepted: 1
	// written: 12 bytes in 1 call
	// open: 0
}

// What the kernel says has a number, which errors.Is finds in any error of this package.
func ExampleErrno() {
	r := newReactor()
	defer r.Close()
	_, err := r.OpenDatagram("udp4", "192.0.2.1:0", reactor.DatagramOptions{}) // none of our addresses
	var code reactor.Errno
	fmt.Println(errors.As(err, &code), code == reactor.EADDRNOTAVAIL)
	fmt.Println(errors.Is(err, reactor.EADDRINUSE))
	// Output:
	// true true
	// false
}

// lossy is a kernel that drops every second datagram: tests of a protocol run on it.
type lossy struct {
	reactor.Kernel
	sent int
}

func (k *lossy) Send(fd int, out []reactor.Outgoing) (int, reactor.Errno) {
	for i := range out {
		if k.sent++; k.sent%2 == 0 {
			continue
		}
		if n, errno := k.Kernel.Send(fd, out[i:i+1]); n == 0 {
			k.sent--
			return i, errno
		}
	}
	return len(out), 0
}

// A Kernel of one's own sees each datagram that is sent.
func ExampleOutgoing() {
	k, err := reactor.System(reactor.SystemOptions{})
	if err != nil {
		log.Fatal(err)
	}
	r := reactor.New(&lossy{Kernel: k}, reactor.Options{})
	defer r.Close()
	d, err := r.OpenDatagram("udp4", "127.0.0.1:0", reactor.DatagramOptions{})
	if err != nil {
		log.Fatal(err)
	}
	d.ReceiveStart(reactor.DatagramFunc(func(p []byte, _ netip.AddrPort, _ error) {
		if fmt.Printf("%s\n", p); string(p) == "3" {
			d.Close(nil)
		}
	}))
	for _, s := range []string{"1", "2", "3", "4"} {
		d.Send([][]byte{[]byte(s)}, d.LocalAddr(), nil)
	}
	run(r)
	// Output:
	// 1
	// 3
}

// garbling is a kernel that changes what has arrived.
type garbling struct{ reactor.Kernel }

func (k garbling) Receive(fd int, into []reactor.Incoming) (int, reactor.Errno) {
	n, errno := k.Kernel.Receive(fd, into)
	for _, in := range into[:n] {
		for i := range in.Buf[:in.N] {
			in.Buf[i] ^= ' '
		}
	}
	return n, errno
}

// A Kernel of one's own sees each datagram that has come.
func ExampleIncoming() {
	k, err := reactor.System(reactor.SystemOptions{})
	if err != nil {
		log.Fatal(err)
	}
	r := reactor.New(garbling{k}, reactor.Options{})
	defer r.Close()
	d, err := r.OpenDatagram("udp4", "127.0.0.1:0", reactor.DatagramOptions{})
	if err != nil {
		log.Fatal(err)
	}
	d.ReceiveStart(reactor.DatagramFunc(func(p []byte, _ netip.AddrPort, _ error) {
		fmt.Printf("%s\n", p)
		d.Close(nil)
	}))
	d.Send([][]byte{[]byte("hello")}, d.LocalAddr(), nil)
	run(r)
	// Output: HELLO
}

// groups is a kernel that only says what it is asked about multicast.
type groups struct{ reactor.Kernel }

func (groups) Membership(_ int, m reactor.Membership) reactor.Errno {
	fmt.Println(m.Group, "leave:", m.Leave)
	return 0
}

// What JoinGroup and LeaveGroup ask of a Kernel.
func ExampleMembership() {
	k, err := reactor.System(reactor.SystemOptions{})
	if err != nil {
		log.Fatal(err)
	}
	r := reactor.New(groups{k}, reactor.Options{})
	defer r.Close()
	d, err := r.OpenDatagram("udp4", "127.0.0.1:0", reactor.DatagramOptions{})
	if err != nil {
		log.Fatal(err)
	}
	group, anywhere := netip.MustParseAddr("239.1.2.3"), netip.Addr{}
	d.JoinGroup(group, anywhere)
	d.LeaveGroup(group, anywhere)
	d.Close(nil)
	run(r)
	// Output:
	// 239.1.2.3 leave: false
	// 239.1.2.3 leave: true
}

// What is wanted of a descriptor may change at any time: here, first that it can be written.
func ExampleInterest() {
	r := newReactor()
	defer r.Close()
	in, out, err := os.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	defer in.Close()
	defer out.Close()
	raw, err := out.SyscallConn()
	if err != nil {
		log.Fatal(err)
	}
	var poll *reactor.Poll
	raw.Control(func(fd uintptr) { poll, err = r.NewPoll(int(fd)) })
	if err != nil {
		log.Fatal(err)
	}
	want := reactor.WantRead | reactor.WantWrite
	fmt.Println(want)
	want &^= reactor.WantRead
	poll.Start(want, func(ready reactor.Readiness, _ error) {
		fmt.Println(want, ready&reactor.CanWrite != 0)
		poll.Close(nil)
	})
	run(r)
	// Output:
	// WantRead|WantWrite
	// WantWrite true
}
