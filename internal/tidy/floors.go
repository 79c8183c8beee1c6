package tidy

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// floor is a package of the library and what it may import besides the standard library.
type floor struct {
	dir    string
	level  int
	ours   []string // folders
	theirs []string // import paths
	pure   bool     // no I/O: bytes and calls in, bytes and calls out
	http   bool     // net/http, which is what the package is about
}

// floors is the house, lowest first. A package that is not in it has no place yet: give it one, and say so in the pull
// request, since what it may import is the most lasting decision about it.
var floors = []floor{
	{dir: "stream", level: 0, pure: true},
	{dir: "httpcore/h1", level: 0, pure: true},
	{dir: "reactor", level: 1, theirs: []string{"golang.org/x/sys/unix", "github.com/panjf2000/gnet/v2/pkg/socket"}},
	{dir: "reactor/reactortest", level: 1, ours: []string{"reactor"}, theirs: []string{"golang.org/x/sys/unix"}},
	{dir: "loop", level: 2, ours: []string{"reactor"}},
	{dir: "httpcore", level: 3, ours: []string{"httpcore/h1", "stream", "loop"}},
	{dir: "httpcore/stdhttp", level: 4, ours: []string{"httpcore", "stream", "loop"}, http: true},
	{dir: "stream/files", level: 3, ours: []string{"stream", "loop", "reactor"}},
	{dir: "httpcore/static", level: 4, ours: []string{"httpcore", "stream", "stream/files", "loop", "reactor"}},
	{dir: fake, level: 1, ours: []string{"reactor"}},
	{dir: "weirtest", level: 5, ours: []string{"httpcore", "httpcore/h1", "stream", "loop", "reactor", fake}},
}

// fake is the simulated kernel. It obeys the floors' rules, and only tests import it, and weirtest, which is for the tests of users.
const fake = "internal/simkernel"

// suite is the conformance suite: test code in a package of its own.
const suite = "reactor/reactortest"

var (
	// ioPackages are what a pure package has no business with.
	ioPackages = []string{"net", "net/http", "os", "os/exec", "os/signal", "syscall", "io/ioutil"}
	// testModules are the third-party packages that tests may use, wherever they are.
	testModules = []string{"go.uber.org/goleak", "pgregory.net/rapid", "golang.org/x/sys/unix"}
	// rootModules are the modules the root go.mod may require directly.
	rootModules = []string{"golang.org/x/sys", "github.com/panjf2000/gnet/v2", "go.uber.org/goleak", "pgregory.net/rapid"}
)

func floorOf(dir string) (floor, bool) {
	i := slices.IndexFunc(floors, func(f floor) bool { return f.dir == dir })
	if i < 0 {
		return floor{}, false
	}
	return floors[i], true
}

// checkFloors keeps the imports between the packages of the library, and those from outside.
func checkFloors(t *tree) []problem {
	var found []problem
	dirs, files := t.packages()
	for _, dir := range dirs {
		fl, onFloor := floorOf(dir)
		if !onFloor && !under(dir, "cmd", "examples", "internal") {
			found = append(found, problem{dir, 0, "this package has no place in the house: add it to floors in internal/tidy/floors.go, with what it may import"})
			continue
		}
		for _, f := range files[dir] {
			for _, spec := range f.ast.Imports {
				imp := importPath(spec)
				var what string
				switch {
				case onFloor && f.test:
					what = fl.refuseInTest(imp)
				case onFloor:
					what = fl.refuse(imp)
				case !f.test && under(dir, "cmd", "examples"):
					what = refuseInProgram(imp)
				}
				if what != "" {
					found = append(found, problem{f.path, t.line(spec.Pos()), what})
				}
			}
		}
	}
	return found
}

// refuse says why a package of floor f may not import imp, or "".
func (f floor) refuse(imp string) string {
	if ours, ok := ourFolder(imp); ok {
		if !slices.Contains(f.ours, ours) {
			return fmt.Sprintf("imports %s; %s may import %s of ours, because an import never points upwards", ours, f.dir, orNothing(f.ours))
		}
		return ""
	}
	if isStandard(imp) {
		switch {
		case f.pure && slices.Contains(ioPackages, imp):
			return fmt.Sprintf("imports %s; %s sees bytes, never sockets or files, so that it can be tested exactly and used anywhere", imp, f.dir)
		case imp == "net/http" && !f.http:
			return "imports net/http; weir is an alternative to it, and only tests and programs compare"
		}
		return ""
	}
	if !slices.Contains(f.theirs, imp) {
		return fmt.Sprintf("imports %s; %s may import %s from outside, because users inherit every dependency", imp, f.dir, orNothing(f.theirs))
	}
	return ""
}

// refuseInTest is refuse for test files: they may also use the fake, the suite, helpers, lower floors and test modules.
func (f floor) refuseInTest(imp string) string {
	if ours, ok := ourFolder(imp); ok {
		target, known := floorOf(ours)
		switch {
		case slices.Contains(f.ours, ours), ours == f.dir, ours == fake, ours == suite,
			known && (target.level < f.level || f.dir == fake), // the simulation drives whole floors over the fake
			under(ours, "internal") && strings.HasSuffix(path.Base(ours), "test"):
			return ""
		}
		return fmt.Sprintf("imports %s; a test of %s may import the floors below it, %s, %s and internal/…test", ours, f.dir, fake, suite)
	}
	if isStandard(imp) || slices.Contains(f.theirs, imp) || slices.Contains(testModules, imp) {
		return ""
	}
	return fmt.Sprintf("imports %s; tests may use %s from outside, and no assertion library", imp, strings.Join(testModules, ", "))
}

// refuseInProgram is refuse for cmd and examples: they show what the library is worth without help.
func refuseInProgram(imp string) string {
	ours, ok := ourFolder(imp)
	switch {
	case ok && ours == fake:
		return "imports " + fake + ", which is for tests"
	case ok && ours == suite:
		return "imports " + suite + ", which is for tests"
	case !ok && !isStandard(imp):
		return fmt.Sprintf("imports %s; a program here uses weir and the standard library, so that it shows what users get", imp)
	}
	return ""
}

// ourFolder returns the folder that an import path of this module names.
func ourFolder(imp string) (string, bool) {
	if imp == module {
		return ".", true
	}
	return strings.CutPrefix(imp, module+"/")
}

// isStandard reports whether imp is of the standard library: its first element has no dot.
func isStandard(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return !strings.Contains(first, ".")
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

// checkRequires keeps the root module's dependencies few: what it requires, all who import weir download.
func checkRequires(t *tree) []problem {
	text, err := fs.ReadFile(t.fsys, "go.mod")
	if err != nil {
		return []problem{{"go.mod", 0, err.Error()}}
	}
	var found []problem
	block := false
	for i, line := range strings.Split(string(text), "\n") {
		line, comment, _ := strings.Cut(line, "//")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
			continue
		case words[0] == "replace":
			found = append(found, problem{"go.mod", i + 1, "a replace directive does nothing for those who import weir: they would build something else"})
			continue
		case words[0] == "require" && len(words) > 1 && words[1] == "(":
			block = true
			continue
		case words[0] == ")":
			block = false
			continue
		case words[0] == "require":
			words = words[1:]
		case !block:
			continue
		}
		if strings.TrimSpace(comment) != "indirect" && !slices.Contains(rootModules, words[0]) {
			found = append(found, problem{"go.mod", i + 1, fmt.Sprintf(
				"requires %s; the root module requires %s and nothing else. Tools belong to tools/go.mod, rivals to bench/go.mod",
				words[0], strings.Join(rootModules, ", "))})
		}
	}
	return found
}
