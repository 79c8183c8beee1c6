package lab

import (
	"context"
	"errors"
	"os"
	"runtime"

	"github.com/weir-go/weir/bench/internal/load"
	"github.com/weir-go/weir/bench/internal/proc"
	"github.com/weir-go/weir/bench/internal/report"
	"github.com/weir-go/weir/bench/internal/subject"
)

// Options of a Lab.
type Options struct {
	Subjects    []string // names, in the order of their turns
	FloorSource []byte
	WeirPath    string // a built cmd/echo; if empty it is built from the tree
	BasePath    string // an older one, measured as weir-base
	Procs       int    // GOMAXPROCS of subjects written in Go
	Log         func(format string, args ...any)
}

// Lab is subjects ready to be measured.
type Lab struct {
	Env     report.Environment
	Ready   []subject.Subject
	Missing []report.Subject // what is absent or does not echo

	dir string
	log func(format string, args ...any)
}

// Open builds and checks the subjects and pins this process, the load, to its processor.
func Open(ctx context.Context, o Options) (*Lab, error) {
	dir, err := os.MkdirTemp("", "weir-bench-")
	if err != nil {
		return nil, err
	}
	l := &Lab{dir: dir, log: o.Log}
	if err := l.prepare(ctx, o); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Close removes what was built.
func (l *Lab) Close() error { return os.RemoveAll(l.dir) }

func (l *Lab) prepare(ctx context.Context, o Options) error {
	found, err := l.find(ctx, o)
	if err != nil {
		return err
	}
	if err := l.place(o); err != nil {
		return err
	}
	for _, s := range found {
		l.log("checking %s", s.Name)
		if err := l.check(ctx, s); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			l.miss(s.Name, err)
			continue
		}
		l.Ready = append(l.Ready, s)
	}
	if len(l.Ready) == 0 {
		return errors.New("no subject is ready: " + l.Missing[0].Name + ": " + l.Missing[0].Missing)
	}
	return nil
}

// find builds the subjects, with every processor the machine has.
func (l *Lab) find(ctx context.Context, o Options) ([]subject.Subject, error) {
	finder := subject.Finder{Dir: l.dir, FloorSource: o.FloorSource, WeirPath: o.WeirPath, BasePath: o.BasePath}
	var found []subject.Subject
	for _, name := range o.Subjects {
		l.log("building %s", name)
		s, err := finder.Find(ctx, name)
		switch {
		case errors.Is(err, subject.ErrAbsent):
			l.miss(name, err)
		case err != nil:
			return nil, err
		default:
			found = append(found, s)
		}
	}
	return found, nil
}

func (l *Lab) miss(name string, why error) {
	l.Missing = append(l.Missing, report.Subject{Name: name, Missing: why.Error()})
}

func (l *Lab) check(ctx context.Context, s subject.Subject) (err error) {
	p, err := l.start(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	if err := load.Verify(ctx, p.Addr); err != nil {
		return errors.Join(err, p.Check())
	}
	return p.Check()
}

// place chooses one processor for the server and one of another core, if there is one, for the load.
func (l *Lab) place(o Options) error {
	cpus, err := proc.AllowedCPUs()
	if err != nil {
		return err
	}
	server, client := choose(cpus, proc.Siblings)
	l.Env = environment(len(cpus))
	l.Env.ServerCPU, l.Env.LoadCPU, l.Env.SubjectProcs = server, client, o.Procs
	// Raw calls that wait hold a place of the Go scheduler; there has to be another for the rest.
	runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0)))
	return proc.PinSelf(client)
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

// start runs a subject where servers run.
func (l *Lab) start(ctx context.Context, s subject.Subject) (*subject.Process, error) {
	return subject.Start(ctx, s, subject.Place{CPU: l.Env.ServerCPU, Procs: l.Env.SubjectProcs})
}

// OneProcessor says that server and load have to share: a polling client would then only keep the server waiting.
func (l *Lab) OneProcessor() bool { return l.Env.ServerCPU == l.Env.LoadCPU }
