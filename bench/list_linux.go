package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/weir-go/weir/bench/internal/lab"
	"github.com/weir-go/weir/bench/internal/result"
	"github.com/weir-go/weir/bench/internal/subject"
)

// list names what can be asked, and whom.
func list(_ context.Context, args []string) error {
	if err := parse(flag.NewFlagSet("list", flag.ContinueOnError), args); err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "scenarios")
	for _, s := range lab.List() {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", s.Name, s.Title, s.About)
	}
	fmt.Fprintln(w, "\nsubjects")
	for _, s := range subject.All {
		note := strings.Join(s.Roles, ", ")
		if s.Kind == result.KindBroken {
			note += "; wrong on purpose, to see that the bench notices"
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", s.Name, s.Title, note)
	}
	return w.Flush()
}
