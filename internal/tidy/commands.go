package tidy

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// history are the pages that tell how things were; what they name may be gone.
var history = []string{changelog, "docs/decisions"}

var (
	makeTarget  = regexp.MustCompile(`(?m)^([a-zA-Z][a-zA-Z0-9_-]*):([^=]|$)`)
	makeWord    = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	pathLike    = regexp.MustCompile(`^[A-Za-z0-9_.*/-]+$`)
	packagePath = regexp.MustCompile(regexp.QuoteMeta(module) + `[A-Za-z0-9_./-]*`)
)

// layout are the folders whose names mean a path of ours even while they don't exist: a page may not promise them.
var layout = []string{".ci", "bench", "cmd", "docs", "examples", "httpcore", "internal", "loop", "reactor", "stream", "tools", "weirtest"}

// checkCommands wants what the pages name to exist: make targets in code, and paths of ours anywhere. A page whose first
// command fails has lost its reader.
func checkCommands(t *tree) []problem {
	var found []problem
	targets := t.makeTargets()
	for _, name := range t.markdown {
		if under(name, history...) {
			continue
		}
		text, err := fs.ReadFile(t.fsys, name)
		if err != nil {
			found = append(found, problem{name, 0, err.Error()})
			continue
		}
		page := parseMarkdown(string(text))
		for i := range page.code {
			for command := range strings.SplitSeq(page.code[i], "\n") {
				for _, target := range madeBy(command) {
					if !slices.Contains(targets, target) {
						found = append(found, problem{name, i + 1, fmt.Sprintf("names make %s, which the Makefile does not have", target)})
					}
				}
			}
			for _, p := range namedPaths(page.code[i], page.prose[i]) {
				if !t.matches(p) {
					found = append(found, problem{name, i + 1, fmt.Sprintf("names %s, which does not exist; a page promises only what is there", p)})
				}
			}
		}
	}
	return found
}

// makeTargets lists the targets of the Makefile.
func (t *tree) makeTargets() []string {
	text, err := fs.ReadFile(t.fsys, "Makefile")
	if err != nil {
		return nil
	}
	var targets []string
	for _, m := range makeTarget.FindAllStringSubmatch(string(text), -1) {
		targets = append(targets, m[1])
	}
	return targets
}

// madeBy returns the targets that a line of shell asks make for.
func madeBy(command string) []string {
	command, _, _ = strings.Cut(command, " #")
	words := strings.Fields(strings.NewReplacer("&&", " ; ", ";", " ; ", "|", " ; ").Replace(command))
	var targets []string
	making, start := false, true
	for _, w := range words {
		switch {
		case w == ";":
			making, start = false, true
			continue
		case w == "$" && start, start && strings.Contains(w, "="):
			continue // a prompt, or a variable before the command
		case w == "make" && start:
			making = true
		case making && makeWord.MatchString(w):
			targets = append(targets, w)
		}
		start = false
	}
	return targets
}

// namedPaths returns the paths of ours that a line names. In code that is what begins with ./ or with a folder of the
// layout; in prose only a word with a slash in it, since "loop" and "stream" are words.
func namedPaths(code, prose string) []string {
	var paths []string
	add := func(word string, strict bool) {
		word = strings.Trim(word, "`\"'(),;:!?[]<>|")
		word = strings.TrimSuffix(word, ".")
		word = strings.TrimSuffix(word, "/...")
		dir := strings.HasSuffix(word, "/")
		clean := path.Clean(word)
		first, _, deep := strings.Cut(clean, "/")
		switch {
		case word == "" || !pathLike.MatchString(word) || strings.Contains(word, "..") || strings.HasPrefix(word, "/"):
		case strings.HasPrefix(word, "./") && strict:
			paths = append(paths, clean)
		case slices.Contains(layout, first) && (deep || dir):
			paths = append(paths, clean)
		}
	}
	for _, m := range packagePath.FindAllString(code+"\n"+prose, -1) {
		if folder, ok := ourFolder(strings.TrimRight(m, "/.")); ok {
			paths = append(paths, folder)
		}
	}
	for w := range strings.FieldsSeq(packagePath.ReplaceAllString(code, "")) {
		add(w, true)
	}
	prose = codeSpan.ReplaceAllString(prose, "")
	prose = inlineLink.ReplaceAllString(prose, "]") // links have a rule of their own
	for w := range strings.FieldsSeq(packagePath.ReplaceAllString(prose, "")) {
		add(w, false)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// matches reports whether a path, perhaps with *, names something.
func (t *tree) matches(name string) bool {
	if !strings.Contains(name, "*") {
		return t.exists(name)
	}
	names, err := fs.Glob(t.fsys, name)
	return err == nil && len(names) > 0
}
