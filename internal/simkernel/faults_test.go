package simkernel_test

import (
	"bytes"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// noneOnBSD are the knobs of what only Linux does.
var noneOnBSD = []string{"Split", "NotCached", "Evict", "NoSend", "PipeFail", "NoSplice", "SpliceBlind"}

// A knob that is turned strikes, and what it does shows in the trace; who stands on the world survives it.
func TestEachFaultAloneIsSurvivedAndChangesTheRun(t *testing.T) {
	base := simkernel.Options{Seed: 3, Latency: 300 * time.Microsecond, SendBuffer: 8192, ReceiveBuffer: 8192, CountFaults: true}
	run := func(t *testing.T, o simkernel.Options) (hash uint64, struck map[string]int) {
		w, s := runEcho(t, o, 40, 3000)
		touchAll(t, w, s.k)
		hash = w.TraceHash()
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		for _, v := range w.Check() {
			t.Errorf("%v: %s", o.Temperament, v)
		}
		return hash, w.Happened()
	}
	knobs := reflect.TypeFor[simkernel.Faults]()
	for _, temper := range []simkernel.Temperament{simkernel.Epoll, simkernel.Kqueue} {
		o := base
		o.Temperament = temper
		kind, _ := run(t, o)
		for i := range knobs.NumField() {
			field := knobs.Field(i)
			if field.Type.Kind() != reflect.Float64 {
				continue
			}
			t.Run(temper.String()+"/"+field.Name, func(t *testing.T) {
				o := o
				reflect.ValueOf(&o.Faults).Elem().Field(i).SetFloat(0.2)
				hash, struck := run(t, o)
				does := struck[field.Name] > 0 && hash != kind
				if want := temper == simkernel.Epoll || !slices.Contains(noneOnBSD, field.Name); does != want {
					t.Errorf("the knob does something: %v, want %v; it has struck %d times", does, want, struck[field.Name])
				}
			})
		}
	}
}

// touchAll does something of all that runEcho leaves out and a knob is about: signals, datagrams, work, files, pipes. Each
// call may fail: what the world makes of it is in its trace.
func touchAll(t *testing.T, w *simkernel.World, k *simkernel.Kernel) {
	t.Helper()
	const name, size = "/a", 1000
	w.WriteFile(name, make([]byte, size))
	to := netip.MustParseAddrPort("127.0.0.1:5000")
	a, _, _ := k.Datagram("udp4", reactor.DatagramOptions{})
	b, _, _ := k.Datagram("udp4", reactor.DatagramOptions{})
	k.Bind(b, to)
	conn, peer, err := w.InheritConn()
	if err != nil {
		t.Fatal(err)
	}
	stop := k.Notify(syscall.SIGHUP, func() {})
	work := func(fn func()) {
		k.Work(true, fn)
		w.Advance(time.Second)
	}
	p := make([]byte, size)
	for range 30 {
		w.Raise(syscall.SIGHUP)
		letter := reactor.Outgoing{Bufs: [][]byte{p[:10]}, To: to}
		k.Send(a, []reactor.Outgoing{letter, letter, letter})
		w.Advance(time.Second)
		k.Receive(b, []reactor.Incoming{{Buf: make([]byte, 10)}, {Buf: make([]byte, 10)}, {Buf: make([]byte, 10)}})

		file := -1
		work(func() { file, _ = k.OpenFile(name, os.O_RDWR, 0) })
		if file >= 0 {
			k.PreadNoWait(file, p, 0)
			if n, _ := k.InMemory(file, 0, size); n > 0 {
				k.SendFile(conn, file, 0, n)
			}
			work(func() {
				k.Pread(file, p, 0)
				k.Pwritev(file, [][]byte{p}, 0)
				k.Fsync(file)
				k.CloseFile(file)
			})
		}

		peer.Send(p)
		w.Advance(time.Second)
		both := reactor.Change{FD: conn, Token: reactor.Token{Slot: 100, Gen: 1}, To: armedRW}
		_, _ = k.Wait([]reactor.Change{both}, make([]reactor.Event, 4), 0)
		k.Remove(conn, armedRW)
		if from, into, errno := k.OpenPipe(size); errno == 0 {
			k.Splice(conn, into, size)
			k.ReadPipe(from, p)
			k.Close(from)
			k.Close(into)
		}
		k.Read(conn, make([]byte, 8*size))
		peer.Recv(8 * size)
	}
	stop()
	for _, fd := range []int{a, b, conn} {
		k.Close(fd)
	}
	peer.Close()
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
	for knob := range reflect.TypeFor[simkernel.Faults]().Fields() {
		if n := on[knob.Name]; knob.Type.Kind() == reflect.Float64 && (n < seeds/4 || n > seeds*3/4) {
			t.Errorf("%s is on in %d of %d seeds", knob.Name, n, seeds)
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
