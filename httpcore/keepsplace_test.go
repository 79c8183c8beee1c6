package httpcore

import (
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
