package tidy

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"strconv"
)

// use is one mention of a name that an import provides, as time.Now.
type use struct {
	name string
	pos  token.Pos
}

// importPath is the unquoted path of spec.
func importPath(spec *ast.ImportSpec) string {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value // the parser has accepted it: this can't be
	}
	return p
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// localName is what the file calls an import, as far as the path tells.
func localName(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	p := importPath(spec)
	if base := path.Base(p); !majorVersion.MatchString(base) {
		return base
	}
	return path.Base(path.Dir(p))
}

// uses lists what f takes from the package at importPath. A dot import hides what is taken, and counts as a use of ".".
func (f *goFile) uses(pkg string) []use {
	var found []use
	for _, spec := range f.ast.Imports {
		if importPath(spec) != pkg {
			continue
		}
		local := localName(spec)
		if local == "." {
			found = append(found, use{".", spec.Pos()})
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == local {
					found = append(found, use{sel.Sel.Name, sel.Pos()})
				}
			}
			return true
		})
	}
	return found
}
