package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
)

// Read reads a file and checks it.
func Read(r io.Reader) (*File, error) {
	var f File
	if err := json.NewDecoder(r).Decode(&f); err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	if err := f.Check(); err != nil {
		return nil, err
	}
	return &f, nil
}

// ReadFile reads the named file.
func ReadFile(name string) (*File, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	f, err := Read(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// Write checks f and writes it, indented.
func Write(w io.Writer, f *File) error {
	if err := f.Check(); err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	if err := e.Encode(f); err != nil {
		return fmt.Errorf("result: %w", err)
	}
	return nil
}

// WriteFile writes to the named file.
func WriteFile(name string, f *File) error {
	var text bytes.Buffer
	if err := Write(&text, f); err != nil {
		return err
	}
	if err := os.WriteFile(name, text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("result: %w", err)
	}
	return nil
}

// Check says whether f is whole: what a reader may rely on without looking again.
func (f *File) Check() error {
	if f.Version != Version {
		return fmt.Errorf("result: version %d, this program reads %d", f.Version, Version)
	}
	var problems []error
	names := map[string]bool{}
	for _, s := range f.Subjects {
		if names[s.Name] {
			problems = append(problems, fmt.Errorf("result: two subjects named %q", s.Name))
		}
		names[s.Name] = true
		problems = append(problems, checkStatus("subject "+s.Name, s.Status, s.Reason))
	}
	seen := map[string]bool{}
	for _, s := range f.Scenarios {
		if seen[s.Name] {
			problems = append(problems, fmt.Errorf("result: two scenarios named %q", s.Name))
		}
		seen[s.Name] = true
		for i, c := range s.Cells {
			if len(s.Cells) != len(f.Subjects) || f.Subjects[i].Name != c.Subject {
				problems = append(problems, fmt.Errorf("result: the cells of %s are not those of the subjects, in their order", s.Name))
				break
			}
			problems = append(problems, c.check(s.Name+", "+c.Subject, s.Primary))
		}
	}
	return errors.Join(problems...)
}

func (c *Cell) check(where, primary string) error {
	if err := checkStatus(where, c.Status, c.Reason); err != nil {
		return err
	}
	if _, there := c.Metrics[primary]; !there && c.Status == OK {
		return fmt.Errorf("result: %s has no %s", where, primary)
	}
	for name, m := range c.Metrics {
		switch {
		case len(m.Samples) == 0 || len(m.Samples) != len(m.Rounds):
			return fmt.Errorf("result: %s, %s: %d samples of %d rounds", where, name, len(m.Samples), len(m.Rounds))
		case slices.ContainsFunc(append([]float64{m.Median, m.Lo, m.Hi}, m.Samples...), notFinite):
			return fmt.Errorf("result: %s, %s: not a number", where, name)
		case m.Lo > m.Median || m.Median > m.Hi:
			return fmt.Errorf("result: %s, %s: the median %v is not within %v and %v", where, name, m.Median, m.Lo, m.Hi)
		}
	}
	return nil
}

func checkStatus(where, status, reason string) error {
	switch {
	case status != OK && status != Absent && status != Failed:
		return fmt.Errorf("result: %s: no status %q", where, status)
	case status != OK && reason == "":
		return fmt.Errorf("result: %s: %s without a reason", where, status)
	}
	return nil
}

func notFinite(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }

// Subject returns the subject of that name, nil if there is none.
func (f *File) Subject(name string) *Subject {
	for i := range f.Subjects {
		if f.Subjects[i].Name == name {
			return &f.Subjects[i]
		}
	}
	return nil
}

// Title is what people call the subject, the scenario or the metric of that name; the name itself if there is none.
func (f *File) Title(name string) string {
	if s := f.Subject(name); s != nil {
		return s.Title
	}
	if s := f.Scenario(name); s != nil {
		return s.Title
	}
	return InfoOf(name).Title
}

// Scenario returns the scenario of that name, nil if there is none.
func (f *File) Scenario(name string) *Scenario {
	for i := range f.Scenarios {
		if f.Scenarios[i].Name == name {
			return &f.Scenarios[i]
		}
	}
	return nil
}

// Cell returns the cell of that subject, nil if there is none.
func (s *Scenario) Cell(subject string) *Cell {
	for i := range s.Cells {
		if s.Cells[i].Subject == subject {
			return &s.Cells[i]
		}
	}
	return nil
}

// Fingerprint is what must be the same for the figures of two files to be compared without a warning.
func (e Environment) Fingerprint() string {
	return fmt.Sprintf("%s, %s, %s, %d processors, governor %s, %s, GOMAXPROCS %d, server on %v, load on %v",
		e.System, e.Kernel, e.CPUModel, e.Cores, e.Governor, e.Go, e.Procs, e.ServerCPUs, e.LoadCPUs)
}
