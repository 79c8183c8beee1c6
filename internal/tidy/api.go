package tidy

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/format"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

const (
	apiFile   = "docs/api.txt"
	apiUpdate = "go test ./internal/tidy -run API -update"
	apiHeader = "# The exported surface of weir on linux/amd64, one line a name. A change here is a change for users: see CONTRIBUTING.md.\n" +
		"# Written by: " + apiUpdate + "\n"
)

// exportedSurface renders the surface of all public packages as the content of apiFile. It reads the files that
// linux/amd64 builds without tags, whatever system it runs on, and no types are resolved, so the result is the same
// everywhere.
func exportedSurface(t *tree) (string, error) {
	var lines []string
	dirs, files := t.packages()
	for _, dir := range dirs {
		if !isPublic(dir, files[dir]) {
			continue
		}
		s := surface{pkg: dir, fset: token.NewFileSet(), types: map[string]*apiType{}}
		for _, f := range files[dir] {
			if f.test || !builtOnLinux(f) {
				continue
			}
			// Parsed anew, because rendering takes names out of the syntax tree.
			file, err := parser.ParseFile(s.fset, f.path, f.src, parser.SkipObjectResolution)
			if err != nil {
				return "", err
			}
			s.addFile(file)
		}
		s.promote()
		lines = append(lines, s.lines...)
	}
	slices.Sort(lines)
	return apiHeader + strings.Join(slices.Compact(lines), ""), nil
}

// builtOnLinux applies the go tool's rules for file names and build tags.
func builtOnLinux(f *goFile) bool {
	ctxt := build.Context{
		GOOS:        "linux",
		GOARCH:      "amd64",
		Compiler:    "gc",
		ReleaseTags: build.Default.ReleaseTags,
		OpenFile: func(string) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(string(f.src))), nil
		},
	}
	match, err := ctxt.MatchFile(".", path.Base(f.path))
	return err == nil && match
}

// surface gathers the lines of one package.
type surface struct {
	pkg   string
	fset  *token.FileSet
	lines []string
	types map[string]*apiType
}

// apiType is what is needed of a type, exported or not, to tell which methods and fields it lends to those that embed it.
type apiType struct {
	methods map[string]apiMethod
	fields  map[string]string // types
	embeds  []string          // types of this package that are not exported: their names don't tell a reader what comes with them
}

type apiMethod struct{ pointer, signature string }

// typeOf returns the notes about a type.
func (s *surface) typeOf(name string) *apiType {
	if s.types[name] == nil {
		s.types[name] = &apiType{methods: map[string]apiMethod{}, fields: map[string]string{}}
	}
	return s.types[name]
}

// promote adds the methods and fields that exported types have from embedded types which are not exported, the shallowest
// first.
func (s *surface) promote() {
	for name, typ := range s.types {
		if !ast.IsExported(name) {
			continue
		}
		has := map[string]bool{}
		for method := range typ.methods {
			has[method] = true
		}
		for field := range typ.fields {
			has[field] = true
		}
		for level := typ.embeds; len(level) > 0; {
			var next []string
			for _, embedded := range level {
				from := s.typeOf(embedded)
				next = append(next, from.embeds...)
				for method, m := range from.methods {
					if !has[method] {
						has[method] = true
						s.add("method (%s%s) %s%s", m.pointer, name, method, m.signature)
					}
				}
				for field, of := range from.fields {
					if !has[field] {
						has[field] = true
						s.add("type %s struct, %s %s", name, field, of)
					}
				}
			}
			level = next
		}
	}
}

func (s *surface) add(format string, args ...any) {
	s.lines = append(s.lines, "pkg "+s.pkg+", "+fmt.Sprintf(format, args...)+"\n")
}

func (s *surface) addFile(file *ast.File) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			s.addFunc(d)
		case *ast.GenDecl:
			s.addGen(d)
		}
	}
}

func (s *surface) addFunc(d *ast.FuncDecl) {
	if !d.Name.IsExported() {
		return
	}
	if d.Recv == nil {
		s.add("func %s%s", d.Name.Name, s.signature(d.Type))
		return
	}
	recv := d.Recv.List[0].Type
	m := apiMethod{signature: s.signature(d.Type)}
	if _, ok := recv.(*ast.StarExpr); ok {
		m.pointer = "*"
	}
	s.typeOf(baseName(recv)).methods[d.Name.Name] = m
	if ast.IsExported(baseName(recv)) {
		s.add("method (%s) %s%s", s.render(recv), d.Name.Name, m.signature)
	}
}

func (s *surface) addGen(d *ast.GenDecl) {
	var implied ast.Expr // a constant without type and value takes those of the one above
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			s.noteMembers(spec)
			if spec.Name.IsExported() {
				s.addType(spec)
			}
		case *ast.ValueSpec:
			typ := spec.Type
			if d.Tok == token.CONST {
				if typ == nil && len(spec.Values) == 0 {
					typ = implied
				}
				implied = typ
			}
			for _, name := range spec.Names {
				if !name.IsExported() {
					continue
				}
				line := d.Tok.String() + " " + name.Name
				if typ != nil {
					line += " " + s.render(typ)
				}
				s.add("%s", line)
			}
		}
	}
}

// noteMembers remembers the exported fields of a struct, and what it embeds under a name that is not exported.
func (s *surface) noteMembers(spec *ast.TypeSpec) {
	typ, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	t := s.typeOf(spec.Name.Name)
	for _, f := range typ.Fields.List {
		if name := baseName(f.Type); len(f.Names) == 0 && !ast.IsExported(name) {
			t.embeds = append(t.embeds, name)
		}
		for _, name := range f.Names {
			if name.IsExported() {
				t.fields[name.Name] = s.render(f.Type)
			}
		}
	}
}

func (s *surface) addType(spec *ast.TypeSpec) {
	head := "type " + spec.Name.Name
	if spec.TypeParams != nil {
		head += "[" + s.fields(spec.TypeParams, true) + "]"
	}
	if spec.Assign.IsValid() {
		head += " ="
	}
	switch typ := spec.Type.(type) {
	case *ast.StructType:
		s.add("%s struct", head)
		for _, f := range typ.Fields.List {
			if len(f.Names) == 0 && ast.IsExported(baseName(f.Type)) {
				s.add("%s struct, embeds %s", head, s.render(f.Type))
			}
			for _, name := range f.Names {
				if name.IsExported() {
					s.add("%s struct, %s %s", head, name.Name, s.render(f.Type))
				}
			}
		}
	case *ast.InterfaceType:
		s.add("%s interface", head)
		for _, f := range typ.Methods.List {
			if len(f.Names) == 0 {
				s.add("%s interface, embeds %s", head, s.render(f.Type))
			}
			for _, name := range f.Names {
				if name.IsExported() {
					s.add("%s interface, %s%s", head, name.Name, s.signature(f.Type.(*ast.FuncType)))
				} else {
					s.add("%s interface, has unexported methods", head)
				}
			}
		}
	default:
		s.add("%s %s", head, s.render(spec.Type))
	}
}

// signature renders parameters and results without their names, which callers don't depend on.
func (s *surface) signature(typ *ast.FuncType) string {
	out := ""
	if typ.TypeParams != nil {
		out = "[" + s.fields(typ.TypeParams, true) + "]"
	}
	out += "(" + s.fields(typ.Params, false) + ")"
	if typ.Results == nil || len(typ.Results.List) == 0 {
		return out
	}
	results := s.fields(typ.Results, false)
	if typ.Results.NumFields() > 1 {
		results = "(" + results + ")"
	}
	return out + " " + results
}

// fields renders a parameter list, or with names a list of type parameters.
func (s *surface) fields(list *ast.FieldList, named bool) string {
	var parts []string
	for _, f := range list.List {
		typ := s.render(f.Type)
		if named {
			var names []string
			for _, n := range f.Names {
				names = append(names, n.Name)
			}
			parts = append(parts, strings.Join(names, ", ")+" "+typ)
			continue
		}
		for range max(1, len(f.Names)) {
			parts = append(parts, typ)
		}
	}
	return strings.Join(parts, ", ")
}

// render prints a type on one line. Parameters of function types inside it lose their names too.
func (s *surface) render(typ ast.Expr) string {
	ast.Inspect(typ, func(n ast.Node) bool {
		if fn, ok := n.(*ast.FuncType); ok {
			dropNames(fn.Params)
			dropNames(fn.Results)
		}
		return true
	})
	var b strings.Builder
	if err := format.Node(&b, s.fset, typ); err != nil {
		return fmt.Sprintf("?%v", err) // a syntax tree from the parser prints
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// dropNames turns (a, b T) into (T, T).
func dropNames(list *ast.FieldList) {
	if list == nil {
		return
	}
	var fields []*ast.Field
	for _, f := range list.List {
		for range max(1, len(f.Names)) {
			fields = append(fields, &ast.Field{Type: f.Type})
		}
	}
	list.List = fields
}

// baseName is the name of the type behind pointers, type arguments and a package.
func baseName(typ ast.Expr) string {
	switch x := typ.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.StarExpr:
		return baseName(x.X)
	case *ast.ParenExpr:
		return baseName(x.X)
	case *ast.IndexExpr:
		return baseName(x.X)
	case *ast.IndexListExpr:
		return baseName(x.X)
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}

// checkAPI compares the surface with the file.
func checkAPI(t *tree) []problem {
	now, err := exportedSurface(t)
	if err != nil {
		return []problem{{apiFile, 0, err.Error()}}
	}
	text, err := fs.ReadFile(t.fsys, apiFile)
	if err != nil {
		return []problem{{apiFile, 0, "is missing; write it with: " + apiUpdate}}
	}
	was := string(text)
	if now == was {
		return nil
	}
	var found []problem
	for _, line := range missing(was, now) {
		found = append(found, problem{apiFile, 0, "- " + line})
	}
	for _, line := range missing(now, was) {
		found = append(found, problem{apiFile, 0, "+ " + line})
	}
	return append(found, problem{apiFile, 0, "differs from the exported surface (- gone, + new). If that is meant, run: " + apiUpdate})
}

// missing lists the lines of a that b has not.
func missing(a, b string) []string {
	has := map[string]bool{}
	for line := range strings.Lines(b) {
		has[line] = true
	}
	var lines []string
	for line := range strings.Lines(a) {
		if !has[line] {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}
