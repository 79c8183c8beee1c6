package snippets

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// allCommands are the lines of shell on the pages and in the heads of programs, page by page.
func allCommands(t *testing.T) (list []command) {
	t.Helper()
	for _, page := range pages(t) {
		name, text := read(t, page)
		found, err := commandsOf(name, text)
		if err != nil {
			t.Error(err)
		}
		list = append(list, found...)
	}
	heads, err := filepath.Glob(filepath.Join(root, "examples", "*", "main.go"))
	heads = append(heads, filepath.Join(root, "cmd", "echo", "doc.go"))
	if err != nil || len(heads) < 10 {
		t.Fatalf("found %d examples (%v): the test does not know where they are", len(heads), err)
	}
	for _, head := range heads {
		name, text := read(t, head)
		found := commandsOfHead(name, text)
		if len(found) == 0 {
			t.Errorf("%s says nowhere how it is started", name)
		}
		list = append(list, found...)
	}
	return list
}

// allSpans are the commands in the sentences of the pages, but for those that tell how things were.
func allSpans(t *testing.T) (list []command) {
	t.Helper()
	for _, page := range pages(t) {
		if name, text := read(t, page); name != "CHANGELOG.md" && !strings.HasPrefix(name, "docs/decisions/") {
			list = append(list, spansOf(name, text)...)
		}
	}
	return list
}

func read(t *testing.T, file string) (name, text string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	name, err = filepath.Rel(root, file)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.ToSlash(name), string(b)
}

func TestWhatCommandsOfMakeAndGoTestNameExists(t *testing.T) {
	_, makefile := read(t, filepath.Join(root, "Makefile"))
	seen := 0
	for _, c := range append(allCommands(t), allSpans(t)...) {
		var err error
		switch w := words(c.text); {
		case isMake(w):
			err = checkMake(makefile, w)
		case isGoTest(w):
			err = checkGoTest(root, w)
		default:
			continue
		}
		seen++
		if err != nil {
			t.Errorf("%s: %v", c, err)
		}
	}
	if seen < 30 {
		t.Errorf("looked at %d commands: the test does not know where they are", seen)
	}
}

func TestCommandsOfAPage(t *testing.T) {
	page := "Try:\n\n    go run ./x   # so\n    make\n\n- a list\n\n    of its own text\n\nEnd.\n\n```sh\ncurl a\n```\n```go\nx\n```\n```text\n    y\n```\n" +
		"<!-- not run: takes long -->\n\n    sleep 9\n    sleep 8\n\n<!-- not run (root, big): no -->\n\n    be root\n    ls\n    be big\n"
	got, err := commandsOf("p.md", page)
	want := []command{
		{"p.md", 3, "go run ./x   # so", ""},
		{"p.md", 4, "make", ""},
		{"p.md", 13, "curl a", ""},
		{"p.md", 23, "sleep 9", "takes long"},
		{"p.md", 24, "sleep 8", "takes long"},
		{"p.md", 28, "be root", "no"},
		{"p.md", 29, "ls", ""},
		{"p.md", 30, "be big", "no"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v\n%q, want\n%q", err, got, want)
	}
}

func TestAPageThatIsNotUnderstoodIsAnError(t *testing.T) {
	for _, c := range []struct{ name, page, want string }{
		{"a fence of who knows what", "```fish\nls\n```\n", "p.md:1: a fence of fish"},
		{"a mark without a reason", "<!-- not run -->\n\n    ls\n", "is no mark"},
		{"a mark with no block", "<!-- not run: why -->\n\nBut.\n", "is no block"},
		{"a mark at the end", "<!-- not run: why -->\n", "is no block"},
		{"a mark of a line that is gone", "<!-- not run (rm): why -->\n\n    ls\n", `has the "rm"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := commandsOf("p.md", c.page); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestCommandsOfAHead(t *testing.T) {
	got := commandsOfHead("m.go", "// M does.\n//\n//\tgo run ./m\n//\n// Or:\n//\n//\tls\npackage main\n\n//\tnot this\n")
	if want := []command{{"m.go", 3, "go run ./m", ""}, {"m.go", 7, "ls", ""}}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCommandsInASentence(t *testing.T) {
	got := spansOf("p.md", "Say `make x` or `go test ./a -run B`, not `go` or `maker y`;\n`go -C bench run . list` too.\n")
	var texts []string
	for _, c := range got {
		texts = append(texts, c.text)
	}
	if want := []string{"make x", "go test ./a -run B", "go -C bench run . list"}; !slices.Equal(texts, want) {
		t.Errorf("got %q, want %q", texts, want)
	}
}

func TestWordsOfALine(t *testing.T) {
	got := words(`A=1 B_2=x go test -run 'a b/c' ./x "" y#z # why`)
	if want := []string{"go", "test", "-run", "a b/c", "./x", "", "y#z"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatDoesNotExistIsFound(t *testing.T) {
	makefile := "A ?= 1\nB := 2\nci: a\nsim: ## x\n"
	for _, c := range []struct{ line, want string }{
		{"make", ""},
		{"make sim A=3", ""},
		{"make simulate", "no target simulate"},
		{"make sim C=3", "no variable C"},
		{"make sim B=3", "no variable B"},
		{"go test ./internal/snippets -run 'WordsOfALine/x'", ""},
		{"go test ./internal/snippets", ""},
		{"go test ./internal/...", ""},
		{"go test -v -run=TestWordsOfALine -timeout 1h ./internal/snippets", ""},
		{"go test ./internal/snippets -run TestNobodyHasWritten", "nothing that TestNobodyHasWritten matches"},
		{"go test ./internal/snippets -run xxx -bench Nothing", "nothing that Nothing matches"},
		{"go test ./internal/snippets -bench WordsOfALine", "nothing that WordsOfALine matches"},
		{"go test ./internal/tidy -run API -update", ""},
		{"go test ./internal/tidy -run API -downdate", "no flag -downdate"},
		{"go test ./internal/nonesuch", "no such file"},
		{"go test ./docs", "has no tests"},
		{"go -C internal test ./snippets -run WordsOfALine", ""},
		{"go test ./internal/snippets -run", "-run has no value"},
	} {
		var err error
		switch w := words(c.line); {
		case isMake(w):
			err = checkMake(makefile, w)
		case isGoTest(w):
			err = checkGoTest(root, w)
		default:
			t.Errorf("%s is taken for something else", c.line)
		}
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.line, err, c.want)
		}
	}
}
