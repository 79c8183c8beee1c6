package lab

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/weir-go/weir/bench/internal/load"
	"github.com/weir-go/weir/bench/internal/proc"
	"github.com/weir-go/weir/bench/internal/result"
	"github.com/weir-go/weir/bench/internal/subject"
)

// Options of a run.
type Options struct {
	Scenarios []string // names; "all" is all
	Subjects  []string // names, in the order of the table
	Rounds    int
	WarmUp    time.Duration // unmeasured time at the start of a turn
	Length    time.Duration // measured time of a turn; 0 is the scenario's
	// SlowLength and SlowRounds are of the scenarios with slow peers, which are about memory and need time, but few rounds; 0 is their own.
	SlowLength time.Duration
	SlowRounds int
	Conns      int     // of every scenario; 0 is the scenario's
	Rate       float64 // of scenario rate; 0 is its own
	Sleep      bool    // the load blocks; with one processor it always does
	// Until is when no round is begun any more that would end later, and a little later no turn; zero is never.
	Until    time.Time
	WeirPath string // a built cmd/echo; if empty it is built from the tree
	BasePath string // an older one, measured as weir-base
	Procs    int    // GOMAXPROCS of subjects written in Go
	Seed     uint64 // of the order of turns; 0 is by chance
	Command  []string
	Progress result.Progress
}

// Lab is subjects ready to be measured.
type Lab struct {
	o         Options
	dir       string
	file      *result.File
	scenarios []*Scenario
	programs  map[key]subject.Program
	refused   map[key]error // who is not in programs, and why
	upstream  *subject.Process
	records   map[cellKey]*record
	rng       *rand.Rand
	turns     int // done
	planned   int
	server    int // processors
	client    int
}

// key is a subject in a role.
type key struct{ subject, role string }

// Run measures what o asks for. It leaves no process and no file behind, whatever happens. If ctx ends when something has been measured, that
// is returned beside the error.
func Run(ctx context.Context, o Options) (f *result.File, err error) {
	l := &Lab{o: o, programs: map[key]subject.Program{}, refused: map[key]error{}, records: map[cellKey]*record{}}
	if l.scenarios, err = find(o.Scenarios); err != nil {
		return nil, err
	}
	for _, name := range o.Subjects {
		if _, err := subject.Named(name); err != nil {
			return nil, err
		}
	}
	if l.dir, err = os.MkdirTemp("", "weir-bench-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(l.dir)) }()
	defer l.stopUpstream()
	if err := l.open(ctx); err != nil {
		return nil, err
	}
	if err := l.prepare(ctx); err != nil {
		return nil, err
	}
	err = l.measure(ctx)
	if err != nil && (ctx.Err() == nil || !l.cut(ctx)) {
		return nil, err
	}
	l.finish()
	return l.file, err
}

// open fills in what is known before anything is done.
func (l *Lab) open(ctx context.Context) error {
	if l.o.Seed == 0 {
		l.o.Seed = rand.Uint64() >> 12 // a number that JSON readers keep exactly
	}
	l.rng = rand.New(rand.NewPCG(l.o.Seed, 0))
	if err := l.place(); err != nil {
		return err
	}
	l.tune()
	now := time.Now().UTC()
	commit, dirty := subject.Commit(ctx)
	l.file = &result.File{
		Version: result.Version,
		Run: result.Run{
			ID: fmt.Sprintf("%s-%04x", now.Format("20060102T150405Z"), rand.Uint32()&0xffff), Time: now,
			Command: l.o.Command, Commit: commit, Dirty: dirty, Seed: l.o.Seed, Environment: l.environment(), Notes: []string{},
		},
		LeftOut: []result.LeftOut{},
	}
	for _, name := range l.o.Subjects {
		s, _ := subject.Named(name) // Run has looked
		l.file.Subjects = append(l.file.Subjects, result.Subject{
			Name: name, Title: s.Title, Kind: s.Kind, Version: subject.Version(ctx, name, commit), Status: result.OK,
		})
	}
	for _, s := range l.scenarios {
		l.file.Scenarios = append(l.file.Scenarios, s.describe(l.o))
	}
	if l.server == l.client {
		l.note("One processor: server and load shared it, so the load slept, and the figures are coarse.")
	}
	if slices.ContainsFunc(l.file.Subjects, func(s result.Subject) bool { return s.Kind == result.KindGo }) {
		l.note("The rivals in Go are this program, which is larger than each would be alone: compare the growth of memory, not its peak.")
	}
	l.tell(result.Event{Kind: result.RunStarted, Plan: &result.Plan{
		Environment: l.file.Run.Environment, Subjects: slices.Clone(l.file.Subjects), Scenarios: slices.Clone(l.file.Scenarios),
	}})
	return nil
}

// tune fits the scenarios to the options and to this machine.
func (l *Lab) tune() {
	descriptors := int(descriptorLimit())
	for _, s := range l.scenarios {
		if l.o.Conns > 0 && s.conns > 0 {
			s.conns = l.o.Conns
			s.from = min(s.from, s.conns/4)
		}
		if l.o.Rate > 0 && s.Name == "rate" {
			s.rate = l.o.Rate
		}
		// The subject and the load have the same limit, and some more open.
		if most := descriptors - 200; s.conns > most && most > 0 {
			s.conns, s.from = most, min(s.from, most/4)
		}
	}
}

func (l *Lab) note(text string) {
	l.file.Run.Notes = append(l.file.Run.Notes, text)
	l.tell(result.Event{Kind: result.Note, Text: text})
}

// leaveOut has one entry for each name; further reasons stand behind the first.
func (l *Lab) leaveOut(what, why string) {
	at := slices.IndexFunc(l.file.LeftOut, func(left result.LeftOut) bool { return left.What == what })
	if at < 0 {
		l.file.LeftOut = append(l.file.LeftOut, result.LeftOut{What: what, Why: why})
		return
	}
	if entry := &l.file.LeftOut[at]; !strings.Contains(entry.Why, why) {
		entry.Why += "; " + why
	}
}

func (l *Lab) tell(e result.Event) {
	if l.o.Progress != nil {
		e.At = time.Now()
		e.Done, e.Turns = l.turns, l.planned
		l.o.Progress.Event(e)
	}
}

// place chooses one processor for the server and one of another core, if there is one, for the load.
func (l *Lab) place() error {
	cpus, err := proc.AllowedCPUs()
	if err != nil {
		return err
	}
	l.server, l.client = choose(cpus, proc.Siblings)
	// Raw calls that wait hold a place of the Go scheduler; there has to be another for the rest.
	runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0)))
	return nil
}

// choose takes the first processor for the server and the first of another core for the load.
func choose(cpus []int, siblings func(int) []int) (server, client int) {
	server = cpus[0]
	shared := map[int]bool{}
	for _, cpu := range siblings(server) {
		shared[cpu] = true
	}
	for _, cpu := range cpus {
		if !shared[cpu] {
			return server, cpu
		}
	}
	return server, cpus[len(cpus)-1]
}

// prepare builds what has to be built with every processor the machine has, pins this process, and checks each subject in
// each of the roles that are asked for.
func (l *Lab) prepare(ctx context.Context) error {
	finder := &subject.Finder{Dir: l.dir, WeirPath: l.o.WeirPath, BasePath: l.o.BasePath, Downloads: slices.Clone(load.CheckedDownloads)}
	for _, s := range l.scenarios {
		if slices.Contains(s.can, subject.Download) {
			finder.Downloads = append(finder.Downloads, int(s.size))
		}
	}
	roles := l.roles()
	if slices.Contains(roles, subject.Proxy) {
		if err := l.startUpstream(ctx, finder); err != nil {
			return err
		}
	}
	for _, role := range roles {
		for _, name := range l.o.Subjects {
			if s, _ := subject.Named(name); !s.Has(role) {
				continue
			}
			l.tell(result.Event{Kind: result.Preparing, Subject: name, Text: "building " + role})
			p, err := finder.Find(ctx, name, role, l.upstreamAddr())
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				l.refuse(key{name, role}, err)
				continue
			}
			l.programs[key{name, role}] = p
		}
	}
	if err := proc.PinSelf(l.client); err != nil {
		return err
	}
	for _, role := range roles {
		for _, name := range l.o.Subjects {
			if err := l.verify(ctx, key{name, role}); err != nil {
				return err
			}
		}
	}
	if len(l.programs) == 0 && len(roles) > 0 && !slices.ContainsFunc(l.scenarios, func(s *Scenario) bool { return s.role == roleChild }) {
		return fmt.Errorf("no subject is ready: %w", l.anyRefusal())
	}
	return nil
}

func (l *Lab) anyRefusal() error {
	for _, err := range l.refused {
		if !errors.Is(err, subject.ErrAbsent) {
			return err
		}
	}
	for _, err := range l.refused {
		return err
	}
	return errors.New("none can be what the scenarios are about")
}

// roles that the scenarios need, in the order of the scenarios.
func (l *Lab) roles() []string {
	var roles []string
	for _, s := range l.scenarios {
		if s.role != roleChild && !slices.Contains(roles, s.role) {
			roles = append(roles, s.role)
		}
	}
	return roles
}

// refuse remembers why a subject has no turns, and says so.
func (l *Lab) refuse(k key, err error) {
	delete(l.programs, k)
	l.refused[k] = err
	status, why := verdictOf(err)
	l.tell(result.Event{Kind: result.SubjectMissing, Subject: k.subject, Status: status, Text: why})
}

// verify starts the subject and asks whether it answers rightly. Only a cancelled run is an error here.
func (l *Lab) verify(ctx context.Context, k key) error {
	p, there := l.programs[k]
	if !there {
		return nil
	}
	l.tell(result.Event{Kind: result.Preparing, Subject: k.subject, Text: "checking " + k.role})
	err := l.verifyProgram(ctx, k, p)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		l.refuse(k, err)
	default:
		l.tell(result.Event{Kind: result.SubjectReady, Subject: k.subject, Text: k.role})
	}
	return nil
}

func (l *Lab) verifyProgram(ctx context.Context, k key, program subject.Program) (err error) {
	p, err := l.start(ctx, program)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	if k.role == subject.Echo {
		err = load.VerifyEcho(ctx, p.Addr)
	} else {
		s, _ := subject.Named(k.subject)
		proxy := k.role == subject.Proxy
		err = load.VerifyHTTP(ctx, p.Addr, load.Checks{
			Upload:   proxy || s.Has(subject.HTTP, subject.Upload),
			Download: proxy || s.Has(subject.HTTP, subject.Download),
			BodyEcho: proxy || s.Has(subject.HTTP, subject.BodyEcho),
		})
	}
	return p.Blame(err)
}

// start runs a subject where servers run.
func (l *Lab) start(ctx context.Context, p subject.Program) (*subject.Process, error) {
	return subject.Start(ctx, p, subject.Place{CPU: l.server, Procs: l.o.Procs})
}

// startUpstream is what proxies forward to: the floor, or net/http where there is no C compiler.
func (l *Lab) startUpstream(ctx context.Context, finder *subject.Finder) error {
	program, err := finder.Find(ctx, "c", subject.HTTP, netip.AddrPort{})
	if errors.Is(err, subject.ErrAbsent) {
		program, err = finder.Find(ctx, "net", subject.HTTP, netip.AddrPort{})
	}
	if err != nil {
		return err
	}
	l.upstream, err = subject.Start(ctx, program, subject.Place{CPU: l.client, Procs: 1})
	return err
}

func (l *Lab) upstreamAddr() netip.AddrPort {
	if l.upstream == nil {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 1)
	}
	return l.upstream.Addr
}

func (l *Lab) stopUpstream() {
	if l.upstream != nil {
		_ = l.upstream.Stop()
	}
}

// sleeps says whether the load blocks.
func (l *Lab) sleeps() bool { return l.o.Sleep || l.server == l.client }
