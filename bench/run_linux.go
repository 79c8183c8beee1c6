package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/weir-go/weir/bench/internal/lab"
	"github.com/weir-go/weir/bench/internal/live"
)

// everybody are the subjects of a run where none are named, in the order of the table.
const everybody = "weir,net,fasthttp,gnet,nbio,hertz,node,nginx,haproxy,uv,c"

// common are the flags of the commands that measure.
type common struct {
	subjects, scenarios string
	rounds              int
	length, warm        time.Duration
	slowLength          time.Duration
	slowRounds          int
	conns, procs        int
	rate                float64
	sleep               bool
	seed                uint64
	weir, base          string
	outputs
}

func (c *common) register(flags *flag.FlagSet) {
	flags.StringVar(&c.subjects, "subjects", c.subjects, "who is measured, in the order of the table; `names` with commas between (bench list)")
	flags.StringVar(&c.scenarios, "scenarios", c.scenarios, "what is asked, or all; `names` with commas between (bench list)")
	flags.IntVar(&c.rounds, "rounds", c.rounds, "turns of each subject in each scenario, at most")
	flags.DurationVar(&c.length, "time", c.length, "measured time of a turn (default: the scenario's)")
	flags.DurationVar(&c.warm, "warm", c.warm, "unmeasured time at the start of a turn")
	flags.DurationVar(&c.slowLength, "slow-time", c.slowLength, "measured time of a turn of slow peers (default: the scenario's)")
	flags.IntVar(&c.slowRounds, "slow-rounds", c.slowRounds, "turns of slow peers, at most (default: the scenario's)")
	flags.IntVar(&c.conns, "conns", 0, "connections (default: the scenario's)")
	flags.Float64Var(&c.rate, "rate", 0, "requests a second of the scenario rate (default: its own)")
	flags.BoolVar(&c.sleep, "sleep", false, "a load that blocks in epoll_wait, as most clients do (default: it polls; with one processor it sleeps)")
	flags.IntVar(&c.procs, "procs", 1, "GOMAXPROCS of the subjects in Go, which have one processor")
	flags.Uint64Var(&c.seed, "seed", 0, "of the order of turns (default: by chance)")
	flags.StringVar(&c.weir, "weir", "", "a built cmd/echo to measure as weir; `file` (default: build it)")
	flags.StringVar(&c.base, "weir-base", "", "another built cmd/echo, measured as weir-base; `file`")
	c.outputs.register(flags)
}

func (c *common) options(command string, args []string) (lab.Options, error) {
	o := lab.Options{
		Scenarios: words(c.scenarios), Subjects: words(c.subjects), Rounds: c.rounds, WarmUp: c.warm, Length: c.length, Conns: c.conns,
		SlowLength: c.slowLength, SlowRounds: c.slowRounds,
		Rate: c.rate, Sleep: c.sleep, WeirPath: c.weir, BasePath: c.base, Procs: c.procs, Seed: c.seed,
		Command: append([]string{"bench", command}, args...),
	}
	if c.base != "" {
		o.Subjects = append(o.Subjects, "weir-base")
	}
	seen := map[string]bool{}
	for _, name := range o.Subjects {
		if seen[name] {
			return o, fmt.Errorf("%s is named twice", name)
		}
		seen[name] = true
	}
	switch {
	case len(o.Subjects) == 0 || len(o.Scenarios) == 0:
		return o, errors.New("there have to be a subject and a scenario")
	case c.rounds < 1 || c.warm < 0 || c.length < 0 || c.conns < 0 || c.procs < 1 || c.rate < 0 || c.slowLength < 0 || c.slowRounds < 0:
		return o, errors.New("rounds and procs have to be above 0, and warm, time, conns and rate not below")
	}
	return o, nil
}

func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// measure is the command run, and shorter words for it: they differ in the scenarios where none are named.
func measure(name, scenarios string) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		c := common{subjects: everybody, scenarios: scenarios, rounds: 10, warm: 200 * time.Millisecond}
		flags := flag.NewFlagSet(name, flag.ContinueOnError)
		c.register(flags)
		if err := parse(flags, args); err != nil {
			return err
		}
		o, err := c.options(name, args)
		if err != nil {
			return err
		}
		return c.run(ctx, o)
	}
}

const (
	quickAim   = 42 * time.Second // begin no round that would end later
	quickLimit = 58 * time.Second
)

// quick measures as many rounds of the main scenarios as fit.
func quick(ctx context.Context, args []string) error {
	start := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, quickLimit, errors.New("the machine is too busy: not done in time"))
	defer cancel()
	c := common{
		subjects: "weir,net,fasthttp,gnet,node,c", scenarios: "echo-1k,plaintext,slow-readers",
		rounds: 9, warm: 120 * time.Millisecond, length: 350 * time.Millisecond, slowLength: 2 * time.Second, slowRounds: 1,
	}
	flags := flag.NewFlagSet("quick", flag.ContinueOnError)
	c.register(flags)
	if err := parse(flags, args); err != nil {
		return err
	}
	o, err := c.options("quick", args)
	if err != nil {
		return err
	}
	o.Until = start.Add(quickAim)
	if err := c.run(ctx, o); err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return context.Cause(ctx)
		}
		return err
	}
	return nil
}

// run measures, shows how it goes, and writes what is wanted: of an interrupted run, what was measured until then.
func (c *common) run(ctx context.Context, o lab.Options) error {
	view := live.Open(os.Stderr, os.Environ())
	o.Progress = view
	f, err := lab.Run(ctx, o)
	closed := view.Close()
	if f == nil {
		return errors.Join(err, closed)
	}
	if failed := errors.Join(closed, c.write(os.Stdout, f)); failed != nil {
		return failed
	}
	return err // of a run that was cut short
}
