package httpcore

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
)

func TestARequestThatIsMadeOnceMoreKeepsItsPlace(t *testing.T) {
	y := newYard(t, AgentOptions{MaxSockets: 1})
	var asked []string
	y.server(oneServer, func(p *simkernel.Peer) {
		first := len(asked) == 0
		p.Notify(func(p *simkernel.Peer) {
			b, err := p.Recv(readMost)
			if target := strings.Fields(string(b)); len(target) > 1 {
				asked = append(asked, target[1])
			}
			switch {
			case err != nil, first && len(asked) == 2: // it does not keep the connection, and has not said so
				p.Close()
			case len(b) > 0:
				p.Send([]byte("HTTP/1.1 204 No Content\r\n\r\n"))
			}
		})
	})
	left := 4
	for i := range left {
		r := y.request("GET", fmt.Sprintf("http://%s/%d", oneServer, i), RequestOptions{})
		r.OnError(func(err error) { t.Errorf("request %d: %v", i, err) })
		r.OnClose(func() {
			if left--; left == 0 {
				y.a.CloseIdleConnections()
			}
		})
	}
	y.run()
	if got := strings.Join(asked, " "); got != "/0 /1 /1 /2 /3" {
		t.Errorf("the server was asked for %s, want each in its turn", got)
	}
}

// Only a body that was given to End, whole, is kept for a second try.
func TestARequestWhoseBodyWasWrittenInPiecesIsNotMadeOnceMore(t *testing.T) {
	y := newYard(t, AgentOptions{MaxSockets: 1})
	asked := 0
	y.server(oneServer, func(p *simkernel.Peer) {
		p.Notify(func(p *simkernel.Peer) {
			b, err := p.Recv(readMost)
			asked += strings.Count(string(b), " HTTP/1.1\r\n")
			switch {
			case err != nil, len(b) > 0 && asked == 2:
				p.Close()
			case len(b) > 0:
				p.Send([]byte("HTTP/1.1 204 No Content\r\n\r\n"))
			}
		})
	})
	var got error
	y.request("GET", "http://"+oneServer, RequestOptions{}).OnClose(func() {
		r, err := NewRequest(y.l, "PUT", "http://"+oneServer, RequestOptions{Agent: y.a})
		if err != nil {
			t.Fatal(err)
		}
		r.OnError(func(err error) { got = err })
		r.OnClose(y.a.CloseIdleConnections)
		r.WriteString("some of it, ")
		r.EndString("and more")
		if !r.ReusedSocket() {
			t.Error("it has a connection of its own")
		}
	})
	y.run()
	if !errors.Is(got, ErrHangUp) || asked != 2 {
		t.Errorf("got %v, and the server was asked %d times; want an error, and twice", got, asked)
	}
}
