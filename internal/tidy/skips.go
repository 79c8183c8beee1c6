package tidy

import (
	"fmt"
	"go/ast"
	"io/fs"
	"strings"
)

const skips = ".ci/skips.txt"

// checkSkips wants the list of skips that CI accepts to name tests that exist, each with a reason: an entry that outlives
// its test would excuse the next one of that name.
func checkSkips(t *tree) []problem {
	text, err := fs.ReadFile(t.fsys, skips)
	if err != nil {
		return []problem{{skips, 0, "is missing: it lists the tests that may skip in CI, with the reason of each"}}
	}
	files := map[string][]*goFile{} // of all modules: bench has tests too
	for _, f := range t.goFiles {
		files[f.dir] = append(files[f.dir], f)
	}
	var found []problem
	for i, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if len(words) < 3 {
			found = append(found, problem{skips, i + 1, "has no reason; write: folder test reason"})
			continue
		}
		test, _, _ := strings.Cut(words[1], "/")
		if !hasTest(files[words[0]], test) {
			found = append(found, problem{skips, i + 1, fmt.Sprintf("names %s in %s, which does not exist; drop the line", test, words[0])})
		}
	}
	return found
}

func hasTest(files []*goFile, name string) bool {
	for _, f := range files {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && f.test && fn.Recv == nil && fn.Name.Name == name {
				return true
			}
		}
	}
	return false
}
