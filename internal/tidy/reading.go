package tidy

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
)

const readme = "README.md"

// readingOrder is the paragraph that names the files to read first, and says how many lines they have together.
var readingOrder = regexp.MustCompile(`(?s)\*\*Reading order\*\*, some ([\d,]+) lines:(.*?)(\n\n|\z)`)

// offBy is the part of the true length that a number in a text may be off: who reads "some" does not count, and the number
// need not change with every line of code.
const offBy = 20

// checkReading wants the reading order to be as long as it says, to a twentieth: it is a promise of how long one has to read.
func checkReading(t *tree) []problem {
	text, err := fs.ReadFile(t.fsys, readme)
	if err != nil {
		return []problem{{readme, 0, err.Error()}}
	}
	m := readingOrder.FindSubmatchIndex(text)
	if m == nil {
		return []problem{{readme, 0, "has no **Reading order**, some N lines: whoever wants to know the machine asks where to begin"}}
	}
	line := 1 + bytes.Count(text[:m[0]], []byte("\n"))
	said, err := strconv.Atoi(strings.ReplaceAll(string(text[m[2]:m[3]]), ",", ""))
	if err != nil {
		return []problem{{readme, line, err.Error()}}
	}
	lines := 0
	for _, link := range inlineLink.FindAllSubmatch(text[m[4]:m[5]], -1) {
		src, err := fs.ReadFile(t.fsys, string(link[1]))
		if err != nil {
			continue // checkLinks says so
		}
		lines += bytes.Count(src, []byte("\n"))
	}
	if off := lines - said; off*offBy > lines || -off*offBy > lines {
		return []problem{{readme, line, fmt.Sprintf("says that the reading order has some %d lines; it has %d", said, lines)}}
	}
	return nil
}
