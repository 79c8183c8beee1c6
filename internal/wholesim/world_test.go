package wholesim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/static"
	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
)

const (
	originAddress = "127.0.0.1:8080"
	proxyAddress  = "127.0.0.1:8081"
	deadAddress   = "127.0.0.1:8082" // nobody listens

	readMost = 64 << 10 // what a read may bring beyond a mark
	// planned is what handlers panic with.
	planned = "the handler panics, as it was planned to"
)

// world is one seed.
type world struct {
	seed  uint64
	r     *rand.Rand
	w     *simkernel.World
	loops []*loop.Loop
	ticks []*loop.Timer // of several loops: see run
	t     *tally

	site          *site
	folder        *static.Handler
	origin, proxy *house
	far           *httpcore.Agent // the proxy's
	mark          int             // of all messages
	parts         bool            // files may be asked for in several parts

	kind     bool // no kernel and no network does wrong: whoever is not meant to fail succeeds
	jumps    bool // time may jump, so that deadlines pass
	cuts     bool // somebody has cut a file that is served
	narrow   bool // the disk or the table of descriptors is small
	unseen   bool // neither the proxy nor an echo looks at what it passes on, so the kernel may do that
	visitors []visitor
	fetches  []*fetch
	visits   []*visit
	shelves  map[string][]*fetch // the uploads to each name
	etags    map[int]string      // of the files that are served
	left     int                 // sessions and fetches that are not over
	budget   int                 // fetches that may still be begun
	panics   int                 // that were planned
	problems []string
}

// visitor is somebody with a browser, or without.
type visitor interface{ judge() }

func (s *world) fail(format string, args ...any) {
	if len(s.problems) < 10 {
		s.problems = append(s.problems, fmt.Sprintf("at %v: ", s.w.Now())+fmt.Sprintf(format, args...))
	}
}

func (s *world) chance(p float64) bool { return s.r.Float64() < p }

// unkind is chance, but never in a world where nothing goes wrong.
func (s *world) unkind(p float64) bool { return s.chance(p) && !s.kind }

// within is a time up to d.
func (s *world) within(d time.Duration) time.Duration { return time.Duration(s.r.Int64N(int64(d) + 1)) }

// after calls fn on l within so long.
func (s *world) after(l *loop.Loop, most time.Duration, fn func()) {
	t := l.NewTimer()
	if err := t.Start(func() {
		t.Close(nil)
		fn()
	}, s.within(most), 0); err != nil {
		s.fail("timer: %v", err)
	}
}

// any is one of the loops.
func (s *world) any() *loop.Loop { return s.loops[s.r.IntN(len(s.loops))] }

// newWorld makes the world of a seed.
func newWorld(seed uint64, at *site, parts bool) (*world, error) {
	so := simkernel.SwarmOptions(seed)
	s := &world{
		seed: seed, r: rand.New(rand.NewPCG(seed, 0x77686f6c65)), site: at, parts: parts, t: newTally(),
		shelves: map[string][]*fetch{}, etags: map[int]string{},
	}
	if s.kind = s.chance(0.2); s.kind {
		so.Faults = simkernel.Faults{}
	}
	if s.unkind(0.15) {
		so.DiskSpace = at.bytes + s.r.IntN(400_000)
		s.narrow = true
	}
	if s.unkind(0.1) {
		so.FDLimit = 16 + s.r.IntN(40)
		s.narrow = true
	}
	s.jumps = so.Faults.TimeJump > 0
	so.Workers = 1 + s.r.IntN(4)
	so.TraceLines, so.CountFaults, so.FileOf = 400, true, at.fileOf
	n := 1
	if s.chance(0.2) {
		n = 2 + s.r.IntN(2)
		so.CallCost = 50 * time.Microsecond // loops that take turns call often
	}
	s.w = simkernel.New(so)
	s.w.MakeFolder("shelf")
	at.fill(s.w)
	for range n {
		l, err := loop.New(loop.Options{
			Kernel: s.w.Kernel(), ReadBuffer: 1 << (9 + s.r.IntN(8)), OnUncaught: s.uncaught, OnPanic: s.panicked,
		})
		if err != nil {
			return nil, err
		}
		s.loops = append(s.loops, l)
	}
	s.mark = 1 << (6 + s.r.IntN(11))
	s.unseen = s.chance(0.6)
	s.far = httpcore.NewAgent(s.agentOptions())
	var err error
	if s.folder, err = static.New(at.dir, static.Options{CacheControl: "max-age=60", NoSniff: s.chance(0.3)}); err != nil {
		return nil, err
	}
	s.origin = &house{s: s, name: "the origin", address: originAddress, l: s.any(), handle: s.answer}
	if s.chance(0.5) {
		s.origin.expecting = s.answerExpecting
	}
	s.proxy = &house{s: s, name: "the proxy", address: proxyAddress, l: s.any(), handle: s.relay}
	if s.chance(0.5) {
		s.proxy.expecting = s.relay
	}
	s.origin.options, s.proxy.options = s.serverOptions(), s.serverOptions()
	return s, errors.Join(s.origin.open(), s.proxy.open())
}

// uncaught is told what nobody has listened for: of a file that cannot be served, and nothing else.
func (s *world) uncaught(err error) {
	if strings.HasPrefix(err.Error(), "static: ") && (!s.kind || s.cuts) {
		s.t.add("static told why")
		return
	}
	s.fail("uncaught: %v", err)
}

func (s *world) panicked(e *loop.PanicError) {
	if e.Value != planned {
		s.fail("%v\n%s", e, e.Stack)
		return
	}
	s.panics--
	s.t.add("a handler's panic")
}

func (s *world) agentOptions() httpcore.AgentOptions {
	o := httpcore.AgentOptions{MaxSockets: 1 + s.r.IntN(6)}
	if s.chance(0.2) {
		o.MaxSockets = 0
	}
	if s.chance(0.2) {
		o.MaxTotalSockets = 1 + s.r.IntN(4)
	}
	if s.chance(0.2) {
		o.MaxFreeSockets = s.r.IntN(4) - 1
	}
	if s.unkind(0.1) {
		o.MaxQueued = 1 + s.r.IntN(8)
	}
	if s.chance(0.3) {
		o.IdleTimeout = 1 + s.within(20*time.Millisecond)
	}
	o.NoKeepAlive, o.FIFO = s.chance(0.05), s.chance(0.3)
	return o
}

func (s *world) serverOptions() httpcore.ServerOptions {
	o := httpcore.ServerOptions{HighWaterMark: s.mark}
	if s.chance(0.2) {
		o.MaxRequestsPerSocket = 1 + s.r.IntN(6)
	}
	if s.unkind(0.35) {
		o.IdleTimeout = 1 + s.within(20*time.Millisecond)
	}
	if s.unkind(0.05) {
		o.MaxConnections = 1 + s.r.IntN(6)
	}
	if s.unkind(0.1) {
		o.MaxBody = int64(1 + s.r.IntN(100_000))
	}
	return o
}

// live lives through a seed, with so many exchanges on average. parts says that files may be asked for in several parts.
func live(seed uint64, at *site, exchanges int, parts bool) *world {
	s, err := newWorld(seed, at, parts)
	if err != nil {
		return &world{seed: seed, t: newTally(), problems: []string{err.Error()}}
	}
	defer s.folder.Close()
	s.budget = exchanges/2 + s.r.IntN(exchanges)
	for range 1 + s.r.IntN(4) {
		s.visitors = append(s.visitors, newBrowser(s))
	}
	for range s.r.IntN(3) {
		s.visitors = append(s.visitors, newPipeliner(s))
	}
	s.disturb()
	s.conclude()
	if err := s.run(); err != nil {
		s.fail("Run: %v; %s", err, s.open())
		return s
	}
	s.judge()
	return s
}

// run gives every loop its turns until all have ended.
func (s *world) run() error {
	if len(s.loops) == 1 {
		return s.loops[0].Run()
	}
	for _, l := range s.loops {
		tick := l.NewTimer() // one loop's wait must not outlast what the others have to do
		tick.Start(func() {}, 5*time.Millisecond, 5*time.Millisecond)
		s.ticks = append(s.ticks, tick)
	}
	for alive := true; alive; {
		alive = false
		for _, l := range s.loops {
			more, err := l.RunOnce()
			if err != nil {
				return err
			}
			alive = alive || more
		}
	}
	return nil
}

// disturb has things happen to the world while its visitors are about.
func (s *world) disturb() {
	const while = 100 * time.Millisecond
	if s.chance(0.2) {
		s.after(s.any(), while, s.far.CloseIdleConnections)
	}
	for _, h := range []*house{s.origin, s.proxy} {
		switch {
		case s.chance(0.25), s.kind && s.chance(0.4):
			s.after(h.l, while, h.drain)
		case s.unkind(0.15):
			s.after(h.l, while, h.die)
		}
	}
	if s.chance(0.1) { // both, because somebody says so
		sig := s.loops[0].NewSignal()
		drain := func() {
			for _, h := range []*house{s.origin, s.proxy} {
				h.l.Post(h.drain)
			}
		}
		if err := sig.StartOneShot(syscall.SIGTERM, func(os.Signal) { sig.Close(nil); s.t.add("SIGTERM"); drain() }); err != nil {
			s.fail("signal: %v", err)
		}
		s.w.After(s.within(while), func() { s.w.Raise(syscall.SIGTERM) })
	}
	if s.unkind(0.15) {
		s.cuts = true
		name, size := s.site.one(s.r)
		s.w.After(s.within(while), func() { s.w.TruncateFile(name, s.r.IntN(size+1)) })
	}
}

// open describes what is not over.
func (s *world) open() string {
	near, far := s.near(), s.far.Metrics()
	return fmt.Sprintf("%d to do, %d and %d connections of the servers, agents with %d+%d+%d and %d+%d+%d", s.left, s.origin.conns, s.proxy.conns,
		near.Sockets, near.FreeSockets, near.Queued, far.Sockets, far.FreeSockets, far.Queued)
}

// near is what all browsers have.
func (s *world) near() (sum httpcore.AgentMetrics) {
	for _, v := range s.visitors {
		if b, ok := v.(*browser); ok {
			m := b.agent.Metrics()
			sum.Sockets += m.Sockets
			sum.FreeSockets += m.FreeSockets
			sum.Queued += m.Queued
		}
	}
	return sum
}

// conclude has the world end when everything is over.
func (s *world) conclude() {
	l := s.loops[0]
	patient := s.chance(0.5) && len(s.loops) == 1
	pause, enough := time.Second, time.Hour
	if s.jumps {
		enough = 24 * time.Hour // a thousand jumps are an hour
	}
	if len(s.loops) > 1 {
		pause = 50 * time.Millisecond // each millisecond costs
	}
	done := func() {
		s.origin.leave()
		s.proxy.leave()
		for i, tick := range s.ticks {
			s.loops[i].Post(func() { tick.Close(nil) })
		}
	}
	const over = "0 to do, 0 and 0 connections of the servers, agents with 0+0+0 and 0+0+0"
	var look func()
	look = func() {
		switch {
		case s.open() == over && s.origin.stands() && s.proxy.stands():
			done()
		case l.Now() > enough:
			s.fail("not over: %s", s.open())
			l.Stop()
			done()
		default:
			if s.left == 0 && !patient { // idle connections are closed by and by, or now
				s.far.CloseIdleConnections()
				for _, v := range s.visitors {
					if b, ok := v.(*browser); ok {
						b.agent.CloseIdleConnections()
					}
				}
			}
			s.after(l, pause, look)
		}
	}
	look()
}

// judge looks at what is left when the loops have ended.
func (s *world) judge() {
	for _, f := range s.fetches {
		f.judge()
	}
	for _, v := range s.visits {
		v.judge()
	}
	for _, v := range s.visitors {
		v.judge()
	}
	s.origin.judge()
	s.proxy.judge()
	s.judgeShelf()
	if s.panics != 0 {
		s.fail("of the panics that were planned %d were not told", s.panics)
	}
	for _, l := range s.loops {
		l.Walk(func(h loop.Handle) { s.fail("a %T is left", h) })
		if l.Alive() {
			s.fail("a loop that has ended is alive")
		}
		s.t.count("bytes spliced", int(l.Reactor().Metrics().BytesSpliced))
		if err := l.Close(); err != nil {
			s.fail("Close: %v", err)
		}
	}
	s.problems = append(s.problems, s.w.Check()...)
	for fault, n := range s.w.Happened() {
		s.t.faults[fault] += n
	}
}

// judgeShelf looks at the uploads: each name has one of those that it was given, whole, or nothing.
func (s *world) judgeShelf() {
	for name, sent := range s.shelves {
		got, there := s.w.ReadFile(name)
		kept := false
		for _, f := range sent {
			kept = kept || f.kept
		}
		switch {
		case there && !isOneOf(sent, got):
			s.fail("%s has %d bytes that are nobody's upload", name, len(got))
		case !there && kept:
			s.fail("%s was uploaded, and is not there", name)
		}
	}
}

// isOneOf reports whether got is one of the uploads.
func isOneOf(sent []*fetch, got []byte) bool {
	for _, f := range sent {
		if string(got) == string(f.sent) {
			return true
		}
	}
	return false
}

// report is what a seed prints that fails.
func (s *world) report() string {
	trace := ""
	if s.w != nil {
		lines := strings.Split(strings.TrimSpace(s.w.Trace()), "\n")
		trace = "\nthe end of its trace:\n\t" + strings.Join(lines[max(0, len(lines)-40):], "\n\t")
	}
	return fmt.Sprintf("seed %d:\n\t%s%s\nagain: SIM_SEED=%d SIM_LIVES=1 go test -run TestSimWholeWorlds ./internal/wholesim", s.seed,
		strings.Join(s.problems, "\n\t"), trace, s.seed)
}
