package tidy

import (
	"go/build"
	"go/build/constraint"
	"io"
	"regexp"
	"strings"
)

var signalName = regexp.MustCompile(`^(Signal|SIG[A-Z0-9]+)$`)

// isErrnoName tells EAGAIN from EPOLLIN and from functions.
func isErrnoName(name string) bool {
	return name == "Errno" || name[0] == 'E' && name == strings.ToUpper(name) && !strings.HasPrefix(name, "EPOLL")
}

// checkKernel keeps system calls, unsafe and build tags in reactor: one package to read for each odd fact about a
// system, one to port, and one for the simulated kernel to stand in for. Tests and the tools under internal are free.
func checkKernel(t *tree) []problem {
	var found []problem
	for _, f := range t.goFiles {
		if f.module != "." || f.test || under(f.dir, "reactor") || under(f.dir, "internal") && f.dir != fake {
			continue
		}
		for _, spec := range f.ast.Imports {
			imp := importPath(spec)
			line := t.line(spec.Pos())
			switch {
			case imp == "unsafe", imp == "C":
				found = append(found, problem{f.path, line, "imports " + imp + "; only reactor may, because only it talks to the kernel"})
			case imp == "syscall", under(imp, "golang.org/x/sys"):
				for _, u := range f.uses(imp) {
					if what := refuseSystem(f, imp, u.name); what != "" {
						found = append(found, problem{f.path, t.line(u.pos), what})
					}
				}
			}
		}
		found = append(found, t.checkDirectives(f)...)
	}
	return found
}

// refuseSystem says why f may not use imp.name, or "". Names of errors and signals are no system calls: the fake must
// report the errors that the kernel does, and a program must say which signal ends it. Conn and RawConn are interfaces.
func refuseSystem(f *goFile, imp, name string) string {
	switch {
	case f.dir == fake:
		if isErrnoName(name) {
			return ""
		}
		return "uses " + imp + "." + name + "; the simulated kernel may use the names of errors and nothing that reaches the real one"
	case under(f.dir, "cmd", "examples"):
		if imp == "syscall" && (isErrnoName(name) || signalName.MatchString(name) || name == "Conn" || name == "RawConn") {
			return ""
		}
		return "uses " + imp + "." + name + "; a program may use the names of errors and signals and the interfaces of descriptors, and asks reactor and loop for the rest"
	}
	return "uses " + imp + "." + name + "; only reactor makes system calls. Errors are compared with reactor's names, so that this floor runs on every system and on the fake"
}

// checkDirectives refuses what ties a file to a system. The one tag known elsewhere is weirdebug, which ties to none.
func (t *tree) checkDirectives(f *goFile) []problem {
	var found []problem
	if tiedByName(f.path) {
		found = append(found, problem{f.path, 0, "is built on some systems only, by its name; what differs between systems belongs to reactor"})
	}
	for _, group := range f.ast.Comments {
		for _, c := range group.List {
			switch {
			case strings.HasPrefix(c.Text, "//go:linkname"):
				found = append(found, problem{f.path, t.line(c.Pos()), "go:linkname reaches into another package; only reactor may, with a reason"})
			case constraint.IsGoBuild(c.Text) && c.Pos() < f.ast.Package:
				if expr, err := constraint.Parse(c.Text); err != nil || !onlyTag(expr, "weirdebug") {
					found = append(found, problem{f.path, t.line(c.Pos()), "has the build tag " + strings.TrimPrefix(c.Text, "//go:build ") + "; only reactor has build tags, everything above is one program on all systems (weirdebug excepted)"})
				}
			}
		}
	}
	return found
}

// tiedByName reports whether a file name like poller_linux.go keeps the file out of some builds. It asks the go tool's
// own rules: what is built both on linux/amd64 and on windows/arm64 is tied to neither.
func tiedByName(name string) bool {
	ctxt := build.Context{
		Compiler: "gc",
		OpenFile: func(string) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("package p\n")), nil
		},
	}
	for _, system := range [][2]string{{"linux", "amd64"}, {"windows", "arm64"}} {
		ctxt.GOOS, ctxt.GOARCH = system[0], system[1]
		if match, err := ctxt.MatchFile(".", name[strings.LastIndexByte(name, '/')+1:]); err == nil && !match {
			return true
		}
	}
	return false
}

// onlyTag reports whether expr mentions tag and no other.
func onlyTag(expr constraint.Expr, tag string) bool {
	switch x := expr.(type) {
	case *constraint.TagExpr:
		return x.Tag == tag
	case *constraint.NotExpr:
		return onlyTag(x.X, tag)
	case *constraint.AndExpr:
		return onlyTag(x.X, tag) && onlyTag(x.Y, tag)
	case *constraint.OrExpr:
		return onlyTag(x.X, tag) && onlyTag(x.Y, tag)
	}
	return false
}
