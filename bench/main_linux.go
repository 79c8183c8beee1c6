package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

const usage = `usage: bench COMMAND [flags]

  quick       under a minute: weir beside the others, and a verdict
  run         scenarios and subjects of your choice, at length
  report      a result file again, as tables, a page, Markdown or Go benchmarks
  echo, idle  run -scenarios echo-1k,echo-64k; run -scenarios idle-echo,idle
  compare     two result files: what has changed beyond doubt
  list        scenarios and subjects
  doctor      what on this machine spoils figures, and how to mend it
  bystander   how late other goroutines are beside busy loops
  serve       be one of the rivals (the other commands call this)

bench COMMAND -h lists the flags.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt does not wait for the first to be dealt with
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "bench: interrupted")
		os.Exit(1)
	default:
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return errors.New("no command")
	}
	commands := map[string]func(context.Context, []string) error{
		"quick":   quick,
		"run":     measure("run", "echo-1k,plaintext,pipeline"),
		"echo":    measure("echo", "echo-1k,echo-64k"),
		"idle":    measure("idle", "idle-echo,idle"),
		"report":  retell,
		"compare": compare,
		"list":    list,
		"doctor":  examine,
		"serve":   serve,

		"bystander":       bystanders,
		"bystander-child": bystanderChild,
		"child":           child,
	}
	command := commands[args[0]]
	if command == nil {
		fmt.Fprint(os.Stderr, usage)
		return fmt.Errorf("no command %q", args[0])
	}
	return command(ctx, args[1:])
}

// parse takes flags only: a stray word is more likely a forgotten dash.
func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s takes no %q", flags.Name(), flags.Arg(0))
	}
	return nil
}
