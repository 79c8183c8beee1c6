package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/weir-go/weir/bench/internal/lab"
	"github.com/weir-go/weir/bench/internal/report"
)

const (
	quickAim   = 42 * time.Second // begin no round that would end later
	quickLimit = 55 * time.Second
	quickMost  = 9 // rounds
)

// quick measures as many rounds of the two main scenarios as fit.
func quick(ctx context.Context, args []string) error {
	start := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, quickLimit, errors.New("the machine is too busy: not done in time"))
	defer cancel()
	var c common
	flags := flag.NewFlagSet("quick", flag.ContinueOnError)
	c.register(flags)
	if err := parse(flags, args); err != nil {
		return err
	}
	l, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()

	var scenarios []report.Scenario
	for _, size := range []int{1 << 10, 64 << 10} {
		scenarios = append(scenarios, report.Scenario{
			Name: "echo", Conns: 64, Size: size, Sleep: l.OneProcessor(),
			WarmUp: 200 * time.Millisecond, Length: 600 * time.Millisecond,
		})
	}
	began := time.Now()
	results, err := l.Echo(ctx, scenarios, func(done int) bool {
		if done == 0 {
			return true
		}
		each := time.Since(began) / time.Duration(done)
		return done < quickMost && time.Since(start)+each < quickAim
	})
	if err != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	return c.tell(l, results)
}

// tell writes the tables, the verdict, and the file if one is wanted.
func (c *common) tell(l *lab.Lab, results []*report.Result) error {
	for _, r := range results {
		fmt.Println()
		if err := report.WriteTable(os.Stdout, r, c.bases()); err != nil {
			return err
		}
	}
	if l.OneProcessor() {
		fmt.Println("\nOne processor: server and load shared it, so the client slept and the figures are coarse.")
	}
	fmt.Printf("\n%s\n", report.Verdict(results))
	return c.writeJSON(func(f *os.File) error { return report.WriteJSON(f, results) })
}
