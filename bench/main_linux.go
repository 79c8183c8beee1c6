package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/weir-go/weir/bench/internal/lab"
	"github.com/weir-go/weir/bench/internal/subject"
)

//go:embed floor/echo.c
var floorSource []byte

const usage = `usage: bench COMMAND [flags]

  quick      under a minute: 1 KiB and 64 KiB ping-pong, a table and a verdict
  echo       one ping-pong scenario at length
  idle       memory a connection, and whether thousands at once all work
  bystander  how late other goroutines are beside busy loops
  serve      be one of the rivals (the other commands call this)

bench COMMAND -h lists the flags.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
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
		"quick": quick,
		"echo":  echo,
		"idle":  idle,
		"serve": serve,

		"bystander":       bystanders,
		"bystander-child": bystanderChild,
	}
	command := commands[args[0]]
	if command == nil {
		fmt.Fprint(os.Stderr, usage)
		return fmt.Errorf("no command %q", args[0])
	}
	return command(ctx, args[1:])
}

// common flags of the commands that measure.
type common struct {
	subjects string
	weir     string
	base     string
	json     string
	procs    int
}

func (c *common) register(flags *flag.FlagSet) {
	flags.StringVar(&c.subjects, "subjects", "c,gnet,net,weir", "what to measure, in the order of turns; also: net-copy")
	flags.StringVar(&c.weir, "weir", "", "a built cmd/echo to measure as weir (default: build it)")
	flags.StringVar(&c.base, "weir-base", "", "another built cmd/echo, measured as weir-base and compared with")
	flags.IntVar(&c.procs, "procs", 1, "GOMAXPROCS of the subjects in Go, which have one processor")
	flags.StringVar(&c.json, "json", "", "also write everything measured to this `file`")
}

func (c *common) open(ctx context.Context) (*lab.Lab, error) {
	names := strings.FieldsFunc(c.subjects, func(r rune) bool { return r == ',' || r == ' ' })
	if c.base != "" {
		names = append(names, subject.WeirBase)
	}
	if len(names) == 0 || c.procs < 1 {
		return nil, errors.New("subjects and procs have to be at least one")
	}
	return lab.Open(ctx, lab.Options{
		Subjects: names, FloorSource: floorSource, WeirPath: c.weir, BasePath: c.base,
		Procs: c.procs, Log: progress,
	})
}

// bases are the subjects that the others are divided by, where they are measured.
func (c *common) bases() []string {
	bases := []string{subject.Floor, subject.Gnet}
	if c.base != "" {
		bases = append(bases, subject.WeirBase)
	}
	return bases
}

func (c *common) writeJSON(write func(*os.File) error) error {
	if c.json == "" {
		return nil
	}
	f, err := os.Create(c.json)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
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

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}
