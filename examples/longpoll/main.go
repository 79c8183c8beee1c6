// Longpoll parks requests until there is news: a GET waits until somebody posts, or until its time is over. A parked request is a
// few hundred bytes: no goroutine, no buffer, one timer. Who goes away is forgotten at once.
//
//	go run ./examples/longpoll -addr 127.0.0.1:8085
//	curl http://127.0.0.1:8085/news &
//	curl -d 'it rains' http://127.0.0.1:8085/news
//
// Try to break it: thousands who wait, and are killed.
//
//	ulimit -n 6000; ab -q -c 5000 -n 5000 -s 3 http://127.0.0.1:8085/news
package main

import (
	"flag"
	"fmt"
	"log"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8085", "`address` to listen on")
	patience := flag.Duration("patience", 30*time.Second, "how long a request may wait")
	flag.Parse()
	log.SetFlags(0)
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 1}) // who waits is one loop's; with several, post the news to each
	if err != nil {
		log.Fatal(err)
	}
	at, err := server(*patience).Listen(g, "tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s/news\n", at)
	log.Fatal(g.Run())
}

type board struct {
	patience time.Duration
	parked   map[*httpcore.ServerResponse]bool
}

func server(patience time.Duration) *httpcore.Server {
	b := &board{patience: patience, parked: map[*httpcore.ServerResponse]bool{}}
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		switch req.Method() {
		case "GET":
			b.park(res)
		case "POST":
			req.Collect(64<<10, func(news []byte, err error) { b.tell(res, news, err) })
		default:
			res.StatusCode = 405
			res.End()
		}
	})
	return srv
}

// park keeps res until there is news.
func (b *board) park(res *httpcore.ServerResponse) {
	b.parked[res] = true
	res.OnClose(func() { delete(b.parked, res) }) // answered, or gone
	res.SetTimeout(b.patience, func() {
		res.StatusCode = 204 // nothing has happened: ask again
		res.End()
	})
}

// tell answers everybody who waits, and the one who told.
func (b *board) tell(res *httpcore.ServerResponse, news []byte, err error) {
	if err != nil {
		res.StatusCode = 413
		res.End()
		return
	}
	n := len(b.parked)
	for waiting := range b.parked {
		delete(b.parked, waiting)
		waiting.SetHeader("Content-Type", "text/plain; charset=utf-8")
		waiting.EndWith(news, nil)
	}
	fmt.Fprintf(res, "%d have heard\n", n)
	res.End()
}
