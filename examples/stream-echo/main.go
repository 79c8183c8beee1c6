// Stream-echo is a TCP echo made of one line: every connection, as a stream, is piped to itself. Whoever does not read
// what comes back is not read from any more, and when a peer ends, so do we, once everything is sent.
//
//	go run ./examples/stream-echo -addr 127.0.0.1:7003
//	nc 127.0.0.1 7003
//
// Try to break it: who sends for ever and does not read stops after what the sockets hold.
//
//	yes | nc 127.0.0.1 7003 | sleep 60
package main

import (
	"flag"
	"fmt"
	"log"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:7003", "`address` to listen on")
	flag.Parse()
	log.SetFlags(0)
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ln, err := l.Listen("tcp", *addr, func(c *reactor.Conn) { echo(l, c) })
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", ln.Addr())
	log.Fatal(l.Run())
}

func echo(l *loop.Loop, c *reactor.Conn) {
	s := stream.NewSocket(l, c, stream.SocketOptions{})
	s.OnError(func(err error) { log.Print(err) }) // the peer was lost
	s.Pipe(s)
}
