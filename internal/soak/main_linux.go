package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	var c config
	flag.DurationVar(&c.time, "time", 10*time.Minute, "how long the load lasts")
	flag.Uint64Var(&c.seed, "seed", 0, "what the load and the faults are drawn from; 0 picks one")
	flag.IntVar(&c.workers, "workers", 40, "exchanges under way at a time, for each of the steady clients")
	flag.BoolVar(&c.verbose, "v", false, "print each fault, and the samples of memory")
	role := flag.String("role", "", "what a child is: origin, load or judge")
	setup := flag.String("setup", "{}", "what a child is told, as `JSON`")
	flag.Parse()
	if *role != "" {
		var s setting
		if err := json.Unmarshal([]byte(*setup), &s); err != nil {
			die(err)
		}
		if err := beChild(*role, s); err != nil {
			die(err)
		}
		return
	}
	if c.seed == 0 {
		c.seed = uint64(time.Now().UnixNano())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := conduct(ctx, c)
	if err != nil {
		die(err)
	}
	if !ok {
		os.Exit(1)
	}
}

func die(err error) {
	fmt.Fprintln(os.Stderr, "soak:", err)
	os.Exit(1)
}

// config is what the flags say.
type config struct {
	time    time.Duration
	seed    uint64
	workers int
	verbose bool
}
