package reactor_test

import (
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/reactor/reactortest"
)

// TestRestsGrowToASecond needs longer than a test should take, so it takes virtual time.
func TestRestsGrowToASecond(t *testing.T) {
	h := newSimHarness(t, simkernel.Options{CallCost: -1})
	k := &reactortest.Kernel{Kernel: h.Kernel()}
	d := &reactortest.Driver{R: reactor.New(k, reactor.Options{})}
	ln, err := d.R.Listen("tcp", "127.0.0.1:7000", reactor.ListenOptions{}, ignoreConn)
	if err != nil {
		t.Fatal(err)
	}
	k.Fail = func(call reactortest.Call, _ int) reactor.Errno {
		if call == reactortest.CallAccept {
			return reactor.ENOMEM
		}
		return 0
	}
	var rests []time.Duration
	ln.OnError(func(error) {
		at, _ := d.R.RestEnd()
		rests = append(rests, at-k.Monotonic())
	})
	h.Dial("tcp4", "127.0.0.1:7000")
	d.Until(func() bool { return len(rests) == 10 })
	want := 10 * time.Millisecond
	for i, got := range rests {
		if got != want {
			t.Errorf("rest %d is %v, want %v", i, got, want)
		}
		want = min(2*want, time.Second)
	}
}

func ignoreConn(c *reactor.Conn) {}

// TestABatchOfOneAndATinyBuffer: bounds that are as tight as they can be change nothing but the number of calls.
func TestABatchOfOneAndATinyBuffer(t *testing.T) {
	for _, temperament := range []simkernel.Temperament{simkernel.Epoll, simkernel.Kqueue} {
		t.Run(temperament.String(), func(t *testing.T) {
			h := newSimHarness(t, simkernel.Options{Temperament: temperament})
			d := &reactortest.Driver{R: reactor.New(h.Kernel(), reactor.Options{Batch: 1, ReadBuffer: 7})}
			_, err := d.R.Listen("tcp", "127.0.0.1:7000", reactor.ListenOptions{}, func(c *reactor.Conn) {
				c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
					if len(p) > 7 {
						t.Errorf("%d bytes at a time", len(p))
					}
					if err != nil {
						c.CloseWrite(nil)
						return
					}
					c.WriteBorrowed(p, nil)
				}))
			})
			if err != nil {
				t.Fatal(err)
			}
			const text = "the reader that is not ready stops the socket that feeds it"
			var peers []reactortest.Peer
			got := make([]string, 10)
			for i := range got {
				peers = append(peers, h.Dial("tcp4", "127.0.0.1:7000"))
				peers[i].Send([]byte(text))
				peers[i].CloseWrite()
			}
			ended := 0
			buf := make([]byte, 100)
			ok := d.Until(func() bool {
				for i, p := range peers {
					n, err := p.Recv(buf)
					got[i] += string(buf[:n])
					if err != nil {
						ended++
						p.Close()
						peers[i] = closedPeer{p}
					}
				}
				return ended == len(peers)
			})
			if !ok {
				t.Fatalf("%d of %d ended", ended, len(peers))
			}
			for i := range got {
				if got[i] != text {
					t.Errorf("client %d got %q", i, got[i])
				}
			}
		})
	}
}

// closedPeer is one that has read its end.
type closedPeer struct{ reactortest.Peer }

func (closedPeer) Recv([]byte) (int, error) { return 0, nil }
