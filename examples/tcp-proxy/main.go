// Tcp-proxy forwards every connection to another server, with backpressure both ways: whoever reads slowly is not
// written ahead of, because the other side is not read from. Each direction ends by itself, so a client that has said all
// it has to say still gets the whole answer. What comes in bulk the kernel moves by itself, where it can: it never enters
// the process.
//
//	go run ./cmd/echo -tcp 127.0.0.1:7000 -http '' &
//	go run ./examples/tcp-proxy -addr 127.0.0.1:7001 -upstream 127.0.0.1:7000
//	nc 127.0.0.1 7001
//
// Try to break it: who sends for ever and does not read is stopped by the server behind, through the proxy.
//
//	yes | nc 127.0.0.1 7001 | sleep 60
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"math"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:7001", "`address` to listen on")
	upstream := flag.String("upstream", "127.0.0.1:7000", "`address` to forward to")
	flag.Parse()
	log.SetFlags(0)
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ln, err := l.Listen("tcp", *addr, func(client *reactor.Conn) { forward(l, client, *upstream) })
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s forwards to %s\n", ln.Addr(), *upstream)
	log.Fatal(l.Run())
}

// forward connects client to upstream. The client is not read from before there is somewhere to put it.
func forward(l *loop.Loop, client *reactor.Conn, upstream string) {
	_, err := l.Dial("tcp", upstream, loop.DialOptions{}, func(server *reactor.Conn, err error) {
		if err != nil {
			log.Print(err)
			client.CloseReset(nil)
			return
		}
		up, down := &half{from: client, to: server}, &half{from: server, to: client}
		up.other, down.other = down, up
		client.ReadStart(up)
		server.ReadStart(down)
	})
	if err != nil {
		log.Fatal(err) // the address of the flag is none
	}
}

// half is one direction.
type half struct {
	from, to *reactor.Conn
	other    *half
	ended    bool // all that from said has been sent to to
}

// OnRead passes on what was read, and reads no more while there are bytes that to has not taken.
func (h *half) OnRead(p []byte, err error) {
	switch {
	case err == io.EOF:
		h.to.CloseWrite(h.end)
	case err != nil:
		h.abort()
	case h.to.WriteQueueSize() == 0:
		h.to.WriteBorrowed(p, h.sent)
	default:
		h.from.ReadStop()
		h.to.WriteBorrowed(p, h.resume)
	}
}

// SpliceTo is asked before a read that may be one of many bytes: they go to to, as they are.
func (h *half) SpliceTo() (to any, most int, done func(error)) { return h.to, math.MaxInt, h.resume }

// OnSplice is OnRead of bytes that are queued at to already. They are enough for once.
func (h *half) OnSplice(int) { h.from.ReadStop() }

// sent ends both if to takes nothing any more, which reading from it need not tell.
func (h *half) sent(err error) {
	if err != nil {
		h.abort()
	}
}

func (h *half) resume(err error) {
	h.sent(err)
	h.from.ReadStart(h) // nothing happens if it is closed
}

// end closes both when both directions have ended.
func (h *half) end(err error) {
	h.ended = true
	if err != nil {
		h.abort()
	} else if h.other.ended {
		h.from.Close(nil)
		h.to.Close(nil)
	}
}

// abort passes on that one of the two was lost: by a reset, or what has come so far would look like all there is.
func (h *half) abort() {
	h.from.Close(nil)
	if h.to.CloseReset(nil) != nil {
		h.to.Close(nil) // its end was sent already
	}
}
