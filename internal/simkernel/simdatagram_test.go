package simkernel_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// The swarm simulation of datagram sockets: a few of them send to one another, stop and start receiving, close and come
// back, connect and disconnect, on a fake kernel with random faults. A world is one seed; SIM_SEED is the first, and
// SIM_LIVES sends are made over all worlds.

const sendsAWorld = 150

// dsim is one world.
type dsim struct {
	seed        uint64
	r           *rand.Rand
	w           *simkernel.World
	l           *loop.Loop
	sockets     []*dsocket // those that are open
	letters     []*letter
	inCall      int
	borrowed    [][]byte
	tidy        bool // sockets are closed when everything has arrived: not one datagram may be missing
	taken       int  // letters that the kernel has taken
	given       int  // datagrams that handlers were given
	ending      bool
	temperament simkernel.Temperament
	problems    []string
}

// letter is a datagram that was sent.
type letter struct {
	bytes    []byte // as they must arrive
	memory   []byte // what was lent
	from     *dsocket
	borrowed bool
	told     int
	arrived  int
}

// dsocket is a socket and what must be true of it.
type dsocket struct {
	s         *dsim
	d         *reactor.Datagram
	addr      netip.AddrPort
	max       int
	receiving bool
	owed      int // dones not called
	closed    bool
	gone      bool // the close callback has run
}

func runDatagrams(seed uint64) *dsim {
	s := &dsim{seed: seed, r: rand.New(rand.NewPCG(seed, 0x6467))}
	o := simkernel.SwarmOptions(seed)
	o.TraceLines = 512
	s.tidy = s.chance(0.5)
	if s.tidy {
		o.Faults.ChangeFail = 0 // it ends receiving, and then what waits is dropped at the end
	}
	s.temperament = o.Temperament
	s.w = simkernel.New(o)
	l, err := loop.New(loop.Options{Kernel: s.w.Kernel(), OnPanic: func(e *loop.PanicError) { s.fail("%v\n%s", e, e.Stack) }})
	if err != nil {
		s.fail("%v", err)
		return s
	}
	s.l = l
	for range 2 + s.r.IntN(5) {
		s.open()
	}
	s.timer(s.some(time.Millisecond), s.act)
	if err := l.Run(); err != nil {
		s.fail("Run: %v", err)
		return s
	}
	s.judge()
	return s
}

// open makes a socket on the loopback or on all addresses of it.
func (s *dsim) open() {
	o := reactor.DatagramOptions{}
	if s.chance(0.2) {
		o.MaxSize = 64
	}
	if s.chance(0.2) {
		o.ReceiveErrors = true
	}
	address := []string{"127.0.0.1:0", "[::1]:0", ":0"}[s.r.IntN(3)]
	d, err := s.l.OpenDatagram("udp", address, o)
	if o.ReceiveErrors && errors.Is(err, reactor.EOPNOTSUPP) {
		o.ReceiveErrors = false
		d, err = s.l.OpenDatagram("udp", address, o)
	}
	if err != nil {
		s.fail("open: %v", err)
		return
	}
	k := &dsocket{s: s, d: d, addr: d.LocalAddr(), max: 1 << 16}
	if o.MaxSize > 0 {
		k.max = o.MaxSize
	}
	s.sockets = append(s.sockets, k)
	if s.chance(0.8) {
		k.receive()
	}
}

func (k *dsocket) receive() {
	if k.closed {
		return
	}
	k.receiving = true
	k.s.call(func() {
		if err := k.d.ReceiveStart(k); err != nil {
			k.s.fail("ReceiveStart: %v", err)
		}
	})
}

// act does one random thing, and comes back.
func (s *dsim) act() {
	if len(s.letters) >= sendsAWorld {
		s.ending = true
		s.finish(0)
		return
	}
	k := s.sockets[s.r.IntN(len(s.sockets))]
	switch s.r.IntN(20) {
	case 0, 1:
		k.receiving = false
		s.call(k.d.ReceiveStop)
	case 2, 3, 4:
		k.receive()
	case 5:
		if !s.tidy {
			s.closeSocket(k)
			s.open()
		}
	case 6:
		k.connect()
	default:
		for range 1 + s.r.IntN(40) {
			k.send()
		}
	}
	s.timer(s.some(2*time.Millisecond), s.act)
}

// connect connects or disconnects.
func (k *dsocket) connect() {
	s := k.s
	peer := netip.AddrPort{}
	if !k.d.RemoteAddr().IsValid() {
		peer = s.target()
		if k.addr.Addr().Is4() && peer.Addr().Is6() || k.addr.Addr() == netip.IPv6Loopback() && peer.Addr().Is4() {
			return
		}
	}
	s.call(func() {
		if err := k.d.Connect(peer); err != nil {
			s.fail("Connect: %v", err)
		}
	})
}

// target is an address of one of the sockets, or one that nobody has.
func (s *dsim) target() netip.AddrPort {
	if s.chance(0.1) {
		return netip.MustParseAddrPort("127.0.0.1:999")
	}
	addr := s.sockets[s.r.IntN(len(s.sockets))].addr
	if addr.Addr().IsUnspecified() {
		host := netip.IPv6Loopback()
		if s.chance(0.5) {
			host = netip.MustParseAddr("127.0.0.1")
		}
		addr = netip.AddrPortFrom(host, addr.Port())
	}
	return addr
}

// send sends one letter by one of the three ways.
func (k *dsocket) send() {
	s := k.s
	to := s.target()
	if k.d.RemoteAddr().IsValid() {
		to = netip.AddrPort{}
	} else if k.addr.Addr().Is4() && to.Addr().Is6() {
		return
	}
	x := &letter{from: k, bytes: s.content()}
	s.letters = append(s.letters, x)
	x.memory = append([]byte(nil), x.bytes...)
	var err error
	k.owed++
	switch s.r.IntN(4) {
	case 0:
		x.borrowed = true
		s.borrowed = append(s.borrowed, x.memory)
		s.call(func() { err = k.d.SendBorrowed(x.memory, to, x.done) })
	case 1:
		s.call(func() { err = k.d.TrySend(x.memory, to) })
		k.owed--
		x.told++
		if err == nil {
			s.taken++
		}
		spoil(x.memory)
		return
	default:
		at := s.r.IntN(len(x.memory) + 1)
		s.call(func() { err = k.d.Send([][]byte{x.memory[:at], x.memory[at:]}, to, x.done) })
	}
	if err != nil {
		s.fail("send: %v", err)
	}
}

// content is a number, as often as there is room for it. Some are too big.
func (s *dsim) content() []byte {
	size := 8 + s.r.IntN(100)
	switch s.r.IntN(30) {
	case 0:
		size = 65508
	case 1:
		size = s.r.IntN(60000) + 8
	}
	b := make([]byte, 0, size+8)
	for len(b) < size {
		b = binary.BigEndian.AppendUint64(b, uint64(len(s.letters)))
	}
	return b[:size]
}

func (x *letter) done(err error) {
	k, s := x.from, x.from.s
	s.turn()
	x.told++
	k.owed--
	if k.gone || x.told > 1 {
		s.fail("a send was told of %d times, after the close: %v", x.told, k.gone)
	}
	switch {
	case err == nil:
		s.taken++
	case errors.Is(err, reactor.EMSGSIZE):
		if len(x.bytes) <= 65507 {
			s.fail("%d bytes are too many", len(x.bytes))
		}
	case errors.Is(err, reactor.ECANCELED):
		if !k.closed {
			s.fail("a send of an open socket was cancelled")
		}
	case errors.Is(err, reactor.EISCONN):
		if s.temperament == simkernel.Epoll {
			s.fail("a send failed because the socket was connected meanwhile")
		}
	case !errors.Is(err, reactor.ECONNREFUSED) && !errors.Is(err, reactor.ENETUNREACH) && !errors.Is(err, reactor.ENOMEM):
		s.fail("a send failed: %v", err)
	}
	if !x.borrowed {
		spoil(x.memory)
	}
	if s.chance(0.05) && !s.ending && len(s.letters) < sendsAWorld && !k.closed {
		k.send()
	}
}

// OnDatagram checks a datagram, and sometimes does something in its callback.
func (k *dsocket) OnDatagram(p []byte, _ netip.AddrPort, err error) {
	s := k.s
	s.turn()
	if k.closed || !k.receiving {
		s.fail("a datagram, %v, for a socket that is closed (%v) or stopped", err, k.closed)
	}
	if err != nil && !errors.Is(err, reactor.ErrTruncated) {
		if len(p) > 0 || !errors.Is(err, reactor.ECONNREFUSED) && !errors.Is(err, reactor.ENOMEM) {
			s.fail("receiving: %v with %d bytes", err, len(p))
		}
		k.receiving = k.d.Receiving()
		return
	}
	s.given++
	if len(p) < 8 {
		s.fail("%d bytes that nobody has sent", len(p))
		return
	}
	n := binary.BigEndian.Uint64(p)
	if n >= uint64(len(s.letters)) {
		s.fail("letter %d of %d", n, len(s.letters))
		return
	}
	x := s.letters[n]
	x.arrived++
	want := x.bytes[:min(len(x.bytes), k.max)]
	if string(p) != string(want) || (err != nil) != (len(want) < len(x.bytes)) {
		s.fail("letter %d: got %d bytes, %v, want %d of %d", n, len(p), err, len(want), len(x.bytes))
	}
	if x.arrived > 2 {
		s.fail("letter %d has arrived %d times", n, x.arrived)
	}
	switch s.r.IntN(40) {
	case 0, 1, 2:
		if s.ending && s.tidy {
			return // who stops now may keep something for ever
		}
		k.receiving = false
		s.call(k.d.ReceiveStop)
		if s.chance(0.3) {
			k.receive()
		}
	case 3:
		if !s.tidy && !s.ending {
			s.closeSocket(k)
			s.open()
		}
	case 4, 5:
		if !s.ending && len(s.letters) < sendsAWorld {
			k.send()
		}
	}
}

func (s *dsim) closeSocket(k *dsocket) {
	for i, o := range s.sockets {
		if o == k {
			s.sockets = append(s.sockets[:i], s.sockets[i+1:]...)
		}
	}
	k.closed = true
	s.call(func() {
		k.d.Close(func() {
			s.turn()
			if k.gone || k.owed != 0 {
				s.fail("closed (before: %v) with %d sends not told of", k.gone, k.owed)
			}
			k.gone = true
		})
	})
	if k.d.FD() != -1 {
		s.fail("a closed socket has a descriptor")
	}
}

// finish lets everybody receive what there is, and closes.
func (s *dsim) finish(round int) {
	waiting := 0
	for _, k := range s.sockets {
		if k.d.SendQueueCount() > 0 {
			waiting++
		}
		k.receive()
	}
	if st := s.w.Datagrams(); round < 5 || waiting+st.Waiting+st.Flying > 0 {
		if round > 2000 {
			s.fail("after two minutes there are %d senders and %+v", waiting, st)
		} else {
			s.timer(50*time.Millisecond, func() { s.finish(round + 1) })
			return
		}
	}
	for len(s.sockets) > 0 {
		s.closeSocket(s.sockets[0])
	}
}

func (s *dsim) judge() {
	for n, x := range s.letters {
		if x.told != 1 {
			s.fail("letter %d was told of %d times", n, x.told)
		}
	}
	st := s.w.Datagrams()
	if st.Missing() != 0 || st.Sent != s.taken {
		s.fail("%d were taken, and the kernel counts %+v, missing %d", s.taken, st, st.Missing())
	}
	if s.given > st.Received || s.tidy && s.given != st.Received {
		s.fail("the kernel has given out %d datagrams, handlers got %d", st.Received, s.given)
	}
	if refs, live := s.l.Reactor().Refs(), s.l.Reactor().Live(); refs != 0 || live != 0 {
		s.fail("at the end there are %d refs and %d live handles", refs, live)
	}
	if err := s.l.Close(); err != nil {
		s.fail("Close: %v", err)
	}
	s.problems = append(s.problems, s.w.Check()...)
}

func (s *dsim) fail(format string, args ...any) {
	if len(s.problems) < 20 {
		s.problems = append(s.problems, fmt.Sprintf("at %v: ", s.w.Now())+fmt.Sprintf(format, args...))
	}
}

// call makes a call of the API, during which no callback may run.
func (s *dsim) call(f func()) {
	s.inCall++
	f()
	s.inCall--
}

// turn is the beginning of every callback. What was borrowed by an earlier one must have been sealed by now.
func (s *dsim) turn() {
	if s.inCall > 0 {
		s.fail("a callback runs inside the call that caused it")
	}
	for _, b := range s.borrowed {
		spoil(b)
	}
	s.borrowed = s.borrowed[:0]
}

func (s *dsim) timer(d time.Duration, fn func()) {
	t := s.l.NewTimer()
	if err := t.Start(func() {
		s.turn()
		t.Close(nil)
		fn()
	}, d, 0); err != nil {
		s.fail("%v", err)
	}
}

func (s *dsim) chance(p float64) bool { return s.r.Float64() < p }

func (s *dsim) some(most time.Duration) time.Duration {
	return time.Duration(s.r.Int64N(int64(most) + 1))
}

// spoil makes whoever still reads memory that is not theirs any more be seen.
func spoil(b []byte) {
	for i := range b {
		b[i] = 0xEE
	}
}

func (s *dsim) report() string {
	return fmt.Sprintf("seed %d:\n  %s\nagain: SIM_SEED=%d SIM_LIVES=%d go test -run TestSimDatagrams ./internal/simkernel\n%s",
		s.seed, strings.Join(s.problems, "\n  "), s.seed, sendsAWorld, s.w.Trace())
}

func TestSimDatagrams(t *testing.T) {
	sends := environment(t, "SIM_LIVES", 60_000)
	seed := environment(t, "SIM_SEED", 1)
	worlds := max(1, int(sends)/sendsAWorld)
	workers := min(worlds, runtime.GOMAXPROCS(0))
	for i := range workers {
		t.Run(fmt.Sprintf("worker %d", i), func(t *testing.T) {
			t.Parallel()
			for n := i; n < worlds && !t.Failed(); n += workers {
				if s := runDatagrams(seed + uint64(n)); len(s.problems) > 0 {
					t.Error(s.report())
				}
			}
		})
	}
}

func TestSimDatagramsAreTheSameEveryTime(t *testing.T) {
	for seed := range uint64(10) {
		if a, b := runDatagrams(seed), runDatagrams(seed); a.w.TraceHash() != b.w.TraceHash() {
			t.Errorf("seed %d: traces differ", seed)
		}
	}
}
