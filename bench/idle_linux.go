package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/weir-go/weir/bench/internal/report"
)

// idle measures memory a connection; it fails if a message is lost or wrong.
func idle(ctx context.Context, args []string) error {
	var c common
	flags := flag.NewFlagSet("idle", flag.ContinueOnError)
	c.register(flags)
	conns := flags.Int("conns", 15000, "connections in the end")
	from := flags.Int("from", 5000, "connections at the first look")
	size := flags.Int("size", 1024, "bytes of a message")
	rounds := flags.Int("rounds", 3, "messages each connection sends in the end, all at once")
	if err := parse(flags, args); err != nil {
		return err
	}
	if *from < 1 || *conns <= *from || *size < 1 || *rounds < 1 {
		return errors.New("from, size and rounds have to be above 0, and conns above from")
	}
	l, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	var lines []report.Idle
	for _, s := range l.Ready {
		progress("%d connections to %s", *conns, s.Name)
		line, err := l.Idle(ctx, s, *from, *conns, *size, *rounds)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			line.Failure = err.Error()
		}
		lines = append(lines, line)
	}
	fmt.Printf("\nidle: memory between %d and %d connections that have each had one message of %d bytes; then %d messages on all at once\n\n",
		*from, *conns, *size, *rounds)
	if err := report.WriteIdle(os.Stdout, lines); err != nil {
		return err
	}
	for _, missing := range l.Missing {
		fmt.Printf("left out: %s: %s\n", missing.Name, missing.Missing)
	}
	if err := c.writeJSON(func(f *os.File) error { return report.WriteIdleJSON(f, l.Env, lines) }); err != nil {
		return err
	}
	for _, line := range lines {
		if line.Failure != "" || line.Lost+line.Wrong+line.Broken > 0 {
			return fmt.Errorf("%s lost something", line.Subject)
		}
	}
	return nil
}
