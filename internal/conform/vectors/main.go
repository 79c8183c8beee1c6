package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: vectors FILE...")
		os.Exit(2)
	}
	out := bufio.NewWriter(os.Stdout)
	failed := false
	for _, path := range os.Args[1:] {
		cases, err := load(path)
		if err != nil {
			out.Flush()
			fmt.Fprintf(os.Stderr, "vectors: %v\n", err)
			os.Exit(2)
		}
		r := judgeAll(cases)
		r.print(out, filepath.Base(path))
		failed = failed || r.count(fail) > 0
	}
	out.Flush()
	if failed {
		os.Exit(1)
	}
}
