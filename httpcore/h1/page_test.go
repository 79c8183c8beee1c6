package h1

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const page = "docs/http.md"

var (
	caseLink = regexp.MustCompile(`^\[([a-z-]+)\]: (.*)$`)
	testName = regexp.MustCompile("^`(Test\\w+)`$")
	testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// TestThePageNamesCasesThatExist reads the last column of the tables in docs/http.md: groups of cases with <br> between
// them, each a page of testdata in brackets and headings of it; or names of tests.
func TestThePageNamesCasesThatExist(t *testing.T) {
	known, pages := map[string]bool{}, map[string]bool{}
	for _, file := range caseFiles(t) {
		name := strings.TrimSuffix(filepath.Base(file), ".md")
		pages[name] = false
		_, cases := readCases(t, file)
		for _, c := range cases {
			known[name+": "+c.name] = true
		}
	}
	tests := testNames(t)
	named := 0
	for i, line := range pageLines(t) {
		cells := strings.Split(strings.TrimSuffix(line, " |"), " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) < 4 {
			continue
		}
		for group := range strings.SplitSeq(strings.Trim(cells[len(cells)-1], "| "), "<br>") {
			in := ""
			if m := caseLink.FindStringSubmatch(group); m != nil {
				in, group = m[1], m[2]
				pages[in] = true
			}
			for what := range strings.SplitSeq(group, "; ") {
				m := testName.FindStringSubmatch(what)
				switch {
				case m != nil && !tests[m[1]]:
					t.Errorf("%s:%d: there is no test %s", page, i+1, m[1])
				case m == nil && in != "" && !known[in+": "+what]:
					t.Errorf("%s:%d: %s has no case %q", page, i+1, in, what)
				case m == nil && in == "" && what != "" && what != "tested":
					t.Errorf("%s:%d: %q is neither a case nor a test", page, i+1, what)
				}
				named++
			}
		}
	}
	if named < 100 {
		t.Errorf("%s names %d cases: the tables are read no more", page, named)
	}
	for name, isNamed := range pages {
		if !isNamed && name != "pause" { // pauses are no matter of the RFC
			t.Errorf("%s names no case of %s", page, name)
		}
	}
}

func pageLines(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(page)))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
}

// testNames are the tests of this package.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testFunc.FindAllSubmatch(src, -1) {
			names[string(m[1])] = true
		}
	}
	return names
}
