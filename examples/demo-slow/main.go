// Demo-slow shows what backpressure is for. A fast server, two proxies that differ in one line, and in front of each some hundred
// clients that read slowly. Once a second it prints how much memory each proxy has: the one that pipes stays where it is, since who is
// not ready stops the socket that feeds it; the one that writes whatever comes grows until it is stopped.
//
//	go run ./examples/demo-slow
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
)

var (
	clients = flag.Int("clients", 300, "how many clients there are of each proxy")
	rate    = flag.Int("rate", 50_000, "how many `bytes` a second each of them reads")
	seconds = flag.Int("seconds", 15, "how long it takes")
	most    = flag.Int("most", 1024, "how many `MiB` a proxy may have before it is stopped")
	part    = flag.String("part", "", "run as a proxy to the address that follows; for the demonstration itself")
)

func main() {
	flag.Parse()
	log.SetFlags(0)
	if *part != "" {
		runProxy(*part == "piped", flag.Arg(0))
		return
	}
	origin := serve(generate)
	fmt.Printf("%d clients of each proxy read %d bytes a second of what could come at any rate\n\n", *clients, *rate)
	piped, pushed := start("piped", origin), start("pushed", origin)
	for range *clients {
		go read(piped.address)
		go read(pushed.address)
	}
	fmt.Println("second   with backpressure   without")
	for second := 1; second <= *seconds; second++ {
		time.Sleep(time.Second)
		fmt.Printf("%6d %15s %15s\n", second, piped, pushed)
	}
	piped.stop()
	pushed.stop()
	fmt.Printf("\nThe difference is one line: answer.Pipe(res), or answer.OnData(func(p []byte) { res.WriteChunk(p, nil) }).\n")
}

// serve runs a server on a loop of its own, and returns its address.
func serve(handler func(*httpcore.IncomingMessage, *httpcore.ServerResponse)) string {
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 1})
	if err != nil {
		log.Fatal(err)
	}
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(handler)
	at, err := srv.Listen(g, "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(g.Run()) }()
	return at.String()
}

// generate sends a body without end, as fast as it is taken.
func generate(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	piece := bytes.Repeat([]byte("weir "), 3<<10)
	more := func() {
		for res.WriteOwned(piece, nil) {
		}
	}
	res.OnError(func(error) {}) // a proxy was stopped
	res.OnDrain(more)
	more()
}

// runProxy is the process of a proxy: it prints its address, and how much memory it has, ten times a second.
func runProxy(pipe bool, origin string) {
	agent := httpcore.NewAgent(httpcore.AgentOptions{MaxSockets: 1 << 20, MaxTotalSockets: 1 << 20})
	fmt.Println(serve(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		up, err := httpcore.NewRequest(req.Loop(), "GET", "http://"+origin, httpcore.RequestOptions{Agent: agent})
		if err != nil {
			res.Destroy(err)
			return
		}
		up.OnResponse(func(answer *httpcore.IncomingMessage) {
			if pipe {
				answer.Pipe(res)
			} else {
				answer.OnData(func(p []byte) { res.WriteChunk(p, nil) })
			}
		})
		up.OnError(res.Destroy)
		res.OnClose(func() { up.Destroy(nil) })
		up.End()
	}))
	for range time.Tick(100 * time.Millisecond) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		mib := (m.Sys - m.HeapReleased) >> 20
		if fmt.Println(mib); mib > uint64(*most) {
			os.Exit(1)
		}
	}
}

// child is a proxy that was started.
type child struct {
	address string
	memory  atomic.Int64 // in MiB; the last that was heard of
	over    atomic.Bool
	stop    context.CancelFunc
}

func start(how, origin string) *child {
	self, err := os.Executable()
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, self, "-part", how, fmt.Sprint("-most=", *most), origin)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		log.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		log.Fatal(err)
	}
	c := &child{stop: func() { stop(); cmd.Wait() }}
	fmt.Fscan(out, &c.address)
	go func() {
		for {
			var mib int64
			if _, err := fmt.Fscan(out, &mib); err != nil {
				c.over.Store(true)
				return
			}
			c.memory.Store(mib)
		}
	}()
	return c
}

// String is how much memory it has, or had at its end.
func (c *child) String() string {
	if c.over.Load() {
		return fmt.Sprintf("%d MiB: stopped", c.memory.Load())
	}
	return fmt.Sprintf("%d MiB %s", c.memory.Load(), strings.Repeat("#", int(c.memory.Load()/64)))
}
