package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
)

func main() {
	skipsFile := flag.String("skips", "", "`file` that names each test that may skip; empty allows all")
	dir := flag.String("dir", ".", "`folder` to run go test in: that of another module")
	flag.Parse()
	ok, err := run(*skipsFile, *dir, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// run runs go test with args in dir and reports whether all is well; an error says why it could not tell.
func run(skipsFile, dir string, args []string) (ok bool, err error) {
	var allowed skipList
	if skipsFile != "" {
		text, err := os.ReadFile(skipsFile)
		if err != nil {
			return false, err
		}
		if allowed, err = parseSkips(string(text)); err != nil {
			return false, fmt.Errorf("%s: %w", skipsFile, err)
		}
	}

	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	r := newReport(os.Stdout)
	readErr := r.read(out)
	waitErr := cmd.Wait()
	if readErr != nil {
		return false, readErr
	}
	clean := r.finish()
	if waitErr != nil {
		return false, fmt.Errorf("go test: %w", waitErr)
	}
	if skipsFile != "" {
		for _, s := range r.skipped {
			if !allowed.allows(s) {
				fmt.Printf("gotest: %s was skipped; mend what it lacks, or name it in %s with the reason\n", s, skipsFile)
				clean = false
			}
		}
	}
	return clean, nil
}
