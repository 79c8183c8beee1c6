package loop

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/reactor"
)

// UDP_DATAGRAMS is how many datagrams the floods send; the default is for every day, a million for the record.
const (
	floodEnv     = "UDP_DATAGRAMS"
	floodDefault = 20_000
	floodSize    = 1200
)

// flood sends datagrams to an echo server in the same loop, never more than window without an answer, and counts.
type flood struct {
	t              *testing.T
	l              *Loop
	server, client *reactor.Datagram
	total, window  int

	sent, answered, outstanding, given int // given: taken for lost, because nothing came for a while
	echoed                             int
	got                                []bool
	bufs                               [][floodSize]byte
	failed                             int
}

func newFlood(t *testing.T, l *Loop, window, buffer int) *flood {
	f := &flood{t: t, l: l, total: floodDefault, window: window, bufs: make([][floodSize]byte, 2*window)}
	if text := os.Getenv(floodEnv); text != "" {
		var err error
		if f.total, err = strconv.Atoi(text); err != nil {
			t.Fatalf("%s: %v", floodEnv, err)
		}
	}
	f.got = make([]bool, f.total)
	f.server, f.client = udp(t, l, "udp4", "127.0.0.1:0"), udp(t, l, "udp4", "127.0.0.1:0")
	if buffer > 0 {
		wantError(t, "receive buffer", f.server.SetReceiveBuffer(buffer), nil)
	}
	wantError(t, "connecting", f.client.Connect(f.server.LocalAddr()), nil)
	return f
}

// run sends everything and waits until each has been answered or nothing has come for a while.
func (f *flood) run() {
	receive(f.t, f.server, func(p []byte, from netip.AddrPort, err error) {
		wantError(f.t, "the server", err, nil)
		f.echoed++
		wantError(f.t, "echoing", f.server.SendBorrowed(p, from, nil), nil)
	})
	receive(f.t, f.client, f.answer)
	before := -1
	watch := f.l.NewTimer()
	start(f.t, watch, func() {
		if f.answered == before { // nothing is under way any more: what is outstanding was dropped
			f.given += f.outstanding
			f.outstanding = 0
			f.pump()
		}
		before = f.answered
		if f.outstanding == 0 && f.sent == f.total {
			watch.Close(nil)
			f.l.Stop()
		}
	}, 200*time.Millisecond, 200*time.Millisecond)
	f.l.NextTick(f.pump)
	if err := f.l.Run(); err != nil {
		f.t.Fatal(err)
	}
}

func (f *flood) pump() {
	for f.outstanding < f.window && f.sent < f.total {
		b := f.bufs[f.sent%len(f.bufs)][:]
		binary.BigEndian.PutUint64(b, uint64(f.sent))
		binary.BigEndian.PutUint64(b[floodSize-8:], ^uint64(f.sent))
		f.sent++
		f.outstanding++
		if err := f.client.Send([][]byte{b[:100], b[100:]}, netip.AddrPort{}, f.done); err != nil {
			f.t.Error(err)
		}
	}
}

func (f *flood) done(err error) {
	if err != nil {
		f.failed++
	}
}

func (f *flood) answer(p []byte, _ netip.AddrPort, err error) {
	wantError(f.t, "the client", err, nil)
	if len(p) != floodSize {
		f.t.Errorf("an answer of %d bytes", len(p))
		return
	}
	n := binary.BigEndian.Uint64(p)
	if n >= uint64(f.sent) || binary.BigEndian.Uint64(p[floodSize-8:]) != ^n || f.got[n] {
		f.t.Errorf("the answer %d was never asked for, or came before", n)
		return
	}
	f.got[n] = true
	f.answered++
	f.outstanding--
	f.pump()
	if f.answered == f.total {
		f.l.Stop()
	}
}

// dropped is how many datagrams the kernel has dropped for want of room in d's buffer, as Linux tells; none elsewhere.
func dropped(t *testing.T, d *reactor.Datagram) int {
	t.Helper()
	file, err := os.Open("/proc/net/udp")
	if err != nil {
		return 0
	}
	defer file.Close()
	port := fmt.Sprintf(":%04X", d.LocalAddr().Port())
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 13 || !strings.HasSuffix(fields[1], port) {
			continue
		}
		n, err := strconv.Atoi(fields[len(fields)-1])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	t.Fatalf("no line for port %s", port)
	return 0
}

func (f *flood) report(begin time.Time) (lost int) {
	took := time.Since(begin)
	lost = f.sent - f.answered
	drops := dropped(f.t, f.server) + dropped(f.t, f.client)
	f.t.Logf("%d datagrams of %d bytes, window %d: %v, %.0f echoes a second, %d lost, %d dropped by the kernel",
		f.sent, floodSize, f.window, took.Round(time.Millisecond), float64(f.answered)/took.Seconds(), lost, drops)
	if lost != drops {
		f.t.Errorf("%d datagrams were lost, but the kernel has dropped %d", lost, drops)
	}
	if f.sent != f.total || f.failed > 0 {
		f.t.Errorf("sent %d of %d, %d failed", f.sent, f.total, f.failed)
	}
	return lost
}

func TestEveryDatagramOfAFloodIsEchoed(t *testing.T) {
	f := newFlood(t, newLoop(t, Options{}), 32, 0)
	begin := time.Now()
	f.run()
	if lost := f.report(begin); lost > 0 {
		t.Errorf("%d were lost although there was room for the whole window", lost)
	}
}

// The kernel drops what its buffer has no room for, and nothing else is lost.
func TestNothingIsLostButWhatTheKernelDrops(t *testing.T) {
	f := newFlood(t, newLoop(t, Options{}), 256, 64<<10)
	f.total = min(f.total, floodDefault/4)
	begin := time.Now()
	f.run()
	f.report(begin)
}
