package tidy

import (
	"go/ast"
	"path"
	"strings"
)

// checkPackageDocs wants a package comment in each package, in doc.go; a program has it in any file. Two comments would
// be printed one after the other by go doc, so there is one.
func checkPackageDocs(t *tree) []problem {
	var found []problem
	byDir := map[string][]*goFile{}
	var dirs []string
	for _, f := range t.goFiles {
		if byDir[f.dir] == nil {
			dirs = append(dirs, f.dir)
		}
		byDir[f.dir] = append(byDir[f.dir], f)
	}
	for _, dir := range dirs {
		var with []string
		program := false
		for _, f := range byDir[dir] {
			if f.test {
				continue
			}
			program = program || f.ast.Name.Name == "main"
			if f.ast.Doc != nil {
				with = append(with, path.Base(f.path))
			}
		}
		switch {
		case len(with) > 1:
			found = append(found, problem{dir, 0, "has package comments in " + strings.Join(with, " and ") + "; one of them is for the reader, the other is in the way"})
		case len(with) == 0 && program:
			found = append(found, problem{dir, 0, "has no package comment; a command says what it is for and how it is started"})
		case !program && (len(with) == 0 || with[0] != "doc.go"):
			found = append(found, problem{dir, 0, "has no doc.go with a package comment; it is the first page a reader looks for: purpose, a short program, the rules"})
		}
	}
	return found
}

// isPublic reports whether users can import dir. Packages that end in test take a *testing.T and have no example to run.
func isPublic(dir string, files []*goFile) bool {
	if under(dir, "cmd", "examples", "internal") || strings.Contains("/"+dir+"/", "/internal/") {
		return false
	}
	for _, f := range files {
		if !f.test {
			return f.ast.Name.Name != "main"
		}
	}
	return false
}

// checkExamples wants an Example function in each public package: documentation that is compiled and run.
func checkExamples(t *tree) []problem {
	var found []problem
	dirs, files := t.packages()
	for _, dir := range dirs {
		if !isPublic(dir, files[dir]) || strings.HasSuffix(dir, "test") {
			continue
		}
		if !hasExample(files[dir]) {
			found = append(found, problem{dir, 0, "has no Example function; write example_test.go: the shortest program that shows what the package is for"})
		}
	}
	return found
}

func hasExample(files []*goFile) bool {
	for _, f := range files {
		if !f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Example") {
				return true
			}
		}
	}
	return false
}
