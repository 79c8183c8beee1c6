package httpcore

import (
	"bytes"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
)

// A server answers before it has read the request, which is ended when there is room again: End has nothing more to send, and
// the last write is being told. Then the request is over once. It was twice, and the second time it took the next request's
// connection, which was closed without a word.
func TestARequestThatEndsInItsLastDrainIsOverOnce(t *testing.T) {
	y := newYard(t, AgentOptions{MaxSockets: 1})
	const answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	y.server(oneServer, func(p *simkernel.Peer) {
		p.Send([]byte(answer)) // before the request has come: so it is read behind the first write
		var got []byte
		read := func(p *simkernel.Peer) {
			for {
				b, err := p.Recv(readMost)
				if err != nil {
					p.Close()
					return
				}
				if len(b) == 0 {
					return
				}
				if got = append(got, b...); bytes.HasSuffix(got, []byte("\r\n\r\n")) && bytes.Contains(got, []byte("GET ")) {
					p.Send([]byte(answer))
				}
			}
		}
		y.w.After(50*time.Millisecond, func() { p.Notify(read) })
	})
	body := make([]byte, 300<<10)
	first, err := NewRequest(y.l, "PUT", "http://"+oneServer, RequestOptions{Agent: y.a, Header: []string{"Content-Length", "307200"}})
	if err != nil {
		t.Fatal(err)
	}
	finishes, closes, status := 0, 0, 0
	first.OnError(func(err error) { t.Errorf("the first one: %v", err) })
	first.OnFinish(func() { finishes++ })
	first.OnDrain(first.End)
	first.OnSocket(func() { y.after(0, func() { first.WriteChunk(body, nil) }) })
	first.OnResponse(func(res *IncomingMessage) { res.Resume() })
	first.OnClose(func() {
		closes++
		next := y.request("GET", "http://"+oneServer, RequestOptions{})
		next.OnResponse(func(res *IncomingMessage) { status = res.StatusCode(); res.Resume() })
		next.OnClose(y.a.CloseIdleConnections)
	})
	y.run()
	if finishes != 1 || closes != 1 || status != 200 {
		t.Errorf("the first has %d finishes and %d closes, the next one got %d", finishes, closes, status)
	}
}
