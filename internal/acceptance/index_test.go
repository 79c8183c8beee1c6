package acceptance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// asked are the lists, and how many lines each has.
var asked = []struct {
	list  string
	lines int
}{
	{"4.1.1", 6},
	{"4.1.2", 5},
	{"4.1.3", 4},
	{"4.1.4", 4},
	{"4.1.5", 4},
	{"4.1.6", 1},
	{"4.2.1", 2},
	{"4.2.2", 4},
	{"4.2.3", 4},
	{"4.2.4", 2},
	{"4.2.5", 3},
	{"4.2.6", 1},
	{"4.3.1", 2},
	{"4.3.2", 2},
	{"4.3.3", 2},
	{"4.3.4", 1},
	{"4.3.5", 1},
	{"4.3.6", 1},
	{"4.4.1", 3},
	{"4.4.2", 1},
	{"4.4.3", 4},
	{"4.4.4", 3},
	{"4.4.5", 3},
	{"4.4.6", 2},
	{"4.4.7", 3},
}

var (
	row  = regexp.MustCompile(`(?m)^\| (\d+\.\d+\.\d+\.\d+) \| ([^|]+) \| ([^|]+) \|$`)
	span = regexp.MustCompile("`([^`]+)`")
	name = regexp.MustCompile(`^([a-z0-9/]+) (Test\w+)(?:/(.+))?$`)
)

// Each line of the page names tests that exist, and no line is missing.
func TestEveryThingThatWasAskedForHasItsTest(t *testing.T) {
	text, err := os.ReadFile("../../docs/acceptance.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := row.FindAllStringSubmatch(string(text), -1)
	for _, a := range asked {
		for i := range a.lines {
			want := a.list + "." + strconv.Itoa(i+1)
			if len(rows) == 0 || rows[0][1] != want {
				t.Fatalf("the line %s is missing, or not in its place", want)
			}
			tests := span.FindAllStringSubmatch(rows[0][3], -1)
			if len(tests) == 0 {
				t.Errorf("%s names no test", want)
			}
			for _, m := range tests {
				if what := lacks(t, m[1]); what != "" {
					t.Errorf("%s names %s, %s", want, m[1], what)
				}
			}
			rows = rows[1:]
		}
	}
	if len(rows) > 0 {
		t.Errorf("%s is a line that nobody has asked for", rows[0][1])
	}
}

// lacks says why there is no such test.
func lacks(t *testing.T, test string) string {
	m := name.FindStringSubmatch(test)
	if m == nil {
		return "which is no folder and test"
	}
	f := testFiles(t, m[1])[m[2]]
	switch {
	case f == nil:
		return "which does not exist"
	case m[3] != "" && !says(f, m[3]):
		return "whose file has no such subtest"
	}
	return ""
}

var folders = map[string]map[string]*ast.File{}

// testFiles has the file of each test of a folder.
func testFiles(t *testing.T, folder string) map[string]*ast.File {
	if tests, ok := folders[folder]; ok {
		return tests
	}
	tests := map[string]*ast.File{}
	folders[folder] = tests
	paths, err := filepath.Glob(filepath.Join("../..", folder, "*_test.go"))
	if err != nil || len(paths) == 0 {
		t.Errorf("no tests in %s: %v", folder, err)
	}
	for _, path := range paths {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
				tests[fn.Name.Name] = f
			}
		}
	}
	return tests
}

// says reports whether a file has text as a literal: subtests are rows of tables.
func says(f *ast.File, text string) bool {
	found := false
	ast.Inspect(f, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil && s == text {
				found = true
			}
		}
		return !found
	})
	return found
}

// The check would not notice anything if it found whatever it is asked for.
func TestATestThatDoesNotExistIsNoticed(t *testing.T) {
	for _, test := range []string{
		"httpcore TestNobodyHasWritten", "httpcore TestTheBodyOfARequest/a row that is none", "TestTheBodyOfARequest", "httpcore/static TestTheBodyOfARequest",
	} {
		if lacks(t, test) == "" {
			t.Errorf("%s is found", test)
		}
	}
	if what := lacks(t, "httpcore TestTheBodyOfARequest/a GET may have a body"); what != "" {
		t.Error(what)
	}
}
