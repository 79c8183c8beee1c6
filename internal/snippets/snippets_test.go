package snippets

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var root, _ = filepath.Abs(filepath.Join("..", ".."))

// pages are all that a reader may read.
func pages(t *testing.T) (list []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md", "bench/*.md", "examples/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, found...)
	}
	if len(list) < 10 {
		t.Fatalf("found %d pages: the test does not know where they are", len(list))
	}
	return list
}

func fences(t *testing.T) (list []fence) {
	t.Helper()
	for _, page := range pages(t) {
		name, text := read(t, page)
		list = append(list, fencesOf(name, text)...)
	}
	return list
}

// overlay lays texts into the module at folders that do not exist, and returns the flag that has go build see them.
func overlay(t *testing.T, texts map[string]string) string {
	t.Helper()
	replace := map[string]string{}
	dir := t.TempDir()
	for at, text := range texts {
		real := filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		if err := os.WriteFile(real, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, at)] = real
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, list, 0o644); err != nil {
		t.Fatal(err)
	}
	return "-overlay=" + file
}

func goBuild(t *testing.T, arguments ...string) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"build"}, arguments...)...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(cmd.Args[1:], " "), err, out)
	}
}

func TestTheGoOnThePagesCompiles(t *testing.T) {
	texts := map[string]string{}
	var folders []string
	for i, f := range fences(t) {
		if f.skip != "" {
			continue
		}
		text, err := f.file()
		if err != nil {
			t.Errorf("%s:%d: %v", f.page, f.line, err)
			continue
		}
		folder := fmt.Sprintf("internal/snippets/s%d", i)
		texts[folder+"/s.go"] = text
		folders = append(folders, "./"+folder)
	}
	if len(folders) == 0 {
		t.Fatal("the pages have no Go")
	}
	goBuild(t, append([]string{overlay(t, texts), "-o", os.DevNull}, folders...)...)
}

func TestADeclarationBecomesAFile(t *testing.T) {
	f := fence{page: "p.md", line: 3, text: "func f(s *stream.Socket) { newServer() }\n", with: "newServer func() *httpcore.Server; x int"}
	got, err := f.file()
	want := "package snippet\nimport \"github.com/weir-go/weir/httpcore\"\nimport \"github.com/weir-go/weir/stream\"\n\n" +
		"var newServer func() *httpcore.Server\nvar x int\n//line p.md:4\nfunc f(s *stream.Socket) { newServer() }\n"
	if err != nil || got != want {
		t.Errorf("got %v\n%s", err, got)
	}
}

func TestAPartBecomesAFile(t *testing.T) {
	page := "x\n<!-- with: s *stream.Socket -->\n```go\ntime := 1\nvar a, b = time.X, strings.Cut\ns.Pipe(s) // bytes.Buffer\nfor _, v := range q {}\n```\n" +
		"<!-- not compiled: pseudo -->\n```go\n…\n```\n```sh\nx\n```\n"
	list := fencesOf("p.md", page)
	if len(list) != 2 || list[1].skip != "pseudo" || list[0].line != 3 {
		t.Fatalf("got %+v", list)
	}
	got, err := list[0].file()
	want := `package snippet
import "github.com/weir-go/weir/stream"
import "strings"

func _(s *stream.Socket) {
//line p.md:4
time := 1
var a, b = time.X, strings.Cut
s.Pipe(s) // bytes.Buffer
for _, v := range q {}
_ = time
_ = a
_ = b
}
`
	if err != nil || got != want {
		t.Errorf("got %v\n%s", err, got)
	}
}
