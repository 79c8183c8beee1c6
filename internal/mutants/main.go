package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "mutants: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	pattern := flag.String("run", "", "only the mutants whose name matches this `regexp`")
	quick := flag.Bool("quick", false, "only those that the simulation finds")
	list := flag.Bool("list", false, "print the mutants and do nothing")
	verbose := flag.Bool("v", false, "print the end of what the finding test said")
	flag.Parse()
	wanted, err := regexp.Compile(*pattern)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "weir-mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	hunts := allHunts()
	if *quick {
		hunts = hunts[:1]
		hunts[0].hunters = coreHunters[:1]
	}
	if !*list {
		if err := prepare(ctx, root, dir, hunts, wanted); err != nil {
			return err
		}
	}
	found, missed := 0, []string{}
	for _, h := range hunts {
		for _, m := range h.mutants {
			if !wanted.MatchString(m.name) {
				continue
			}
			if *list {
				fmt.Printf("%-44s %s: %s\n", m.name, m.file, m.why)
				continue
			}
			began := time.Now()
			by, said, err := m.hunt(ctx, root, dir, h.hunters)
			switch {
			case err != nil:
				return fmt.Errorf("%s: %w", m.name, err)
			case by == "":
				missed = append(missed, m.name)
				fmt.Printf("MISSED  %-44s %5.1fs  %s\n", m.name, time.Since(began).Seconds(), m.why)
			default:
				found++
				fmt.Printf("found   %-44s %5.1fs  by %s\n", m.name, time.Since(began).Seconds(), by)
				if *verbose {
					fmt.Println(said)
				}
			}
		}
	}
	if *list {
		return nil
	}
	fmt.Printf("%d passed, %d failed\n", found, len(missed))
	if len(missed) > 0 {
		return fmt.Errorf("nobody found %s", strings.Join(missed, ", "))
	}
	if found == 0 {
		return errors.New("no mutant has such a name")
	}
	return nil
}

// hunt is mutants, and who might find them.
type hunt struct {
	mutants []mutant
	hunters []hunter
}

func allHunts() []hunt {
	return []hunt{
		{simulatedMutants, coreHunters},
		{coreMutants, coreHunters},
		{streamMutants, streamHunters},
		{fileMutants, filesHunters},
		{spliceMutants, spliceHunters},
		{parserMutants, parserHunters},
		{serverMutants, httpHunters},
		{clientMutants, clientHunters},
		{stdhttpMutants, stdhttpHunters},
		{staticMutants, staticHunters},
		{lifeMutants, lifeHunters},
	}
}

// prepare looks whether every mutant can be planted, and whether those who hunt the wanted ones find nothing in the tree as
// it is.
func prepare(ctx context.Context, root, dir string, hunts []hunt, wanted *regexp.Regexp) error {
	done := map[string]bool{}
	for _, h := range hunts {
		for _, m := range h.mutants {
			if _, err := m.plant(root, dir); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
		}
		if !slices.ContainsFunc(h.mutants, func(m mutant) bool { return wanted.MatchString(m.name) }) {
			continue
		}
		for _, x := range h.hunters {
			if key := x.name + strings.Join(x.args, " "); !done[key] {
				done[key] = true
				if err := baseline(ctx, root, x); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	return strings.TrimSpace(string(out)), err
}

// hunt plants the bug and runs the hunters until one fails. by is its name, empty if none did.
func (m mutant) hunt(ctx context.Context, root, dir string, hunters []hunter) (by, said string, err error) {
	overlay, err := m.plant(root, dir)
	if err != nil {
		return "", "", err
	}
	// What is built on its package is built by the hunters, if they need it.
	if out, err := goCommand(ctx, root, "build", "-overlay", overlay, "./"+path.Dir(m.file)).CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("it does not compile: %s", out)
	}
	for _, h := range hunters {
		out, err := h.run(ctx, root, "-overlay", overlay)
		switch {
		case ctx.Err() != nil:
			return "", "", ctx.Err()
		case err != nil && strings.Contains(string(out), "[build failed]"):
			return "", "", fmt.Errorf("the tests do not compile: %s", tail(out))
		case err != nil:
			return h.name + " (" + firstFailure(out) + ")", tail(out), nil
		}
	}
	return "", "", nil
}

// baseline runs a hunter on the tree as it is: one that fails there would find anything.
func baseline(ctx context.Context, root string, h hunter) error {
	if out, err := h.run(ctx, root); err != nil {
		return fmt.Errorf("%s fails without a planted bug:\n%s", h.name, tail(out))
	}
	return nil
}

func (h hunter) run(ctx context.Context, root string, flags ...string) ([]byte, error) {
	args := append([]string{"test", "-count=1", "-failfast", "-vet=off"}, flags...) // that vet finds a bug is no proof of a test
	return goCommand(ctx, root, append(args, h.args...)...).CombinedOutput()
}

func goCommand(ctx context.Context, root string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "SIM_LIVES=2000")
	return cmd
}

// plant writes the changed file and the overlay that puts it in the place of the real one.
func (m mutant) plant(root, dir string) (overlay string, err error) {
	original := filepath.Join(root, filepath.FromSlash(m.file))
	source, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(source), m.old); n != 1 {
		return "", fmt.Errorf("%s holds %q %d times, not once: the list must follow the code", m.file, m.old, n)
	}
	changed := filepath.Join(dir, "mutant.go")
	if err := os.WriteFile(changed, []byte(strings.Replace(string(source), m.old, m.new, 1)), 0o600); err != nil {
		return "", err
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, replace, 0o600)
}

var failure = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)|^panic: (.*)`)

// firstFailure is the name of the first test that failed, or what ended the program.
func firstFailure(out []byte) string {
	match := failure.FindSubmatch(out)
	if match == nil {
		return "no test's name"
	}
	return string(match[1]) + string(match[2])
}

func tail(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}
