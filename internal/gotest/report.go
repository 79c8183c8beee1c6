package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// event is a line of go test -json: see go doc test2json, and go help buildjson for ImportPath.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build-output and build-fail only, which have no Package
	Test       string // empty: the event is the package's
	Output     string
}

// report turns the events of a run into what people want to read.
type report struct {
	w       io.Writer
	running map[testName]*strings.Builder // output of what has not ended; test "" is the package itself
	order   []testName                    // keys of running, oldest first, so that what a crash leaves prints in order
	broken  map[string]bool               // packages with a failed test, which explains their own failure
	skipped []testName

	passed, failed int
}

func newReport(w io.Writer) *report {
	return &report{w: w, running: map[testName]*strings.Builder{}, broken: map[string]bool{}}
}

// read takes all events of r. Lines that are no events, as a tool prints them that knows nothing of -json, pass through.
func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		var e event
		switch {
		case line == "":
		case json.Unmarshal([]byte(line), &e) != nil || e.Action == "":
			fmt.Fprint(r.w, line)
		default:
			r.take(e)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) take(e event) {
	name := testName{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.w, e.Output)
	case "output":
		if strings.HasPrefix(e.Output, "=== ") { // RUN, PAUSE, CONT, NAME
			return
		}
		b := r.running[name]
		if b == nil {
			b = &strings.Builder{}
			r.running[name] = b
			r.order = append(r.order, name)
		}
		b.WriteString(e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e)
		} else {
			r.endTest(name, e.Action)
		}
	}
}

func (r *report) endTest(name testName, action string) {
	out := r.forget(name)
	switch action {
	case "pass":
		r.passed++
		return
	case "fail":
		r.failed++
		r.broken[name.pkg] = true
	case "skip":
		r.skipped = append(r.skipped, name)
	}
	fmt.Fprint(r.w, out)
}

// endPackage prints a package's own lines: of one that passed the summary only, of one that failed all, the seed of
// -shuffle among them. Output of tests that never ended goes first: the crash is in it.
func (r *report) endPackage(e event) {
	for _, name := range append([]testName(nil), r.order...) {
		if name.pkg == e.Package && name.test != "" {
			fmt.Fprint(r.w, r.forget(name))
		}
	}
	out := r.forget(testName{pkg: e.Package})
	if e.Action == "fail" {
		if !r.broken[e.Package] {
			r.failed++ // it did not build, or it crashed outside a test
		}
		fmt.Fprint(r.w, out)
		return
	}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "ok ") || strings.HasPrefix(line, "?") || strings.HasPrefix(line, "coverage:") {
			fmt.Fprint(r.w, line)
		}
	}
}

// forget returns the output kept for name and drops it.
func (r *report) forget(name testName) string {
	b := r.running[name]
	if b == nil {
		return ""
	}
	delete(r.running, name)
	for i, n := range r.order {
		if n == name {
			r.order = append(r.order[:i], r.order[i+1:]...)
			break
		}
	}
	return b.String()
}

// finish prints the totals and reports whether tests ran and none failed.
func (r *report) finish() bool {
	if r.passed+r.failed+len(r.skipped) == 0 {
		fmt.Fprintln(r.w, "gotest: no test ran")
		return false
	}
	fmt.Fprintf(r.w, "tests: %d passed, %d failed, %d skipped\n", r.passed, r.failed, len(r.skipped))
	return r.failed == 0
}
