// Chat passes each line that somebody writes to everybody else. Who does not read is put out when a mark's worth of lines waits for
// it, so that one stalled terminal neither stops the others nor fills the memory.
//
//	go run ./examples/chat -addr 127.0.0.1:7002
//	nc 127.0.0.1 7002
//
// Try to break it: somebody who listens to nothing, beside somebody who never stops.
//
//	sleep 60 | nc 127.0.0.1 7002 | sleep 60 & yes | nc 127.0.0.1 7002
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"log"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:7002", "`address` to listen on")
	flag.Parse()
	log.SetFlags(0)
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	r := &room{guests: map[*stream.Socket]string{}}
	ln, err := l.Listen("tcp", *addr, func(c *reactor.Conn) { r.enter(l, c) })
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("a room at %s\n", ln.Addr())
	log.Fatal(l.Run())
}

// maxLine is how long a line may be, and maxWaiting how many bytes may wait for a guest.
const maxLine, maxWaiting = 1 << 10, 256 << 10

var (
	errLong = errors.New("chat: the line is too long")
	errSlow = errors.New("chat: the guest does not read")
)

type room struct {
	guests map[*stream.Socket]string
	count  int
}

func (r *room) enter(l *loop.Loop, c *reactor.Conn) {
	s := stream.NewSocket(l, c, stream.SocketOptions{})
	r.count++
	name := fmt.Sprint("guest ", r.count)
	r.guests[s] = name
	r.say(s, name+" enters")
	var line []byte // what has come of the line that is not over
	s.OnData(func(p []byte) {
		for {
			head, rest, whole := bytes.Cut(p, []byte("\n"))
			if line = append(line, head...); len(line) > maxLine {
				s.Destroy(errLong)
				return
			}
			if !whole {
				return
			}
			r.say(s, name+": "+string(bytes.TrimRight(line, "\r")))
			line, p = line[:0], rest
		}
	})
	s.OnError(func(err error) { log.Printf("%s: %v", name, err) })
	s.OnClose(func() {
		delete(r.guests, s)
		r.say(nil, name+" leaves")
	})
}

// say tells everybody but from.
func (r *room) say(from *stream.Socket, what string) {
	line := []byte(what + "\n")
	for s := range r.guests {
		switch {
		case s == from, s.Destroyed():
		case s.WritableLength() > maxWaiting:
			s.Destroy(errSlow)
		default:
			s.WriteOwned(line, nil) // one slice for all: nobody changes it
		}
	}
}
