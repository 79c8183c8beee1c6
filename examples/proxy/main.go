// Proxy is a reverse proxy for HTTP/1.1: the request is piped up as it comes, the answer down, and who is slow slows the other.
// What it holds of an exchange is the marks of its streams, whatever goes through.
//
//	go run ./cmd/echo -tcp '' -http 127.0.0.1:8080 &
//	go run ./examples/proxy -addr 127.0.0.1:8081 -upstream 127.0.0.1:8080
//	curl -T large.file -X POST http://127.0.0.1:8081/echo | cmp - large.file
//
// Try to break it: a client that sends for ever and does not read is stopped, and so is the server behind.
//
//	(printf 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n'; cat /dev/urandom) | nc 127.0.0.1 8081 | sleep 60
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8081", "`address` to listen on")
	upstream := flag.String("upstream", "127.0.0.1:8080", "`address` to forward to")
	loops := flag.Int("loops", 1, "how many loops share the work")
	patience := flag.Duration("timeout", time.Minute, "how long the upstream server may be silent")
	flag.Parse()
	log.SetFlags(0)
	runtime.GOMAXPROCS(*loops) // as cmd/echo: who only runs loops needs no more
	g, err := loop.NewGroup(loop.GroupOptions{Loops: *loops})
	if err != nil {
		log.Fatal(err)
	}
	p := &proxy{upstream: *upstream, patience: *patience, agent: httpcore.NewAgent(httpcore.AgentOptions{})}
	at, err := p.server().Listen(g, "tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s forwards to http://%s\n", at, *upstream)
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

type proxy struct {
	upstream string
	url      string // of the upstream server
	agent    *httpcore.Agent
	patience time.Duration // with the upstream server
}

func (p *proxy) server() *httpcore.Server {
	p.url = "http://" + p.upstream
	srv := httpcore.NewServer(httpcore.ServerOptions{RequestTimeout: -1}) // a large upload may take its time: BodyTimeout ends one that stalls
	srv.OnRequest(p.forward)
	srv.OnCheckContinue(p.forward)
	return srv
}

// forward answers a request with what the upstream server answers.
func (p *proxy) forward(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	up, err := httpcore.NewRequest(req.Loop(), req.Method(), p.url, httpcore.RequestOptions{
		Agent: p.agent, Target: req.PathAndQuery(), HeaderTimeout: p.patience, BodyTimeout: p.patience,
	})
	if err != nil {
		fail(res, err)
		return
	}
	res.OnError(func(error) {}) // what fail cuts it off with: the place for a log
	broken := func(err error) {
		fail(res, err)
		up.Destroy(nil)
	}
	up.OnError(broken)
	var room [fields]string
	if err := up.AppendHeaders(headers(room[:0], req)...); err != nil {
		up.Destroy(err)
		return
	}
	if up.HasHeader("Expect") {
		up.FlushHeaders() // the client waits for what the server says to that
	}
	up.OnInformation(func(i *httpcore.Information) { res.WriteInformation(i.StatusCode, i.EndToEndHeaders()...) })
	up.OnResponse(func(answer *httpcore.IncomingMessage) {
		answer.OnError(broken)
		res.StatusMessage = answer.StatusMessage()
		if !req.Complete() && strings.EqualFold(answer.Header("Connection"), "close") {
			res.SetHeader("Connection", "close") // nobody wants the rest of the request
		}
		var room [fields]string
		list := room[:0]
		for name, value := range answer.EachEndToEndHeader {
			list = append(list, name, value)
		}
		if err := res.WriteHead(answer.StatusCode(), list...); err != nil {
			answer.Destroy(err)
			return
		}
		if answer.ContentLength() < 0 {
			answer.OnEnd(func() { copyTrailers(answer, res) })
		}
		answer.Pipe(res)
	})
	if req.Upgrade() {
		up.OnUpgrade(func(answer *httpcore.IncomingMessage, server *stream.Socket, first []byte) {
			switchOver(res, answer, server, first)
		})
	}
	res.OnClose(func() {
		if !res.WritableFinished() {
			up.Destroy(nil) // the client has gone: nobody waits for the answer
		}
	})
	if req.ContentLength() == 0 {
		up.End()
		return
	}
	if req.ContentLength() < 0 {
		req.OnEnd(func() { copyTrailers(req, up) })
	}
	req.Pipe(up)
	up.OnClose(func() { req.Resume() })       // what the server did not want is thrown away
	req.OnAborted(func() { up.Destroy(nil) }) // and what it still waits for does not come
}

// switchOver has the client and the server speak the protocol that the server agrees to.
func switchOver(res *httpcore.ServerResponse, answer *httpcore.IncomingMessage, server *stream.Socket, first []byte) {
	taken := false
	take := func(client *stream.Socket, head []byte) {
		taken = true
		tunnel(client, head, server, first)
	}
	res.OnClose(func() {
		if !taken {
			server.Destroy(nil)
		}
	})
	if err := res.SwitchProtocols(take, append(answer.EndToEndHeaders(), "Upgrade", answer.Header("Upgrade"))...); err != nil {
		server.Destroy(nil)
		fail(res, err)
	}
}

// fields is how many names and values a list of fields has room for before it needs memory of its own.
const fields = 48

// headers appends the fields of the request that goes up to list.
func headers(list []string, req *httpcore.IncomingMessage) []string {
	host := req.Host()
	_, minor := req.HTTPVersion()
	list = append(list, "Host", host)
	for name, value := range req.EachEndToEndHeader {
		switch {
		case strings.EqualFold(name, "Host"), isForwarded(name):
		case minor == 0 && strings.EqualFold(name, "Expect"): // it means nothing in HTTP/1.0
		default:
			list = append(list, name, value)
		}
	}
	client := req.RemoteAddr().Addr().String()
	if before := req.Header("X-Forwarded-For"); before != "" {
		client = before + ", " + client
	}
	via := "1.1 weir"
	if minor == 0 {
		via = "1.0 weir"
	}
	list = append(list, "X-Forwarded-For", client, "X-Forwarded-Host", host, "X-Forwarded-Proto", "http", "Via", via)
	if req.Upgrade() {
		list = append(list, "Connection", "Upgrade", "Upgrade", req.Header("Upgrade"))
	}
	return list
}

// isForwarded reports whether a field is one of those that the proxy sets itself.
func isForwarded(name string) bool {
	const prefix = "X-Forwarded-"
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

// copyTrailers hands on what came behind a body. A message that is not chunked has no place for it.
func copyTrailers(from *httpcore.IncomingMessage, to interface {
	AddTrailer(name, value string) error
},
) {
	all := from.RawTrailers()
	for i := 0; i < len(all); i += 2 {
		to.AddTrailer(all[i], all[i+1])
	}
}

// tunnel joins two sockets that do not speak HTTP any more, behind what each has sent already. Each direction ends by itself;
// if one side is cut off, so is the other.
func tunnel(client *stream.Socket, fromClient []byte, server *stream.Socket, fromServer []byte) {
	server.Write(fromClient)
	client.Write(fromServer)
	cut := func(error) {
		client.ResetAndDestroy(nil)
		server.ResetAndDestroy(nil)
	}
	client.OnError(cut)
	server.OnError(cut)
	stream.Pipeline(func(error) {}, client, server, client)
}

// fail tells the client that there is no answer, or cuts off the one that has begun.
func fail(res *httpcore.ServerResponse, err error) {
	switch {
	case res.HeadersSent():
		res.Destroy(err)
		return
	case errors.Is(err, httpcore.ErrResponseTimeout), errors.Is(err, syscall.ETIMEDOUT):
		res.StatusCode = 504
	default:
		res.StatusCode = 502
	}
	res.EndString(err.Error() + "\n")
}
