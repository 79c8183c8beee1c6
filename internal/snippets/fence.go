package snippets

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// fence is a block of Go on a page.
type fence struct {
	page string
	line int
	text string
	with string // parameters of the function that it is the inside of
	skip string // why it is not compiled
}

var (
	withComment = regexp.MustCompile(`^<!-- with: (.*) -->$`)
	skipComment = regexp.MustCompile(`^<!-- not compiled: (.*) -->$`)
)

// fencesOf are the blocks of Go on a page.
func fencesOf(page, text string) (found []fence) {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		if lines[i] != "```go" {
			continue
		}
		f := fence{page: page, line: i + 1}
		if i > 0 {
			if m := withComment.FindStringSubmatch(lines[i-1]); m != nil {
				f.with = m[1]
			} else if m := skipComment.FindStringSubmatch(lines[i-1]); m != nil {
				f.skip = m[1]
			}
		}
		end := i + 1
		for end < len(lines) && lines[end] != "```" {
			end++
		}
		f.text = strings.Join(lines[i+1:end], "\n") + "\n"
		i = end
		found = append(found, f)
	}
	return found
}

// program reports whether f is one, rather than a part.
func (f fence) program() bool { return strings.HasPrefix(f.text, "package ") }

// declarations reports whether f stands outside functions. What it uses is then declared beside it.
func (f fence) declarations() bool {
	return strings.HasPrefix(f.text, "func ") || strings.HasPrefix(f.text, "type ")
}

// packages are what a part may use by its name.
var packages = map[string]string{}

func init() {
	for _, p := range []string{
		"bufio", "bytes", "compress/gzip", "context", "crypto/sha256", "errors", "fmt", "io", "io/fs", "log", "log/slog", "net", "net/http",
		"net/http/httputil", "net/netip", "net/url", "os", "os/signal", "runtime", "strconv", "strings", "sync", "syscall", "testing", "time",
	} {
		packages[p[strings.LastIndex(p, "/")+1:]] = p
	}
	for _, p := range []string{"httpcore", "httpcore/h1", "httpcore/static", "httpcore/stdhttp", "loop", "reactor", "stream", "stream/files", "weirtest"} {
		packages[p[strings.LastIndex(p, "/")+1:]] = "github.com/weir-go/weir/" + p
	}
}

// file is f as a file that compiles by itself, if f is right. Errors in it are told at the page's lines.
func (f fence) file() (string, error) {
	position := fmt.Sprintf("//line %s:%d\n", f.page, f.line+1)
	if f.program() {
		return position + f.text, nil
	}
	wrapped := func(imports string, uses []string) string {
		var b strings.Builder
		if f.declarations() {
			fmt.Fprintf(&b, "package snippet\n%s\n", imports)
			for _, name := range strings.Split(f.with, "; ") {
				if name != "" {
					fmt.Fprintf(&b, "var %s\n", name)
				}
			}
			return b.String() + position + f.text
		}
		fmt.Fprintf(&b, "package snippet\n%s\nfunc _(%s) {\n%s%s", imports, f.with, position, f.text)
		for _, name := range uses {
			fmt.Fprintf(&b, "_ = %s\n", name)
		}
		b.WriteString("}\n")
		return b.String()
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), "", wrapped("", nil), 0)
	if err != nil {
		return "", err
	}
	if f.declarations() {
		return wrapped(importsOf(parsed), nil), nil
	}
	fn := parsed.Decls[0].(*ast.FuncDecl)
	return wrapped(importsOf(fn), declaredBy(fn.Body)), nil
}

// importsOf are the imports that fn, a function or a file, needs: of each x in x.Y that nobody has declared and that is a package's name.
func importsOf(fn ast.Node) string {
	declared := map[string]bool{}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, name := range n.Names {
				declared[name.Name] = true
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, x := range n.Lhs {
					if name, ok := x.(*ast.Ident); ok {
						declared[name.Name] = true
					}
				}
			}
		case *ast.ValueSpec:
			for _, name := range n.Names {
				declared[name.Name] = true
			}
		}
		return true
	})
	var lines []string
	ast.Inspect(fn, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && !declared[x.Name] && packages[x.Name] != "" {
				lines = append(lines, fmt.Sprintf("import %q\n", packages[x.Name]))
			}
		}
		return true
	})
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "")
}

// declaredBy are the names that the statements of body declare: a page need not use them.
func declaredBy(body *ast.BlockStmt) (names []string) {
	for _, s := range body.List {
		switch s := s.(type) {
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE {
				continue
			}
			for _, x := range s.Lhs {
				if name, ok := x.(*ast.Ident); ok && name.Name != "_" {
					names = append(names, name.Name)
				}
			}
		case *ast.DeclStmt:
			if d, ok := s.Decl.(*ast.GenDecl); ok && d.Tok == token.VAR {
				for _, spec := range d.Specs {
					for _, name := range spec.(*ast.ValueSpec).Names {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}
