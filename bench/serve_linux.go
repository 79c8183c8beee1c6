package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/weir-go/weir/bench/internal/inproc"
	"github.com/weir-go/weir/bench/internal/rivals"
)

// serve ends by signal, as servers do: it puts the default handling back.
func serve(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	impl := flags.String("impl", "", "which rival to be: "+strings.Join(rivals.Names(rivals.HTTP), ", "))
	role := flags.String("role", rivals.HTTP, "what to be: echo, http or proxy")
	addr := flags.String("addr", "127.0.0.1:0", "where to listen")
	upstream := flags.String("upstream", "127.0.0.1:8080", "where a proxy forwards to")
	if err := parse(flags, args); err != nil {
		return err
	}
	signal.Reset()
	return rivals.Serve(*role, *impl, *addr, *upstream)
}

// child measures itself, in a process of its own.
func child(_ context.Context, args []string) error {
	if len(args) != 3 {
		return errors.New("child is called by run")
	}
	signal.Reset() // it ends at once, whatever it is at
	length, err := time.ParseDuration(args[2])
	if err != nil {
		return fmt.Errorf("child: %w", err)
	}
	return inproc.Run(args[0], args[1], length, os.Stdout)
}
