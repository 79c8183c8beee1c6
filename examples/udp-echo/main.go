// Command udp-echo sends every datagram back to where it came from.
//
//	go run ./examples/udp-echo -addr 127.0.0.1:7007
//	nc -u 127.0.0.1 7007
//
// What arrives together is answered together: a burst of 32 costs one recvmmsg and one sendmmsg on Linux, although the
// handler is called for each datagram.
//
// Try to break it: send faster than it answers. The kernel drops what nobody has taken, and nobody waits.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/netip"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("udp-echo: ")
	addr := flag.String("addr", "127.0.0.1:7007", "`address` to receive on: ip:port, or :port for all addresses")
	flag.Parse()
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	d, err := serve(l, *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", d.LocalAddr())
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
}

// serve opens a socket that echoes.
func serve(l *loop.Loop, addr string) (*reactor.Datagram, error) {
	d, err := l.OpenDatagram("udp", addr, reactor.DatagramOptions{})
	if err != nil {
		return nil, err
	}
	return d, d.ReceiveStart(reactor.DatagramFunc(func(p []byte, from netip.AddrPort, err error) {
		if err == nil {
			err = d.SendBorrowed(p, from, nil)
		}
		if err != nil {
			log.Print(err) // this datagram's; the next ones come nevertheless
		}
	}))
}
