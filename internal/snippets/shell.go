package snippets

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// command is a line of shell that a reader is shown.
type command struct {
	page string // the page, or the program in whose head it stands
	line int
	text string
	skip string // why it is not run
}

func (c command) String() string { return fmt.Sprintf("%s:%d: %s", c.page, c.line, c.text) }

var (
	shellLanguages = []string{"", "sh", "bash", "console"} // a fence that says nothing is shell, until it says otherwise
	otherLanguages = []string{"go", "mermaid", "text", "ini", "markdown"}
	notRun         = regexp.MustCompile(`^<!-- not run(?: \(([^)]*)\))?: (.+) -->$`)
	isListItem     = regexp.MustCompile(`^([-*+]|\d+[.)]) `)
)

// commandsOf are the lines of shell on a page: its blocks that are indented by four, and its fences of shell. A comment above a block
// says that it is not run, or that its lines are not which have one of some words in them.
func commandsOf(page, text string) (found []command, err error) {
	lines := strings.Split(text, "\n")
	mark, list := "", false
	take := func(from, to int) error {
		skips := func(string) string { return "" }
		if mark != "" {
			m := notRun.FindStringSubmatch(mark)
			if m == nil {
				return fmt.Errorf("%s:%d: %s is no mark; write <!-- not run: why --> or <!-- not run (word, word): why -->", page, from+1, mark)
			}
			var words []string
			if m[1] != "" {
				words = strings.Split(m[1], ", ")
			}
			for _, w := range words {
				if !strings.Contains(strings.Join(lines[from:to], "\n"), w) {
					return fmt.Errorf("%s:%d: no line below has the %q of its mark", page, from+1, w)
				}
			}
			skips = func(line string) string {
				if words == nil || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(line, w) }) {
					return m[2]
				}
				return ""
			}
			mark = ""
		}
		for i := from; i < to; i++ {
			if line := strings.TrimSpace(lines[i]); line != "" {
				found = append(found, command{page, i + 1, line, skips(line)})
			}
		}
		return nil
	}
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch {
		case strings.HasPrefix(line, "```"):
			end := i + 1
			for end < len(lines) && !strings.HasPrefix(lines[end], "```") {
				end++
			}
			switch language := strings.TrimPrefix(line, "```"); {
			case slices.Contains(shellLanguages, language):
				if err := take(i+1, min(end, len(lines))); err != nil {
					return nil, err
				}
			case !slices.Contains(otherLanguages, language):
				return nil, fmt.Errorf("%s:%d: a fence of %s is neither shell nor known not to be", page, i+1, language)
			}
			i = end
		case strings.HasPrefix(line, "    ") && !list && (i == 0 || strings.TrimSpace(lines[i-1]) == ""):
			end := i + 1
			for end < len(lines) && (strings.HasPrefix(lines[end], "    ") || lines[end] == "") {
				end++
			}
			if err := take(i, end); err != nil {
				return nil, err
			}
			i = end - 1
		case strings.HasPrefix(line, "<!-- not run"):
			mark = line
		case strings.TrimSpace(line) != "":
			if mark != "" {
				return nil, fmt.Errorf("%s:%d: below %s is no block", page, i+1, mark)
			}
			list = isListItem.MatchString(line) || list && strings.HasPrefix(line, " ")
		}
	}
	if mark != "" {
		return nil, fmt.Errorf("%s: below %s is no block", page, mark)
	}
	return found, nil
}

// commandsOfHead are the lines of shell in the comment above a program's package clause.
func commandsOfHead(page, source string) (found []command) {
	for i, line := range strings.Split(source, "\n") {
		if strings.HasPrefix(line, "package ") {
			break
		}
		if text, ok := strings.CutPrefix(line, "//\t"); ok {
			found = append(found, command{page, i + 1, text, ""})
		}
	}
	return found
}

var codeSpan = regexp.MustCompile("`((?:make|go test|go run|go -C [a-z]+ (?:test|run)) [^`]+)`")

// spansOf are the commands within the text of a page, which is made of sentences and need not be run.
func spansOf(page, text string) (found []command) {
	for i, line := range strings.Split(text, "\n") {
		for _, m := range codeSpan.FindAllStringSubmatch(line, -1) {
			found = append(found, command{page, i + 1, m[1], "it stands in a sentence"})
		}
	}
	return found
}
