package tidy

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// module is the path of the root module.
const module = "github.com/weir-go/weir"

// tree is the repository as the rules see it. Paths are slash-separated and relative to its root.
type tree struct {
	fsys fs.FS
	fset *token.FileSet
	// goFiles are the Go files of the root module and of nested ones; test data is not among them.
	goFiles []*goFile
	// markdown are the pages for people.
	markdown []string
	// modules are the folders with a go.mod; "." is the root.
	modules []string
}

// goFile is one parsed Go file.
type goFile struct {
	path   string // reactor/poller_epoll.go
	dir    string // reactor; "." for the root
	module string // the folder of the module it belongs to
	test   bool   // _test.go
	src    []byte
	ast    *ast.File
}

// problem is one broken rule at one place. What says which rule, and why there is one.
type problem struct {
	path string
	line int // 0: the file, or the folder, as a whole
	what string
}

func (p problem) String() string {
	if p.line == 0 {
		return p.path + ": " + p.what
	}
	return fmt.Sprintf("%s:%d: %s", p.path, p.line, p.what)
}

// loadTree reads and parses the repository. Hidden folders, test data and build products are left out.
func loadTree(fsys fs.FS) (*tree, error) {
	t := &tree{fsys: fsys, fset: token.NewFileSet()}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if d.IsDir() {
			if name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || name == "bin") {
				return fs.SkipDir
			}
			return nil
		}
		switch {
		case base == "go.mod":
			t.modules = append(t.modules, path.Dir(name))
		case path.Ext(base) == ".md":
			t.markdown = append(t.markdown, name)
		case path.Ext(base) == ".go":
			return t.addGoFile(name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, f := range t.goFiles {
		f.module = t.moduleOf(f.dir)
	}
	return t, nil
}

func (t *tree) addGoFile(name string) error {
	src, err := fs.ReadFile(t.fsys, name)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(t.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	t.goFiles = append(t.goFiles, &goFile{
		path: name,
		dir:  path.Dir(name),
		test: strings.HasSuffix(name, "_test.go"),
		src:  src,
		ast:  file,
	})
	return nil
}

// moduleOf returns the folder of the innermost module around dir.
func (t *tree) moduleOf(dir string) string {
	for ; dir != "."; dir = path.Dir(dir) {
		if slices.Contains(t.modules, dir) {
			return dir
		}
	}
	return "."
}

// packages returns the folders of the root module that hold Go files, sorted, with their files.
func (t *tree) packages() (dirs []string, files map[string][]*goFile) {
	files = map[string][]*goFile{}
	for _, f := range t.goFiles {
		if f.module == "." {
			files[f.dir] = append(files[f.dir], f)
		}
	}
	for dir := range files {
		dirs = append(dirs, dir)
	}
	slices.Sort(dirs)
	return dirs, files
}

// exists reports whether the repository has a file or folder of that name.
func (t *tree) exists(name string) bool {
	_, err := fs.Stat(t.fsys, name)
	return err == nil
}

func (t *tree) line(pos token.Pos) int { return t.fset.Position(pos).Line }

// under reports whether dir is one of roots or inside one.
func under(dir string, roots ...string) bool {
	for _, root := range roots {
		if dir == root || strings.HasPrefix(dir, root+"/") {
			return true
		}
	}
	return false
}
