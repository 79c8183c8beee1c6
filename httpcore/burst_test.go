package httpcore

import (
	"strings"
	"testing"
)

// One read brings more than a thousand requests that are answered at once. Others have their turn behind some of them.
func TestAClientThatSendsAThousandRequestsAtOnceDoesNotKeepTheLoop(t *testing.T) {
	const many = 1200
	served := 0
	k := newRig(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) {
		served++
		res.EndString("x")
	})
	p := k.dial()
	if n := p.Send([]byte(strings.Repeat(get("/"), many))); n < many*20 {
		t.Fatalf("sent %d bytes", n)
	}
	for before := -1; served > before; {
		before = served
		k.turns(1)
		if n := served - before; n > 2*maxBurst {
			t.Fatalf("%d requests were served in one iteration", n)
		}
	}
	k.read(p)
	if n := strings.Count(string(k.got), "HTTP/1.1 200 OK"); n != many {
		t.Errorf("the client got %d answers of %d", n, many)
	}
	p.Close()
	k.run()
}
