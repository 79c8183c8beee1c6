package loop

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

const ms = time.Millisecond

// dialed is what a dial's done was told.
type dialed struct {
	d    *Dialing
	told int
	at   time.Duration
	conn *reactor.Conn
	err  error
}

// startDial starts a dial, whose done must not be called before this returns.
func startDial(t testing.TB, l *Loop, network, address string, o DialOptions) *dialed {
	t.Helper()
	r := &dialed{}
	d, err := l.Dial(network, address, o, func(c *reactor.Conn, err error) {
		r.told++
		r.at, r.conn, r.err = l.r.Kernel().Monotonic(), c, err
		switch {
		case r.told > 1 || (c == nil) != (err != nil):
			t.Errorf("%s: call %d with %v, %v", address, r.told, c, err)
		case c != nil && (c.Closing() || c.Active() || c.Reading() || l.r.Owner() != c):
			t.Errorf("%s: got a connection with Closing %v, Active %v, Reading %v, whose turn it is: %v",
				address, c.Closing(), c.Active(), c.Reading(), l.r.Owner() == c)
		case c == nil && l.r.Owner() != nil:
			t.Errorf("%s: the turn of a failure belongs to %v", address, l.r.Owner().RemoteAddr())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.told > 0 {
		t.Errorf("%s: done was called by Dial", address)
	}
	r.d = d
	return r
}

// end checks that nothing is left of the dial, and closes what it made.
func (r *dialed) end(t testing.TB, l *Loop) {
	t.Helper()
	if r.conn != nil {
		r.conn.Close(nil)
	}
	run(t, l)
	if r.told != 1 {
		t.Errorf("done was called %d times", r.told)
	}
	d := r.d
	if d.done != nil || d.attempts != nil || d.tried != nil || d.unfound != nil || d.asked != [families]*Lookup{} || d.why != nil || d.state != dialOver {
		t.Errorf("the dial holds on to something: %+v", d)
	}
	if l.working != 0 || len(l.timers.heap) > 0 || l.r.Live() > 0 || l.r.Refs() > 0 {
		t.Errorf("%d pieces of work, %d timers, %d connections and %d references are left",
			l.working, len(l.timers.heap), l.r.Live(), l.r.Refs())
	}
}

// errServer is an answer that is none.
var errServer = &net.DNSError{Err: "server misbehaving", Name: "host", IsTemporary: true}

// families of a test's host, "six" and "four" an error, or addresses. Port 80 is where everybody listens or doesn't.
type fakeHost struct {
	six, four       []string
	sixErr, fourErr error
}

func (h *fakeHost) lookup(_ context.Context, network, _ string) ([]netip.Addr, error) {
	if network == "ip6" {
		return addresses(h.six...), h.sixErr
	}
	return addresses(h.four...), h.fourErr
}

// Addresses with a fate.
const (
	works6, works4     = "2001:db8::1", "192.0.2.1"
	refuses6, refuses4 = "2001:db8::2", "192.0.2.2"
	silent6, silent4   = "2001:db8::3", "192.0.2.3"
	slow6, slow4       = "2001:db8::4", "192.0.2.4" // unreachable, which is known after a second
	noRoute6, noRoute4 = "2001:db8::5", "192.0.2.5"
)

// newDialWorld is a world with these addresses. On port 80 of works6 and works4 somebody listens.
func newDialWorld(t testing.TB, so simkernel.Options, h *fakeHost) (*delayedKernel, *Loop) {
	t.Helper()
	return newDialWorldWith(t, so, Options{}, h)
}

func newDialWorldWith(t testing.TB, so simkernel.Options, o Options, h *fakeHost) (*delayedKernel, *Loop) {
	t.Helper()
	if o.Resolver == nil {
		o.Resolver = NewResolver(ResolverOptions{Lookup: h.lookup})
	}
	k, l := newDelayed(t, so, o)
	w := k.World()
	for addr, fate := range map[string]simkernel.Fate{
		silent6: simkernel.BlackHole, silent4: simkernel.BlackHole, slow6: simkernel.HostUnreachable,
		slow4: simkernel.HostUnreachable, noRoute6: simkernel.NoRoute, noRoute4: simkernel.NoRoute,
	} {
		w.Route(netip.AddrPortFrom(netip.MustParseAddr(addr), 0).String(), fate)
	}
	for _, addr := range []string{works6, works4, "::1", "127.0.0.1"} {
		w.ListenPeer(netip.AddrPortFrom(netip.MustParseAddr(addr), 80).String(), func(*simkernel.Peer) {})
	}
	return k, l
}

func TestDialTriesAddressesInTheOrderAndAtTheTimesOfRFC8305(t *testing.T) {
	list := func(texts ...string) []string { return texts }
	none := &net.DNSError{Err: "no such host", Name: "host", IsNotFound: true}
	local4 := netip.MustParseAddrPort("127.0.0.1:0")
	local6 := netip.MustParseAddrPort("[::1]:0")
	for _, try := range []struct {
		name    string
		network string // tcp
		address string // host:80
		host    fakeHost
		delays  []time.Duration // of the look-ups that are made, IPv6 first
		o       DialOptions
		want    string // attempts: when, in ms, and where to, by the name of the address above
		ends    time.Duration
		err     error // nil if it succeeds
	}{
		{
			name: "IPv6 works", host: fakeHost{six: list(works6), four: list(works4)},
			delays: []time.Duration{10 * ms, 10 * ms}, want: "10 " + works6, ends: 10 * ms,
		},
		{
			name: "IPv6 does not wait for IPv4", host: fakeHost{six: list(works6), four: list(works4)},
			delays: []time.Duration{10 * ms, time.Hour}, want: "10 " + works6, ends: 10 * ms,
		},
		{
			name: "IPv6 is silent", host: fakeHost{six: list(silent6), four: list(works4)},
			delays: []time.Duration{10 * ms, 10 * ms}, want: "10 " + silent6 + ", 260 " + works4, ends: 260 * ms,
		},
		{
			name: "another delay between attempts", host: fakeHost{six: list(silent6), four: list(works4)},
			o: DialOptions{FallbackDelay: 70 * ms}, want: "0 " + silent6 + ", 70 " + works4, ends: 70 * ms,
		},
		{
			name: "IPv6 is refused", host: fakeHost{six: list(refuses6), four: list(works4)},
			delays: []time.Duration{10 * ms, 10 * ms}, want: "10 " + refuses6 + ", 10 " + works4, ends: 10 * ms,
		},
		{
			name: "there is no route for IPv6", host: fakeHost{six: list(noRoute6), four: list(works4)},
			want: "0 " + noRoute6 + ", 0 " + works4,
		},
		{
			name: "IPv6 is found late, but in time", host: fakeHost{six: list(works6), four: list(works4)},
			delays: []time.Duration{59 * ms, 10 * ms}, want: "59 " + works6, ends: 59 * ms,
		},
		{
			name: "IPv6 is found too late", host: fakeHost{six: list(works6), four: list(works4)},
			delays: []time.Duration{100 * ms, 10 * ms}, want: "60 " + works4, ends: 60 * ms,
		},
		{
			name: "another delay for IPv6 to be found", host: fakeHost{six: list(works6), four: list(works4)},
			delays: []time.Duration{100 * ms, 10 * ms}, o: DialOptions{ResolutionDelay: 20 * ms}, want: "30 " + works4, ends: 30 * ms,
		},
		{
			name: "no delay for IPv6 to be found", host: fakeHost{six: list(works6), four: list(works4)},
			delays: []time.Duration{100 * ms, 10 * ms}, o: DialOptions{ResolutionDelay: -1}, want: "10 " + works4, ends: 10 * ms,
		},
		{
			name: "IPv6 is not found while IPv4 waits", host: fakeHost{sixErr: none, four: list(works4)},
			delays: []time.Duration{40 * ms, 10 * ms}, want: "40 " + works4, ends: 40 * ms,
		},
		{
			name: "IPv6 is found late, and joins", host: fakeHost{six: list(works6), four: list(silent4, silent4)},
			delays: []time.Duration{100 * ms, 10 * ms}, want: "60 " + silent4 + ", 310 " + works6, ends: 310 * ms,
		},
		{
			name: "IPv6 is found when IPv4 has failed", host: fakeHost{six: list(works6), four: list(refuses4)},
			delays: []time.Duration{100 * ms, 10 * ms}, want: "60 " + refuses4 + ", 100 " + works6, ends: 100 * ms,
		},
		{
			name: "IPv6 is found when it is long due", host: fakeHost{six: list(works6), four: list(silent4)},
			delays: []time.Duration{600 * ms, 10 * ms}, want: "60 " + silent4 + ", 600 " + works6, ends: 600 * ms,
		},
		{
			name: "IPv4 is found when it is long due", host: fakeHost{six: list(silent6), four: list(works4)},
			delays: []time.Duration{10 * ms, 600 * ms}, want: "10 " + silent6 + ", 600 " + works4, ends: 600 * ms,
		},
		{
			name: "IPv4 only", host: fakeHost{sixErr: none, four: list(works4)},
			delays: []time.Duration{10 * ms, 20 * ms}, want: "20 " + works4, ends: 20 * ms,
		},
		{
			name: "IPv6 only", host: fakeHost{six: list(works6), fourErr: none},
			delays: []time.Duration{20 * ms, 10 * ms}, want: "20 " + works6, ends: 20 * ms,
		},
		{
			name: "IPv6 cannot be looked up", host: fakeHost{sixErr: errServer, four: list(works4)},
			delays: []time.Duration{30 * ms, 10 * ms}, want: "30 " + works4, ends: 30 * ms,
		},
		{
			name: "neither can be looked up", host: fakeHost{sixErr: errServer, fourErr: none},
			delays: []time.Duration{30 * ms, 10 * ms}, ends: 30 * ms, err: errServer,
		},
		{
			name: "neither is found", host: fakeHost{sixErr: none, fourErr: none},
			delays: []time.Duration{30 * ms, 10 * ms}, ends: 30 * ms, err: none,
		},
		{
			name: "families in turn", host: fakeHost{six: list(silent6, silent6, silent6, works6), four: list(silent4, refuses4)},
			want: "0 " + silent6 + ", 250 " + silent4 + ", 500 " + silent6 + ", 750 " + refuses4 + ", 750 " + silent6 + ", 1000 " + works6,
			ends: 1000 * ms,
		},
		{
			name: "a failure brings the next attempt forward", host: fakeHost{six: list(slow6, works6), four: list(silent4, silent4)},
			o:    DialOptions{FallbackDelay: 600 * ms},
			want: "0 " + slow6 + ", 600 " + silent4 + ", 1000 " + works6, ends: 1000 * ms,
		},
		{
			name: "one after another", host: fakeHost{six: list(slow6), four: list(slow4, works4)},
			o:    DialOptions{FallbackDelay: -1},
			want: "0 " + slow6 + ", 1000 " + slow4 + ", 2000 " + works4, ends: 2000 * ms,
		},
		{
			name: "everybody refuses", host: fakeHost{six: list(refuses6, noRoute6), four: list(refuses4)},
			want: "0 " + refuses6 + ", 0 " + refuses4 + ", 0 " + noRoute6, err: reactor.ECONNREFUSED,
		},
		{
			name: "a time-out in the look-up", host: fakeHost{six: list(works6), four: list(works4)},
			delays: []time.Duration{time.Minute, time.Minute}, o: DialOptions{Timeout: time.Second}, ends: time.Second, err: reactor.ETIMEDOUT,
		},
		{
			name: "a time-out while IPv4 waits", host: fakeHost{six: list(works6), four: list(works4)},
			delays: []time.Duration{time.Minute, 980 * ms}, o: DialOptions{Timeout: time.Second}, ends: time.Second, err: reactor.ETIMEDOUT,
		},
		{
			name: "a time-out in the connect", host: fakeHost{six: list(silent6), four: list(refuses4, silent4)},
			o: DialOptions{Timeout: time.Second}, want: "0 " + silent6 + ", 250 " + refuses4 + ", 250 " + silent4,
			ends: time.Second, err: reactor.ETIMEDOUT,
		},
		{
			name: "tcp4", network: "tcp4", host: fakeHost{six: list(works6), four: list(works4)},
			delays: []time.Duration{20 * ms}, want: "20 " + works4, ends: 20 * ms,
		},
		{
			name: "tcp6", network: "tcp6", host: fakeHost{six: list(works6), four: list(works4)},
			delays: []time.Duration{20 * ms}, want: "20 " + works6, ends: 20 * ms,
		},
		{
			name: "from an IPv4 address", host: fakeHost{six: list(works6), four: list(works4)},
			delays: []time.Duration{20 * ms}, o: DialOptions{LocalAddr: local4}, want: "20 " + works4, ends: 20 * ms,
		},
		{
			name: "from an IPv6 address", host: fakeHost{six: list(works6), four: list(works4)},
			delays: []time.Duration{20 * ms}, o: DialOptions{LocalAddr: local6}, want: "20 " + works6, ends: 20 * ms,
		},
		{name: "a literal", address: works4 + ":80", want: "0 " + works4},
		{name: "a literal and a service", address: "[" + works6 + "]:http", want: "0 " + works6},
		{name: "this machine", address: ":80", want: "0 ::1"},
		{name: "this machine, by IPv4", network: "tcp4", address: ":80", want: "0 127.0.0.1"},
		{name: "a literal of the other family", network: "tcp6", address: works4 + ":80", err: &net.AddrError{}},
		{name: "from an address of the other family", network: "tcp4", o: DialOptions{LocalAddr: local6}, err: &net.AddrError{}},
	} {
		t.Run(strings.ReplaceAll(try.name, " ", "_"), func(t *testing.T) {
			k, l := newDialWorld(t, simkernel.Options{Seed: 1}, &try.host)
			k.delays = try.delays
			network, address := try.network, try.address
			if network == "" {
				network = "tcp"
			}
			if address == "" {
				address = "host:80"
			}
			r := startDial(t, l, network, address, try.o)
			run(t, l)
			var attempts []string
			for _, c := range k.connects {
				attempts = append(attempts, fmt.Sprintf("%d %s", c.at.Milliseconds(), netip.MustParseAddrPort(c.to).Addr()))
			}
			if got := strings.Join(attempts, ", "); got != try.want {
				t.Errorf("attempts:\n got %s\nwant %s", got, try.want)
			}
			if r.at != try.ends || k.Monotonic() != try.ends {
				t.Errorf("it ended at %v, and kept the loop until %v, want %v", r.at, k.Monotonic(), try.ends)
			}
			var wrong *net.AddrError
			switch {
			case errors.As(try.err, &wrong):
				if !errors.As(r.err, &wrong) {
					t.Errorf("got %v, want a *net.AddrError", r.err)
				}
			case !errors.Is(r.err, try.err):
				t.Errorf("got %v, want %v", r.err, try.err)
			}
			if last := len(k.connects) - 1; try.err == nil && (r.conn == nil || r.conn.RemoteAddr().String() != k.connects[last].to) {
				t.Errorf("connected to %v, want the last that was tried", r.conn)
			}
			r.end(t, l)
			if len(k.delays) > 0 {
				t.Errorf("look-ups that were not made: %d", len(k.delays))
			}
		})
	}
}

// Whoever reads the error learns of every reason, and errors.Is finds each.
func TestDialTellsAllReasons(t *testing.T) {
	_, l := newDialWorld(t, simkernel.Options{Seed: 1}, &fakeHost{six: []string{refuses6, noRoute6}, fourErr: errServer})
	r := startDial(t, l, "tcp", "host:80", DialOptions{})
	run(t, l)
	want := "loop: dial tcp host:80: reactor: connect [2001:db8::2]:80: connection refused; " +
		"reactor: connect [2001:db8::5]:80: connect: network is unreachable; loop: look up host: " + errServer.Error()
	if r.err == nil || r.err.Error() != want {
		t.Errorf("got  %v\nwant %v", r.err, want)
	}
	var dns *net.DNSError
	if !errors.Is(r.err, reactor.ECONNREFUSED) || !errors.As(r.err, &dns) || dns != errServer {
		t.Errorf("a reason is not found in %v", r.err)
	}
	r.end(t, l)

	// A time-out comes first, and what had failed by then.
	_, l = newDialWorld(t, simkernel.Options{Seed: 1}, &fakeHost{six: []string{silent6}, four: []string{refuses4}})
	k := l.r.Kernel().(*delayedKernel)
	for _, try := range []struct {
		delay time.Duration // of the look-ups
		want  string
	}{
		{0, "loop: dial tcp host:80: connection timed out; reactor: connect 192.0.2.2:80: connection refused"},
		{time.Hour, "loop: dial tcp host:80: connection timed out"},
	} {
		k.delays = []time.Duration{try.delay, try.delay}
		r = startDial(t, l, "tcp", "host:80", DialOptions{Timeout: time.Second})
		run(t, l)
		if r.err == nil || r.err.Error() != try.want || !errors.Is(r.err, reactor.ETIMEDOUT) {
			t.Errorf("got  %v\nwant %s", r.err, try.want)
		}
		r.end(t, l)
	}

	// That a family has no address is no reason while the other one has; and nobody wants to hear it twice.
	missing := &net.DNSError{Err: "no such host", Name: "host", IsNotFound: true}
	_, l = newDialWorld(t, simkernel.Options{Seed: 1}, &fakeHost{six: []string{refuses6}, fourErr: missing})
	r = startDial(t, l, "tcp", "host:80", DialOptions{})
	run(t, l)
	if errors.As(r.err, &dns) {
		t.Errorf("got %v", r.err)
	}
	r.end(t, l)
	_, l = newDialWorld(t, simkernel.Options{Seed: 1}, &fakeHost{sixErr: missing, fourErr: missing})
	r = startDial(t, l, "tcp", "host:80", DialOptions{})
	run(t, l)
	if want := "loop: dial tcp host:80: loop: look up host: " + missing.Error(); r.err == nil || r.err.Error() != want {
		t.Errorf("got %v, want %v", r.err, want)
	}
	r.end(t, l)
}

// What can be seen to be wrong at once is told by Dial, and nothing is left.
func TestDialOfWhatIsNoAddress(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		never := func(*reactor.Conn, error) { t.Error("done was called") }
		local := DialOptions{LocalAddr: netip.MustParseAddrPort("127.0.0.1:0")}
		for _, try := range []struct {
			network, address string
			o                DialOptions
			done             func(*reactor.Conn, error)
			want             error // nil: some error
		}{
			{"udp", "127.0.0.1:1", DialOptions{}, never, net.UnknownNetworkError("udp")},
			{"tcp", "127.0.0.1", DialOptions{}, never, nil},
			{"tcp", "", DialOptions{}, never, nil},
			{"tcp", "127.0.0.1:99999", DialOptions{}, never, nil},
			{"tcp", "127.0.0.1:no-such-service", DialOptions{}, never, nil},
			{"unix", "", DialOptions{}, never, reactor.EINVAL},
			{"unix", "/socket", local, never, reactor.EINVAL},
			{"tcp", "127.0.0.1:1", DialOptions{}, nil, reactor.EINVAL},
		} {
			try.o.Timeout = time.Hour
			d, err := l.Dial(try.network, try.address, try.o, try.done)
			if d != nil || err == nil || try.want != nil && !errors.Is(err, try.want) {
				t.Errorf("%s %q: got %v, %v, want %v", try.network, try.address, d, err, try.want)
			}
		}
		if l.Alive() || len(l.timers.heap) > 0 {
			t.Error("something is left")
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Dial("tcp", "127.0.0.1:1", DialOptions{}, never); !errors.Is(err, reactor.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// Wherever the dial is, Cancel ends it: done is told in a later turn, once, and all is closed at once.
func TestDialCancelAtEveryStage(t *testing.T) {
	host := &fakeHost{six: []string{silent6, refuses6, works6}, four: []string{silent4}}
	for _, at := range []time.Duration{-1, 0, 9 * ms, 10 * ms, 30 * ms, 60 * ms, 200 * ms, 310 * ms, 311 * ms, 559 * ms} {
		t.Run(at.String(), func(t *testing.T) {
			k, l := newDialWorld(t, simkernel.Options{Seed: 1}, host)
			k.delays = []time.Duration{100 * ms, 10 * ms} // IPv4 at 60 ms, IPv6 at 310 and 560 ms
			r := startDial(t, l, "tcp", "host:80", DialOptions{Timeout: time.Minute})
			cancel := func() {
				r.d.Cancel()
				r.d.Cancel()
				if r.told > 0 {
					t.Error("done was called by Cancel")
				}
				if n := k.World().OpenFDs(); n > 0 {
					t.Errorf("%d descriptors are open", n)
				}
			}
			if at < 0 {
				cancel()
			} else {
				start(t, l.NewTimer(), cancel, at, 0)
			}
			run(t, l)
			if !errors.Is(r.err, reactor.ECANCELED) || errors.Is(r.err, reactor.ECONNREFUSED) || r.at != max(at, 0) {
				t.Errorf("at %v: %v", r.at, r.err)
			}
			r.d.Cancel()
			r.end(t, l)
		})
	}
}

// A dial that has failed and not told so is cancelled all the same; one that has told is not.
func TestDialCancelInTheLastMoment(t *testing.T) {
	_, l := newDialWorld(t, simkernel.Options{Seed: 1}, &fakeHost{})
	r := startDial(t, l, "tcp6", works4+":80", DialOptions{})
	if r.d.state != dialOwing {
		t.Fatalf("state %d", r.d.state)
	}
	r.d.Cancel()
	run(t, l)
	if !errors.Is(r.err, reactor.ECANCELED) {
		t.Errorf("got %v", r.err)
	}
	r.end(t, l)

	var d *Dialing
	told := 0
	d, err := l.Dial("tcp", works4+":80", DialOptions{}, func(c *reactor.Conn, err error) {
		told++
		d.Cancel()
		if err != nil || c.Closing() {
			t.Errorf("closing: %v, %v", c.Closing(), err)
		}
		c.Close(nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, l)
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

// A dial is a request: it keeps the loop running, and the loop from being closed; Stop only interrupts it.
func TestDialsUnderWayWhenTheLoopStopsOrCloses(t *testing.T) {
	k, l := newDialWorld(t, simkernel.Options{Seed: 1}, &fakeHost{six: []string{silent6}, four: []string{works4}})
	k.delays = []time.Duration{10 * ms, 10 * ms}
	r := startDial(t, l, "tcp", "host:80", DialOptions{})
	for _, at := range []time.Duration{5 * ms, 20 * ms} {
		stop := l.NewTimer()
		stop.Unref()
		start(t, stop, l.Stop, at-k.Monotonic(), 0)
		run(t, l)
		if r.told > 0 || !l.Alive() || k.Monotonic() != at {
			t.Errorf("at %v: told %d times, alive: %v", k.Monotonic(), r.told, l.Alive())
		}
		stop.Close(nil)
		if err := l.Close(); !errors.Is(err, reactor.EBUSY) {
			t.Errorf("Close: %v, want EBUSY", err)
		}
	}
	run(t, l)
	if r.err != nil || r.at != 260*ms {
		t.Errorf("at %v: %v", r.at, r.err)
	}
	r.end(t, l)
}

// Nothing of a dial is a handle but its connections. Closing those is a failure like any other.
func TestClosingAllHandlesEndsTheAttemptsOfADial(t *testing.T) {
	_, l := newDialWorld(t, simkernel.Options{Seed: 1}, &fakeHost{six: []string{silent6}, four: []string{silent4}})
	r := startDial(t, l, "tcp", "host:80", DialOptions{Timeout: time.Hour})
	for l.Now() < 250*ms {
		once(t, l)
	}
	seen := 0
	l.Walk(func(h Handle) {
		seen++
		h.Close(nil)
	})
	run(t, l)
	if seen != 2 || !errors.Is(r.err, reactor.ECANCELED) {
		t.Errorf("saw %d handles, got %v", seen, r.err)
	}
	r.end(t, l)
}

// A connection whose owner panics at once is nobody's: it is reset. A failure has no owner.
func TestAPanicInTheCallbackOfADialResetsTheConnection(t *testing.T) {
	host := &fakeHost{six: []string{silent6}, four: []string{works4}}
	var panics []*PanicError
	o := Options{OnPanic: func(e *PanicError) { panics = append(panics, e) }}
	_, l := newDialWorldWith(t, simkernel.Options{Seed: 1}, o, host)
	var conn *reactor.Conn
	for _, address := range []string{"host:80", "host:81"} {
		_, err := l.Dial("tcp4", address, DialOptions{}, func(c *reactor.Conn, err error) {
			if c != nil {
				conn = c
			}
			panic("in done")
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	run(t, l)
	if len(panics) != 2 {
		t.Fatalf("%d panics", len(panics))
	}
	owned := slices.IndexFunc(panics, func(e *PanicError) bool { return e.Owned })
	if owned < 0 || panics[owned].Peer.String() != works4+":80" || panics[1-owned].Owned {
		t.Errorf("owned: %v, %v", panics[0], panics[1])
	}
	if !conn.Closing() || l.working != 0 || l.r.Live() > 0 {
		t.Errorf("closing: %v, %d pieces of work, %d connections", conn.Closing(), l.working, l.r.Live())
	}
}

func TestAThousandDialsAtOnce(t *testing.T) {
	k, l := newDialWorld(t, simkernel.Options{Seed: 1, CallCost: time.Microsecond}, &fakeHost{six: []string{silent6}, four: []string{refuses4, works4}})
	var all []*dialed
	for range 1000 {
		all = append(all, startDial(t, l, "tcp", "host:80", DialOptions{}))
	}
	run(t, l)
	if k.works != 2 {
		t.Errorf("%d look-ups, want one of each family", k.works)
	}
	for _, r := range all {
		if r.err != nil {
			t.Fatal(r.err)
		}
	}
	if n := k.World().OpenFDs(); n != len(all) {
		t.Errorf("%d descriptors for %d connections", n, len(all))
	}
	for _, r := range all {
		r.conn.Close(nil)
	}
	run(t, l)
	all[0].end(t, l)
}

// A name with very many addresses is not tried for ever.
func TestDialTriesABoundedNumberOfAddresses(t *testing.T) {
	host := &fakeHost{}
	for i := range 1000 {
		host.six = append(host.six, fmt.Sprintf("2001:db8::2:%x", i))
	}
	k, l := newDialWorld(t, simkernel.Options{Seed: 1}, host)
	r := startDial(t, l, "tcp", "host:80", DialOptions{})
	run(t, l)
	if !errors.Is(r.err, reactor.ECONNREFUSED) || len(k.connects) != maxCandidates {
		t.Errorf("%d attempts, %v", len(k.connects), r.err)
	}
	r.end(t, l)
}

// On every kernel: a name with two addresses, of which one has a listener; a Unix socket; and nobody there.
func TestDial(t *testing.T) {
	host := &fakeHost{six: []string{"::1"}, four: []string{"127.0.0.1"}}
	onWorkers(t, withLookup(host.lookup), func(t *testing.T, l *Loop) {
		for _, network := range []string{"tcp", "unix"} {
			var accepted *reactor.Conn
			ln := listen(t, l, network, func(c *reactor.Conn) { accepted = c })
			address := unixPath(t, l)
			if network == "tcp" {
				address = fmt.Sprintf("host:%d", ln.Addr().Port())
			}
			r := startDial(t, l, network, address, DialOptions{Timeout: patience})
			runUntil(t, l, "connection", func() bool { return r.told > 0 && accepted != nil })
			if r.err != nil {
				t.Fatal(r.err)
			}
			got := ""
			read(t, accepted, func(p []byte, err error) {
				if got += string(p); err != nil {
					accepted.Close(nil)
				}
			})
			send(t, r.conn, "hello", func(error) { r.conn.Close(nil) })
			runUntil(t, l, "bytes", func() bool { return accepted.Closing() })
			if got != "hello" {
				t.Errorf("%s: read %q", network, got)
			}
			ln.Close(nil)
			run(t, l)
			r.end(t, l)

			r = startDial(t, l, network, address, DialOptions{})
			run(t, l)
			if network == "tcp" && !errors.Is(r.err, reactor.ECONNREFUSED) || r.err == nil {
				t.Errorf("%s: nobody listens: %v", network, r.err)
			}
			r.end(t, l)
		}
	})
}

func TestDialFromAnAddress(t *testing.T) {
	host := &fakeHost{six: []string{"::1"}, four: []string{"127.0.0.1"}}
	onWorkers(t, withLookup(host.lookup), func(t *testing.T, l *Loop) {
		var from netip.AddrPort
		ln := listen(t, l, "tcp", func(c *reactor.Conn) {
			from = c.RemoteAddr()
			c.Close(nil)
		})
		o := DialOptions{LocalAddr: netip.MustParseAddrPort("127.0.0.1:0")}
		r := startDial(t, l, "tcp", fmt.Sprintf("host:%d", ln.Addr().Port()), o)
		runUntil(t, l, "connection", func() bool { return r.told > 0 && from.IsValid() })
		if r.err != nil || from != r.conn.LocalAddr() || from.Addr() != o.LocalAddr.Addr() {
			t.Errorf("from %v, %v", from, r.err)
		}
		o.LocalAddr = ln.Addr()
		in := startDial(t, l, "tcp", ln.Addr().String(), o)
		runUntil(t, l, "failure", func() bool { return in.told > 0 })
		if !errors.Is(in.err, reactor.EADDRINUSE) {
			t.Errorf("from an address in use: %v", in.err)
		}
		ln.Close(nil)
		r.end(t, l)
		in.end(t, l)
	})
}

func TestDialOfLocalhost(t *testing.T) {
	l := newLoop(t, Options{})
	ln := listen(t, l, "tcp", func(c *reactor.Conn) { c.Close(nil) })
	for _, host := range []string{"localhost", ""} {
		r := startDial(t, l, "tcp", fmt.Sprintf("%s:%d", host, ln.Addr().Port()), DialOptions{Timeout: patience})
		runUntil(t, l, "connection", func() bool { return r.told > 0 })
		if r.err != nil {
			t.Fatalf("%q: %v", host, r.err)
		}
		r.conn.Close(nil)
	}
	ln.Close(nil)
	run(t, l)
}

// The loop's time stands still during long work, and before Run. A dial has its whole time all the same.
func TestDialAfterLongWorkHasAllItsTime(t *testing.T) {
	for _, o := range []DialOptions{{Timeout: time.Second}, {Timeout: math.MaxInt64}} {
		for _, inCallback := range []bool{false, true} {
			host := &fakeHost{six: []string{silent6}, four: []string{works4}}
			k, l := newDialWorld(t, simkernel.Options{Seed: 1, CallCost: -1}, host)
			var r *dialed
			work := func() {
				k.World().Advance(2 * time.Second)
				r = startDial(t, l, "tcp", "host:80", o)
			}
			if inCallback {
				l.Post(work)
			} else {
				work()
			}
			run(t, l)
			if r.err != nil {
				t.Fatalf("in a callback: %v: %v", inCallback, r.err)
			}
			if at := k.connects[1].at - k.connects[0].at; at < 250*ms {
				t.Errorf("in a callback: %v: the second attempt came after %v, want 250 ms", inCallback, at)
			}
			r.end(t, l)
		}
	}
}
