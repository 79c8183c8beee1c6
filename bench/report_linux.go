package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/weir-go/weir/bench/internal/result"
)

// retell shows a result file again, and writes it in other forms: the command report.
func retell(_ context.Context, args []string) error {
	var o outputs
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	o.register(flags)
	quiet := flags.Bool("q", false, "write the files only, nothing to the terminal")
	names, err := interspersed(flags, args)
	if err != nil {
		return err
	}
	if len(names) != 1 {
		return fmt.Errorf("report takes one result file, not %d", len(names))
	}
	f, err := result.ReadFile(names[0])
	if err != nil {
		return err
	}
	if *quiet {
		return o.files(f)
	}
	return o.write(os.Stdout, f)
}

// interspersed parses flags before, between and after the other words, as people write them, and returns those.
func interspersed(flags *flag.FlagSet, args []string) ([]string, error) {
	var words []string
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		args = flags.Args()
		for len(args) > 0 && (!strings.HasPrefix(args[0], "-") || args[0] == "-") {
			words, args = append(words, args[0]), args[1:]
		}
		if len(args) == 0 {
			return words, nil
		}
	}
}
