package tidy

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const changelog = "CHANGELOG.md"

var (
	release        = regexp.MustCompile(`^## \[(\d+)\.(\d+)\.(\d+)\] - \d{4}-\d{2}-\d{2}$`)
	changelogKinds = []string{"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
)

// checkChangelog keeps the form of Keep a Changelog, which tools and people know: an Unreleased section on top, always
// open, then the versions, newest first, with the six kinds of change.
func checkChangelog(t *tree) []problem {
	text, err := fs.ReadFile(t.fsys, changelog)
	if err != nil {
		return []problem{{changelog, 0, "is missing: users look there for what a new version means to them"}}
	}
	var found []problem
	bad := func(i int, format string, args ...any) {
		found = append(found, problem{changelog, i + 1, fmt.Sprintf(format, args...)})
	}
	var (
		sections int      // headings of level 2 so far
		kinds    []string // of this section
		previous []int    // version above
	)
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimRight(line, " \r")
		switch {
		case i == 0 && line != "# Changelog":
			bad(i, "starts with %q, want # Changelog", line)
		case line == "## [Unreleased]":
			if sections > 0 {
				bad(i, "Unreleased stands first, and once")
			}
			sections++
			kinds = nil
		case strings.HasPrefix(line, "## "):
			if sections == 0 {
				bad(i, "the first section is ## [Unreleased], always open, so that a change has a place to be told")
			}
			sections++
			kinds = nil
			m := release.FindStringSubmatch(line)
			if m == nil {
				bad(i, "heading %q, want ## [1.2.3] - 2026-01-31", line)
				continue
			}
			version := make([]int, 3)
			for j := range version {
				version[j], _ = strconv.Atoi(m[j+1]) // digits, by the expression
			}
			if previous != nil && slices.Compare(version, previous) >= 0 {
				bad(i, "version %s stands below %v; the newest comes first", line, previous)
			}
			previous = version
		case strings.HasPrefix(line, "### "):
			kind := strings.TrimPrefix(line, "### ")
			if !slices.Contains(changelogKinds, kind) {
				bad(i, "heading %q, want one of %s", line, strings.Join(changelogKinds, ", "))
			}
			if slices.Contains(kinds, kind) {
				bad(i, "a second %s in one section; join them", kind)
			}
			kinds = append(kinds, kind)
		case strings.HasPrefix(line, "- ") && kinds == nil:
			bad(i, "an entry without a kind of change above it")
		}
	}
	if sections == 0 {
		bad(0, "has no section ## [Unreleased]")
	}
	return found
}
