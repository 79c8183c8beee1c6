package load

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// staller answers GET / on each connection. Once standStill was called, it answers so many requests more, and then all connections
// stand still for d.
func staller() (handle func(net.Conn), standStill func(after int64, d time.Duration)) {
	var left, still atomic.Int64
	var gate sync.RWMutex
	handle = func(c net.Conn) {
		buf := make([]byte, 4<<10)
		for {
			if _, err := c.Read(buf); err != nil {
				return
			}
			if left.Add(-1) == 0 {
				gate.Lock()
				time.AfterFunc(time.Duration(still.Load()), gate.Unlock)
			}
			gate.RLock()
			_, err := io.WriteString(c, plain)
			gate.RUnlock()
			if err != nil {
				return
			}
		}
	}
	return handle, func(after int64, d time.Duration) {
		still.Store(int64(d))
		left.Store(after + 1)
	}
}

// measureStall measures for a second a server that stands still for 200 ms of it, and counts the answers of that second.
func measureStall(t *testing.T, rate float64) (e *Engine, answered int64) {
	t.Helper()
	handle, standStill := staller()
	addr := serve(t, handle)
	e = engineOf(t, Options{Protocol: NewHTTP(get13), Sleep: true, Rate: rate}, addr, 4)
	err := e.Measure(t.Context(), 100*time.Millisecond, time.Second, func() error {
		answered = e.counts.Operations - answered
		standStill(0, 200*time.Millisecond)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return e, answered
}

// With 1000 due in a second and 200 ms without an answer, a fifth of them wait, 100 ms in the mean: the 99th percentile has
// to be near 190 ms.
func TestAnOpenLoopSeesWhatWaitsWhileTheServerStandsStill(t *testing.T) {
	e, _ := measureStall(t, 1000)
	if got := time.Duration(e.Latency().ValueAtQuantile(99)); got < 150*time.Millisecond {
		t.Errorf("p99 is %v: the requests that were due meanwhile are left out", got)
	}
	if got := time.Duration(e.Latency().ValueAtQuantile(90)); got < 60*time.Millisecond {
		t.Errorf("p90 is %v", got)
	}
	if n := e.Latency().TotalCount(); n < 900 {
		t.Errorf("%d requests of 1000 that were due are accounted for", n)
	}
}

// A closed loop has four requests under way and notices no others: that is why there is an open one.
func TestAClosedLoopCountsAStallOnceAConnection(t *testing.T) {
	e, answered := measureStall(t, 0)
	if got := e.Latency().TotalCount(); got != answered {
		t.Errorf("%d answers came, and %d requests were counted", answered, got)
	}
	if got := time.Duration(e.Latency().Max()); got < 190*time.Millisecond {
		t.Errorf("the longest took %v: the server stood still for longer", got)
	}
}

// What has not been answered when the time is over has waited at least until then.
func TestAServerThatStandsStillAtTheEndDoesNotGetAwayWithIt(t *testing.T) {
	handle, standStill := staller()
	e := engineOf(t, Options{Protocol: NewHTTP(get13), Sleep: true, Rate: 1000}, serve(t, handle), 4)
	standStill(600, 2*time.Second)
	if err := e.Measure(t.Context(), 100*time.Millisecond, time.Second, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if got := time.Duration(e.Latency().ValueAtQuantile(99)); got < 300*time.Millisecond {
		t.Errorf("p99 is %v", got)
	}
}

func TestTheRateIsKept(t *testing.T) {
	handle, _ := staller()
	const rate = 500
	e := engineOf(t, Options{Protocol: NewHTTP(get13), Sleep: true, Rate: rate}, serve(t, handle), 4)
	var end time.Time
	err := e.Measure(t.Context(), 0, 500*time.Millisecond, func() error {
		end = time.Now()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// What is due is answered, or accounted for as waiting, however slow this machine is. It may be late to stop: then more is due.
	counts, _ := e.Counts()
	due := int64(rate * end.Sub(e.begun) / time.Second)
	if n := e.Latency().TotalCount(); counts.Operations > due+10 || n > due+10 || n < rate/2-10 {
		t.Errorf("%d requests answered and %d accounted for in half a second at 500 a second, %d due when it was over", counts.Operations, n, due)
	}
}

func TestChurnMakesAConnectionForEachRequest(t *testing.T) {
	var accepted atomic.Int64
	addr := serve(t, func(c net.Conn) {
		accepted.Add(1)
		_, _ = c.Read(make([]byte, 4<<10))
		_, _ = io.WriteString(c, plain)
	})
	e := engineOf(t, Options{Protocol: NewHTTP(get13), Sleep: true, Churn: true}, addr, 3)
	if missing, err := e.Exchange(t.Context(), 0, 5); missing != 0 || err != nil {
		t.Fatalf("%d missing, %v", missing, err)
	}
	if got := accepted.Load(); got != 15 {
		t.Errorf("%d connections for 15 requests", got)
	}
}

func TestAConnectionThatBreaksIsMadeAgainAndCounted(t *testing.T) {
	addr := serve(t, func(c net.Conn) {
		for range 3 {
			if _, err := c.Read(make([]byte, 4<<10)); err != nil {
				return
			}
			_, _ = io.WriteString(c, plain)
		}
	})
	e := engineOf(t, Options{Protocol: NewHTTP(get13), Sleep: true, WarmOperations: 10}, addr, 2)
	e.warmMost = patience
	if err := e.Measure(t.Context(), 0, 200*time.Millisecond, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	counts, _ := e.Counts()
	if counts.Operations < 10 || counts.Broken == 0 || counts.Errors[KindClosed]+counts.Errors[KindReset] != counts.Broken {
		t.Errorf("got %+v", counts)
	}
}

// Each connection that is refused must not try again within the failure of the first.
func TestAServerThatIsGoneEndsTheMeasuring(t *testing.T) {
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	if err := ln.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var peers [2]net.Conn
	e := engineOf(t, Options{Protocol: NewHTTP(get13)}, ln.Addr().(*net.TCPAddr).AddrPort(), len(peers))
	for i := range peers {
		if peers[i], err = ln.Accept(); err != nil {
			t.Fatal(err)
		}
	}
	_ = ln.Close()
	for _, c := range peers {
		_ = c.Close()
	}
	err = e.Measure(t.Context(), 0, time.Minute, func() error { return nil })
	if counts, _ := e.Counts(); err == nil || counts.Errors[KindConnect] == 0 {
		t.Errorf("got %v, %+v", err, counts)
	}
}

func TestMeasuringBeginsWhenTheServerIsWarm(t *testing.T) {
	handle, _ := staller()
	addr := serve(t, handle)
	for _, most := range []time.Duration{patience, 1} { // the server gets warm, or there is no time for that
		e := engineOf(t, Options{Protocol: NewHTTP(get13), Sleep: true, WarmOperations: 200}, addr, 2)
		e.warmMost = most
		var at []int64
		err := e.Measure(t.Context(), 0, 20*time.Millisecond, func() error {
			at = append(at, e.counts.Operations)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(at) != 2 || (at[0] >= 200) != (most == patience) {
			t.Errorf("operations at the samples are %v, want 200 before the first only if there is time for them", at)
		}
	}
}
