package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"
)

// config is what the flags say.
type config struct {
	tcp, http, unix string
	loops           int
	headerTimeout   time.Duration
	bodyTimeout     time.Duration
	idleTimeout     time.Duration
	maxHeader       int
	maxBody         int64
	metrics         bool
}

func main() {
	c, err := parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err == nil:
		err = serve(c, os.Stdout)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "echo: %v\n", err)
		os.Exit(1)
	}
}

func parse(args []string) (config, error) {
	var c config
	fs := flag.NewFlagSet("echo", flag.ContinueOnError)
	fs.StringVar(&c.tcp, "tcp", "127.0.0.1:7000", "`address` of the TCP echo; empty turns it off")
	fs.StringVar(&c.http, "http", "127.0.0.1:8080", "`address` of the HTTP server; empty turns it off")
	fs.StringVar(&c.unix, "unix", "", "`path` of a Unix socket that echoes")
	fs.IntVar(&c.loops, "loops", defaultLoops(), "number of event loops, and of processors used")
	fs.DurationVar(&c.headerTimeout, "header-timeout", 10*time.Second, "time a request head may take; 0 is no limit (HTTP)")
	fs.DurationVar(&c.bodyTimeout, "body-timeout", 30*time.Second, "time a body may stand still; 0 is no limit (HTTP)")
	fs.DurationVar(&c.idleTimeout, "idle-timeout", 60*time.Second, "time a kept connection may be idle; 0 is no limit (HTTP)")
	fs.IntVar(&c.maxHeader, "max-header", 16<<10, "most `bytes` of a request head (HTTP)")
	fs.Int64Var(&c.maxBody, "max-body", 1<<30, "most `bytes` of a request body; 0 is no limit (HTTP)")
	fs.BoolVar(&c.metrics, "metrics", false, "print what was done, at the end")
	fs.SetOutput(io.Discard) // one line says what is wrong; the list of flags is for -h
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fs.SetOutput(os.Stdout)
		fmt.Println("usage: echo [flags]")
		fs.PrintDefaults()
	case err != nil:
		err = fmt.Errorf("%w (see -h)", err)
	case fs.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q (see -h)", fs.Arg(0))
	case c.loops < 1 || c.loops > maxLoops:
		err = fmt.Errorf("-loops must be from 1 to %d, not %d", maxLoops, c.loops)
	case c.headerTimeout < 0 || c.bodyTimeout < 0 || c.idleTimeout < 0:
		err = errors.New("a timeout must not be negative")
	case c.maxHeader < 1 || c.maxBody < 0:
		err = errors.New("-max-header must be positive and -max-body not negative")
	case c.tcp == "" && c.http == "" && c.unix == "":
		err = errors.New("nothing to serve: -tcp, -http and -unix are all empty")
	}
	return c, err
}

// maxLoops is more than any machine has a use for; each loop costs some descriptors.
const maxLoops = 256

// defaultLoops leaves a processor to whoever sends the load, and to the rest of the machine.
func defaultLoops() int { return min(max(1, runtime.NumCPU()/2), maxLoops) }
