package main

import (
	"context"
	"flag"
	"os/signal"
	"strings"

	"github.com/weir-go/weir/bench/internal/rivals"
)

// serve ends by signal, as servers do: it puts the default handling back.
func serve(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	impl := flags.String("impl", "", "which rival to be: "+strings.Join(rivals.Names(), ", "))
	addr := flags.String("addr", "127.0.0.1:0", "where to listen")
	if err := parse(flags, args); err != nil {
		return err
	}
	signal.Reset()
	return rivals.Serve(*impl, *addr)
}
