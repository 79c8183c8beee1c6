// Sse sends what is posted to all who listen, as server-sent events. Who reads too slowly is dealt with as it has asked for: it
// loses the oldest events, all but the latest, or the connection. Whatever a listener does, it holds a bounded number of events, and
// nobody waits for it.
//
//	go run ./examples/sse -addr 127.0.0.1:8084
//	curl -N 'http://127.0.0.1:8084/events?slow=latest'
//	curl -d 'the river rises' http://127.0.0.1:8084/publish
//
// Try to break it: a listener that reads nothing, and a megabyte of events a second.
//
//	curl -sN --limit-rate 1 http://127.0.0.1:8084/events >/dev/null &
//	head -c 60000 /dev/zero | tr '\0' x >big; while curl -s --data-binary @big http://127.0.0.1:8084/publish; do :; done
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8084", "`address` to listen on")
	flag.Parse()
	log.SetFlags(0)
	// The listeners are one loop's, so nobody needs a lock. With several loops, each has a hub and events are posted to all.
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 1})
	if err != nil {
		log.Fatal(err)
	}
	at, err := newHub().serve(g, *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s/events\n", at)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() {
		patience, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		g.Shutdown(patience)
	})
	if err := g.Run(); err != nil {
		log.Fatal(err)
	}
}

// maxEvent is how long an event may be, and maxQueue how many wait for one listener besides what its response holds.
const maxEvent, maxQueue = 64 << 10, 16

var errSlow = errors.New("sse: the listener reads too slowly")

type hub struct {
	listeners map[*listener]bool
	closed    bool
}

// listener is a response that is never over, and what it is to be told yet.
type listener struct {
	res     *httpcore.ServerResponse
	slow    string
	waiting [][]byte
	lost    int
}

func newHub() *hub { return &hub{listeners: map[*listener]bool{}} }

// serve listens until the group shuts down.
func (h *hub) serve(g *loop.Group, addr string) (netip.AddrPort, error) {
	g.OnShutdown(func(*loop.Loop) { h.close() })
	return h.server().Listen(g, "tcp", addr)
}

func (h *hub) server() *httpcore.Server {
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		switch req.Method() + req.Path() {
		case "GET/events":
			h.listen(req, res)
		case "POST/publish":
			h.publish(req, res)
		default:
			res.StatusCode = 404
			res.End()
		}
	})
	return srv
}

// close ends what would never end by itself, and would be waited for. Those who listen come back when there is a server again.
func (h *hub) close() {
	h.closed = true
	for x := range h.listeners {
		x.res.End()
	}
}

func (h *hub) listen(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	if h.closed {
		res.StatusCode = 503
		res.End()
		return
	}
	query, _ := url.ParseQuery(req.RawQuery())
	x := &listener{res: res, slow: query.Get("slow")}
	h.listeners[x] = true
	res.OnClose(func() { delete(h.listeners, x) })
	res.OnDrain(x.next)
	res.OnError(func(error) {}) // it has gone, or was sent away
	res.SetHeader("Content-Type", "text/event-stream")
	res.SetHeader("Cache-Control", "no-store")
	res.FlushHeaders()
}

func (h *hub) publish(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	req.Collect(maxEvent, func(body []byte, err error) {
		if err != nil {
			res.StatusCode = 413
			res.End()
			return
		}
		var event []byte
		for line := range bytes.Lines(body) {
			event = fmt.Appendf(event, "data: %s\n", bytes.TrimRight(line, "\r\n"))
		}
		event = append(event, '\n')
		for x := range h.listeners {
			x.tell(event)
		}
		fmt.Fprintf(res, "%d listen\n", len(h.listeners))
		res.End()
	})
}

// tell sends an event, if the last one was taken; else it waits, as long as the listener's own rule lets it.
func (x *listener) tell(event []byte) {
	x.waiting = append(x.waiting, event)
	if !x.res.WritableNeedDrain() {
		x.next()
		return
	}
	most := maxQueue
	switch x.slow {
	case "disconnect":
		if len(x.waiting) > most {
			x.res.Destroy(errSlow)
		}
		return
	case "latest":
		most = 1
	}
	if over := len(x.waiting) - most; over > 0 {
		x.lost += over
		x.waiting = append(x.waiting[:0], x.waiting[over:]...)
	}
}

// next sends what waits. WriteOwned needs no copy: nobody changes an event any more.
func (x *listener) next() {
	if x.lost > 0 {
		fmt.Fprintf(x.res, ": %d events were lost\n\n", x.lost)
		x.lost = 0
	}
	for len(x.waiting) > 0 && !x.res.WritableNeedDrain() {
		event := x.waiting[0]
		x.waiting = x.waiting[1:]
		x.res.WriteOwned(event, nil)
	}
}
