package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/weir-go/weir/bench/internal/bystander"
	"github.com/weir-go/weir/bench/internal/stats"
)

// bystanders measures how late other goroutines are beside loops at full load.
func bystanders(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bystander", flag.ContinueOnError)
	d := flags.Duration("time", 3*time.Second, "measured time of a case")
	if err := flags.Parse(args); err != nil {
		return err
	}
	fmt.Println("lateness in µs of goroutines beside loops that echo 1 KiB without a pause")
	fmt.Println()
	fmt.Println("loops  GOMAXPROCS   Sleep(1ms) p50    p90    p99     max   net.Conn.Read p50    p90    p99     max   messages/s by loop")
	for _, c := range []bystander.Case{{Loops: 1, Procs: 1}, {Loops: 1, Procs: 2}, {Loops: 2, Procs: 1}, {Loops: 2, Procs: 2}, {Loops: 2, Procs: 3}} {
		c.For = *d
		r, err := bystander.Run(ctx, c)
		if err != nil {
			return err
		}
		fmt.Printf("%5d  %10d", c.Loops, c.Procs)
		for _, late := range [][]float64{r.Sleep, r.Read} {
			fmt.Printf("   %14.0f %6.0f %6.0f %7.0f", stats.Quantile(late, 0.5), stats.Quantile(late, 0.9),
				stats.Quantile(late, 0.99), stats.Quantile(late, 1))
		}
		fmt.Print("  ")
		for _, n := range r.Messages {
			fmt.Printf(" %7.0f", float64(n)/d.Seconds())
		}
		fmt.Println()
	}
	return nil
}

// bystanderChild is one case, in a process of its own.
func bystanderChild(_ context.Context, args []string) error {
	if len(args) != 3 {
		return errors.New("bystander-child is called by bystander")
	}
	loops, err1 := strconv.Atoi(args[0])
	procs, err2 := strconv.Atoi(args[1])
	d, err3 := time.ParseDuration(args[2])
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	return bystander.Child(bystander.Case{Loops: loops, Procs: procs, For: d}, os.Stdout)
}
