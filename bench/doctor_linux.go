package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/weir-go/weir/bench/internal/doctor"
	"github.com/weir-go/weir/bench/internal/lab"
)

// examine prints what the doctor finds. Nothing of it keeps a run from working, so it is no error.
func examine(_ context.Context, args []string) error {
	if err := parse(flag.NewFlagSet("doctor", flag.ContinueOnError), args); err != nil {
		return err
	}
	e := lab.Environment()
	fmt.Printf("%s, Linux %s, %d processors, %s\n\n", e.CPUModel, e.Kernel, e.Cores, e.Go)
	for _, f := range doctor.Examine(doctor.Look(e)) {
		mark := "ok  "
		if f.Fix != "" {
			mark = "fix "
		}
		fmt.Printf("%s %s: %s\n", mark, f.What, f.Found)
		if f.Fix != "" {
			fmt.Printf("       %s\n", f.Fix)
		}
	}
	return nil
}
