package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/charmbracelet/colorprofile"
	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/bench/internal/page"
	"github.com/weir-go/weir/bench/internal/report"
	"github.com/weir-go/weir/bench/internal/result"
)

// outputs are the files a run may be written to, beside the terminal.
type outputs struct{ json, html, markdown, gobench string }

func (o *outputs) register(flags *flag.FlagSet) {
	flags.StringVar(&o.json, "json", "", "write all that was measured to this `file`, for bench compare and other programs")
	flags.StringVar(&o.html, "html", "", "write a page with charts to this `file`; it needs no network")
	flags.StringVar(&o.markdown, "md", "", "write tables in Markdown to this `file`")
	flags.StringVar(&o.gobench, "benchfmt", "", "write lines as Go benchmarks do to this `file`, for benchstat")
}

// write shows the result at the terminal and writes the files that are wanted.
func (o *outputs) write(w io.Writer, f *result.File) error {
	return errors.Join(report.Terminal(plain(w), f, width()), o.files(f))
}

// files writes the files that are wanted.
func (o *outputs) files(f *result.File) error {
	var errs []error
	for _, out := range []struct {
		name  string
		write func(io.Writer, *result.File) error
	}{{o.json, result.Write}, {o.html, page.Write}, {o.markdown, report.Markdown}, {o.gobench, report.Bench}} {
		if out.name != "" {
			errs = append(errs, writeFile(out.name, func(w io.Writer) error { return out.write(w, f) }))
		}
	}
	return errors.Join(errs...)
}

// plain takes out of the escape sequences what w, or NO_COLOR, does not want.
func plain(w io.Writer) io.Writer { return colorprofile.NewWriter(w, os.Environ()) }

// width is the terminal's, or that of a page.
func width() int {
	const page = 120
	size, err := unix.IoctlGetWinsize(int(os.Stdout.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return page
	}
	return int(size.Col)
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// compare says what has changed between two runs. With a limit, a primary figure that is worse beyond doubt is an error:
// a gate for CI.
func compare(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	all := flags.Bool("all", false, "list every metric, not the primary ones and what has changed")
	limit := flags.Float64("max-regress", 0, "fail if a primary figure is worse by more than so many `per cent`, beyond doubt; 0 never fails")
	names, err := interspersed(flags, args)
	if err != nil {
		return err
	}
	if len(names) != 2 {
		return fmt.Errorf("compare takes two result files, not %d", len(names))
	}
	before, err := result.ReadFile(names[0])
	if err != nil {
		return err
	}
	after, err := result.ReadFile(names[1])
	if err != nil {
		return err
	}
	c := report.Compare(before, after)
	if err := c.Terminal(plain(os.Stdout), width(), *all); err != nil {
		return err
	}
	if *limit > 0 && len(c.Beyond(*limit/100)) > 0 {
		return errors.New(c.Failures(*limit / 100))
	}
	return nil
}
