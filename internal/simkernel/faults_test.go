package simkernel_test

import (
	"bytes"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

func TestEachFaultAloneIsSurvivedAndChangesTheRun(t *testing.T) {
	base := simkernel.Options{Seed: 3, Latency: 300 * time.Microsecond, SendBuffer: 8192, ReceiveBuffer: 8192}
	w, _ := runEcho(t, base, 40, 3000)
	kind := w.TraceHash()
	knobs := reflect.TypeFor[simkernel.Faults]()
	for i := range knobs.NumField() {
		field := knobs.Field(i)
		if field.Type.Kind() != reflect.Float64 {
			continue
		}
		t.Run(field.Name, func(t *testing.T) {
			for _, temper := range []simkernel.Temperament{simkernel.Epoll, simkernel.Kqueue} {
				o := base
				o.Temperament = temper
				reflect.ValueOf(&o.Faults).Elem().Field(i).SetFloat(0.2)
				w, s := runEcho(t, o, 40, 3000)
				if err := s.stop(); err != nil {
					t.Fatal(err)
				}
				for _, v := range w.Check() {
					t.Errorf("%v: %s", temper, v)
				}
				if w.TraceHash() == kind {
					t.Errorf("%v: the knob does nothing", temper)
				}
			}
		})
	}
}

func TestSwarmTurnsSomeFaultsOnAndOthersOff(t *testing.T) {
	on := map[string]int{}
	const seeds = 200
	for seed := range uint64(seeds) {
		f := reflect.ValueOf(simkernel.Swarm(seed))
		for i := range f.NumField() {
			if field := f.Type().Field(i); field.Type.Kind() == reflect.Float64 && f.Field(i).Float() > 0 {
				on[field.Name]++
			}
		}
		if simkernel.Swarm(seed) != simkernel.Swarm(seed) {
			t.Fatalf("seed %d gives two sets", seed)
		}
	}
	if len(on) < 20 {
		t.Errorf("only %d knobs are ever turned", len(on))
	}
	for name, n := range on {
		if n < seeds/4 || n > seeds*3/4 {
			t.Errorf("%s is on in %d of %d seeds", name, n, seeds)
		}
	}
}

func TestAStaleEventCarriesTheTokenOfAClosedDescriptor(t *testing.T) {
	w, k, g := world(t, simkernel.Options{Faults: simkernel.Faults{Stale: 1}})
	fd, _ := g.pair("tcp")
	_, errno := k.Reserve() // takes the number that the pair's listener had
	must(g, errno)
	g.arm(fd, armedR)
	g.wait(fd, 0)
	old := g.token[fd]
	g.close(fd)
	again, errno := k.Reserve()
	must(g, errno)
	if again != fd {
		t.Errorf("the number is not used again at once: %d, %d", fd, again)
	}
	var events [4]reactor.Event
	for range 100 {
		n, err := k.Wait(nil, events[:], 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, ev := range events[:n] {
			if ev.Token == old {
				if w.Calls().Stale == 0 {
					t.Error("it isn't counted")
				}
				return
			}
		}
	}
	t.Error("no stale event came")
}

func TestAFailedChangeComesBackAsAnEventAndChangesNothing(t *testing.T) {
	w, k, g := world(t, simkernel.Options{})
	fd, peer := g.pair("tcp")
	g.arm(fd, armedR)
	g.wait(fd, 0)
	w.SetFaults(simkernel.Faults{ChangeFail: 1})
	tok := g.token[fd]
	var events [4]reactor.Event
	n, err := k.Wait([]reactor.Change{{FD: fd, Token: tok, From: armedR, To: armedW}}, events[:], time.Second)
	if err != nil || n != 1 || events[0] != (reactor.Event{Token: tok, Err: syscall.ENOMEM}) {
		t.Fatalf("got %v, %v", events[:n], err)
	}
	w.SetFaults(simkernel.Faults{})
	g.send(peer, "x")
	if got := g.wait(fd, 0); got != canR {
		t.Errorf("the old mask is gone: got %v", got)
	}
}

func TestALinkThatDribblesDeliversEverythingInOrder(t *testing.T) {
	w, k, g := world(t, simkernel.Options{Latency: time.Millisecond, Jitter: time.Millisecond, Faults: simkernel.Faults{Dribble: 1}})
	ln, address := g.listen("tcp")
	p := w.Dial(address)
	fd := g.accept(ln)
	sent := make([]byte, 10_000)
	for i := range sent {
		sent[i] = byte(i * 7)
	}
	if n, errno := k.Write(fd, sent); n != len(sent) || errno != 0 {
		t.Fatalf("write = %d, %v", n, errno)
	}
	var got []byte
	p.Notify(func(p *simkernel.Peer) {
		b, _ := p.Recv(1 << 20)
		got = append(got, b...)
	})
	w.Advance(time.Second)
	if pieces := strings.Count(w.Trace(), "~segment"); !bytes.Equal(got, sent) || pieces < 5 {
		t.Errorf("got %d bytes in %d segments", len(got), pieces)
	}
}
