package snippets

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Commands of make and go test are not run: they are CI itself, and some write the page that names them. What they name has to exist.

var (
	assignment   = regexp.MustCompile(`^[A-Z][A-Z0-9_]*=`)
	makeVariable = regexp.MustCompile(`(?m)^([A-Z][A-Z0-9_]*) *\?=`)
	makeTarget   = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
	declaredFlag = regexp.MustCompile(`flag\.[A-Z][A-Za-z0-9]*\("([a-z]+)"`)
	testFunction = regexp.MustCompile(`(?m)^func ((Test|Fuzz|Example|Benchmark)[A-Za-z0-9_]*)\(`)
)

// goTestFlags are those of go test that pages use, and whether a value follows.
var goTestFlags = map[string]bool{
	"-v": false, "-run": true, "-bench": true, "-benchtime": true, "-count": true, "-timeout": true, "-tags": true, "-shuffle": true,
}

// words are those of a simple command: quotes hold together, a comment is left out, and so are variables before it.
func words(text string) (list []string) {
	var word strings.Builder
	quote, begun := rune(0), false
	end := func() {
		if begun {
			list = append(list, word.String())
		}
		word.Reset()
		begun = false
	}
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, begun = r, true
		case r == ' ' || r == '\t':
			end()
		case r == '#' && !begun:
			return unassigned(list)
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	end()
	return unassigned(list)
}

func unassigned(list []string) []string {
	for len(list) > 0 && assignment.MatchString(list[0]) {
		list = list[1:]
	}
	return list
}

// isMake and isGoTest report what a line asks for.
func isMake(w []string) bool { return len(w) > 0 && w[0] == "make" }

func isGoTest(w []string) bool {
	return len(w) > 1 && w[0] == "go" && (w[1] == "test" || len(w) > 3 && w[1] == "-C" && w[3] == "test")
}

// checkMake says what the Makefile does not have of a command's targets and variables.
func checkMake(makefile string, w []string) error {
	has := func(what *regexp.Regexp, name string) bool {
		return slices.ContainsFunc(what.FindAllStringSubmatch(makefile, -1), func(m []string) bool { return m[1] == name })
	}
	for _, word := range w[1:] {
		name, _, assigns := strings.Cut(word, "=")
		switch {
		case assigns && !has(makeVariable, name):
			return fmt.Errorf("the Makefile has no variable %s", name)
		case !assigns && !has(makeTarget, name):
			return fmt.Errorf("the Makefile has no target %s", name)
		}
	}
	return nil
}

// checkGoTest says what does not exist of a command's packages, tests, benchmarks and flags.
func checkGoTest(root string, w []string) error {
	w = w[1:]
	if w[0] == "-C" {
		root, w = filepath.Join(root, w[1]), w[2:]
	}
	var folders, flags []string
	var run, bench string
	for i := 1; i < len(w); i++ {
		name, value, assigned := strings.Cut(w[i], "=")
		takes, known := goTestFlags[name]
		switch {
		case !strings.HasPrefix(w[i], "-"):
			folders = append(folders, w[i])
			continue
		case !known:
			flags = append(flags, name)
			continue
		case takes && !assigned:
			if i++; i == len(w) {
				return fmt.Errorf("%s has no value", name)
			}
			value = w[i]
		}
		switch name {
		case "-run":
			run = value
		case "-bench":
			bench = value
		}
	}
	var source strings.Builder
	for _, folder := range folders {
		if err := readTests(&source, root, folder); err != nil {
			return err
		}
	}
	if len(folders) == 0 {
		return nil
	}
	names := testFunction.FindAllStringSubmatch(source.String(), -1)
	has := func(pattern string, benchmarks bool) error {
		re, err := regexp.Compile(firstElement(pattern))
		if err != nil {
			return err
		}
		for _, m := range names {
			if (m[2] == "Benchmark") == benchmarks && re.MatchString(m[1]) {
				return nil
			}
		}
		return fmt.Errorf("%s has nothing that %s matches", strings.Join(folders, " "), pattern)
	}
	if run != "" && run != "xxx" { // which is how to run benchmarks alone
		if err := has(run, false); err != nil {
			return err
		}
	}
	if bench != "" {
		if err := has(bench, true); err != nil {
			return err
		}
	}
	for _, f := range flags {
		if !slices.ContainsFunc(declaredFlag.FindAllStringSubmatch(source.String(), -1), func(m []string) bool { return "-"+m[1] == f }) {
			return fmt.Errorf("the tests of %s have no flag %s", strings.Join(folders, " "), f)
		}
	}
	return nil
}

// firstElement is the part of a pattern that test functions are matched with; what follows a slash is for subtests.
func firstElement(pattern string) string {
	first, _, _ := strings.Cut(pattern, "/")
	return first
}

// readTests appends the tests of a folder, and with ... those of all below it.
func readTests(to *strings.Builder, root, folder string) error {
	clean, all := strings.CutSuffix(folder, "...")
	found := false
	top := filepath.Join(root, clean)
	err := filepath.WalkDir(top, func(path string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != top && !all:
			return filepath.SkipDir
		case strings.HasSuffix(path, "_test.go"):
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			found = true
			to.Write(text)
		}
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("%s has no tests", folder)
	}
	return err
}
