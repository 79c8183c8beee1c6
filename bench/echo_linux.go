package main

import (
	"context"
	"errors"
	"flag"
	"time"

	"github.com/weir-go/weir/bench/internal/report"
)

// echo measures one ping-pong scenario.
func echo(ctx context.Context, args []string) error {
	var c common
	s := report.Scenario{Name: "echo"}
	flags := flag.NewFlagSet("echo", flag.ContinueOnError)
	c.register(flags)
	flags.IntVar(&s.Conns, "conns", 64, "connections")
	flags.IntVar(&s.Size, "size", 1024, "bytes of a message")
	flags.IntVar(&s.Rounds, "rounds", 15, "turns of each subject")
	flags.DurationVar(&s.WarmUp, "warm", 300*time.Millisecond, "unmeasured time at the start of a turn")
	flags.DurationVar(&s.Length, "time", 1500*time.Millisecond, "measured time of a turn")
	poll := flags.Bool("poll", false, "a client that never sleeps (the default)")
	flags.BoolVar(&s.Sleep, "sleep", false, "a client that blocks in epoll_wait")
	if err := parse(flags, args); err != nil {
		return err
	}
	switch {
	case *poll && s.Sleep:
		return errors.New("a client either polls or sleeps")
	case s.Conns < 1 || s.Size < 1 || s.Rounds < 1 || s.WarmUp <= 0 || s.Length <= 0:
		return errors.New("conns, size, rounds, warm and time have to be above 0")
	}
	l, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	s.Sleep = s.Sleep || (l.OneProcessor() && !*poll)
	results, err := l.Echo(ctx, []report.Scenario{s}, func(done int) bool { return done < s.Rounds })
	if err != nil {
		return err
	}
	return c.tell(l, results)
}
