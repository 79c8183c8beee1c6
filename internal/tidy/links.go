package tidy

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"unicode"
)

var (
	inlineLink    = regexp.MustCompile(`\]\(([^()\s]+(?:\([^()\s]*\))?)(?:\s+"[^"]*")?\)`)
	linkReference = regexp.MustCompile(`^\s{0,3}\[[^\]]+\]:\s+(\S+)`)
	hasScheme     = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*:`)
	heading       = regexp.MustCompile(`^#{1,6}\s+(.*?)\s*#*\s*$`)
	linkText      = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// checkLinks wants every link between files of the repository to lead somewhere, the heading behind # included.
func checkLinks(t *tree) []problem {
	var found []problem
	for _, name := range t.markdown {
		text, err := fs.ReadFile(t.fsys, name)
		if err != nil {
			found = append(found, problem{name, 0, err.Error()})
			continue
		}
		for i, line := range parseMarkdown(string(text)).prose {
			line = codeSpan.ReplaceAllString(line, "")
			var targets []string
			for _, m := range inlineLink.FindAllStringSubmatch(line, -1) {
				targets = append(targets, m[1])
			}
			if m := linkReference.FindStringSubmatch(line); m != nil {
				targets = append(targets, m[1])
			}
			for _, target := range targets {
				if what := t.followLink(name, target); what != "" {
					found = append(found, problem{name, i + 1, what})
				}
			}
		}
	}
	return found
}

// followLink says what is wrong with a link from a page, or "". What lies elsewhere is not followed.
func (t *tree) followLink(from, target string) string {
	target = strings.Trim(target, "<>")
	if hasScheme.MatchString(target) || strings.HasPrefix(target, "//") {
		return ""
	}
	file, anchor, _ := strings.Cut(target, "#")
	to := from
	if file != "" {
		to = path.Join(path.Dir(from), file)
	}
	switch {
	case strings.HasPrefix(file, "/"), to == "..", strings.HasPrefix(to, "../"):
		return fmt.Sprintf("links to %s, which is outside the repository; links are relative to the page", target)
	case !t.exists(to):
		return fmt.Sprintf("links to %s, which does not exist", target)
	case anchor == "" || path.Ext(to) != ".md":
		return ""
	}
	text, err := fs.ReadFile(t.fsys, to)
	if err != nil {
		return err.Error()
	}
	for _, line := range parseMarkdown(string(text)).prose {
		if m := heading.FindStringSubmatch(line); m != nil && anchorOf(m[1]) == anchor {
			return ""
		}
	}
	return fmt.Sprintf("links to %s, but %s has no such heading", target, to)
}

// anchorOf makes the anchor that forges give a heading: lower case, blanks to hyphens, other marks dropped.
func anchorOf(heading string) string {
	heading = linkText.ReplaceAllString(heading, "$1")
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, heading)
}
