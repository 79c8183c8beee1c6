package httpcore

import (
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
)

// forwarder is what a proxy does for each request: examples/proxy without upgrades and expectations.
func forwarder(a *Agent, url string) func(*IncomingMessage, *ServerResponse) {
	return func(req *IncomingMessage, res *ServerResponse) {
		up, err := NewRequest(req.Loop(), req.Method(), url, RequestOptions{Agent: a, Target: req.PathAndQuery()})
		if err != nil {
			res.Destroy(err)
			return
		}
		var room [32]string
		list := room[:0]
		for name, value := range req.EachEndToEndHeader {
			list = append(list, name, value)
		}
		up.AppendHeaders(append(list, "Via", "1.1 proxy")...)
		up.OnError(func(err error) { res.Destroy(err) })
		up.OnResponse(func(answer *IncomingMessage) {
			list := room[:0]
			for name, value := range answer.EachEndToEndHeader {
				list = append(list, name, value)
			}
			res.WriteHead(answer.StatusCode(), list...)
			answer.Pipe(res)
		})
		res.OnClose(func() {
			if !res.WritableFinished() {
				up.Destroy(nil)
			}
		})
		if req.ContentLength() == 0 {
			up.End()
			return
		}
		req.Pipe(up)
	}
}

func TestAForwardedRequestCostsOneReadAndOneWriteOnEachSide(t *testing.T) {
	a := NewAgent(AgentOptions{})
	k := newRig(t, ServerOptions{}, forwarder(a, simURL))
	got := ""
	var server *simkernel.Peer
	k.w.ListenPeer(simOrigin, func(p *simkernel.Peer) {
		server = p
		p.Notify(func(p *simkernel.Peer) {
			for {
				b, err := p.Recv(64 << 10)
				if got += string(b); err != nil || len(b) == 0 {
					break
				}
			}
			for head := ""; strings.Contains(got, simHeadEnd); {
				head, got, _ = strings.Cut(got, simHeadEnd)
				if !strings.HasPrefix(head, "GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 proxy\r\n") {
					t.Errorf("the server gets %q", head)
				}
				p.Send([]byte(simPlain))
			}
		})
	})
	p := k.dial()
	k.send(p, get("/"))
	k.open(p, "first", "HTTP/1.1 200 OK\r\n")
	const rounds = 10
	before := k.w.Calls()
	for range rounds {
		k.send(p, get("/"))
		k.open(p, "then", "HTTP/1.1 200 OK\r\n")
	}
	after := k.w.Calls()
	reads, writes := after.Read-before.Read, after.Write+after.Writev-before.Write-before.Writev
	if reads != 2*rounds || writes != 2*rounds || after.Interest() != before.Interest() || after.Addr != before.Addr {
		t.Errorf("%d requests: %d reads, %d writes, %d changes of interest, %d questions for addresses", rounds, reads, writes,
			after.Interest()-before.Interest(), after.Addr-before.Addr)
	}
	a.Destroy()
	p.Close()
	k.run()
	server.Close()
	k.run()
}
