package tidy

import (
	"strings"
	"testing"
	"testing/fstest"
)

// made returns a tree of the given files, each path followed by its content.
func made(t *testing.T, pathsAndContents ...string) *tree {
	t.Helper()
	fsys := fstest.MapFS{}
	for i := 0; i < len(pathsAndContents); i += 2 {
		fsys[pathsAndContents[i]] = &fstest.MapFile{Data: []byte(pathsAndContents[i+1])}
	}
	tr, err := loadTree(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// ruleCase is a small tree and the problems a rule must find in it: for each, where it stands and a word of it.
type ruleCase struct {
	name  string
	files []string
	want  []string
}

func runCases(t *testing.T, check func(*tree) []problem, cases []ruleCase) {
	t.Helper()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got := check(made(t, tc.files...))
			if len(got) != len(tc.want) {
				t.Fatalf("got %d problems %v, want %d", len(got), got, len(tc.want))
			}
			for i, p := range got {
				if !strings.Contains(p.String(), tc.want[i]) {
					t.Errorf("got %q, want %q in it", p, tc.want[i])
				}
			}
		})
	}
}

func TestFloorsRule(t *testing.T) {
	const mod = "github.com/weir-go/weir/"
	runCases(t, checkFloors, []ruleCase{
		{"down", []string{"loop/a.go", `package loop; import _ "` + mod + `reactor"`}, nil},
		{"up", []string{"reactor/a.go", `package reactor; import _ "` + mod + `loop"`}, []string{"reactor/a.go:1: imports loop"}},
		{"sideways", []string{"stream/a.go", `package stream; import _ "` + mod + `httpcore/h1"`}, []string{"imports httpcore/h1"}},
		{"past a floor", []string{"httpcore/a.go", `package httpcore; import _ "` + mod + `reactor"`}, []string{"imports reactor"}},
		{"helpers of our own", []string{"loop/a.go", `package loop; import _ "` + mod + `internal/x"`}, []string{"imports internal/x"}},
		{"the fake in shipped code", []string{"loop/a.go", `package loop; import _ "` + mod + `internal/simkernel"`}, []string{"imports internal/simkernel"}},
		{"the fake in a test", []string{"loop/a_test.go", `package loop; import _ "` + mod + `internal/simkernel"`}, nil},
		{"the suite in a test", []string{"reactor/a_test.go", `package reactor_test; import _ "` + mod + `reactor/reactortest"`}, nil},
		{"a floor up in a test", []string{"reactor/a_test.go", `package reactor_test; import _ "` + mod + `loop"`}, []string{"imports loop; a test of reactor"}},
		{"an assertion library", []string{"loop/a_test.go", `package loop; import _ "github.com/stretchr/testify/assert"`}, []string{"no assertion library"}},
		{"a leak checker in a test", []string{"loop/a_test.go", `package loop; import _ "go.uber.org/goleak"`}, nil},
		{"a leak checker in shipped code", []string{"loop/a.go", `package loop; import _ "go.uber.org/goleak"`}, []string{"imports go.uber.org/goleak"}},
		{"x/sys in reactor", []string{"reactor/a.go", `package reactor; import _ "golang.org/x/sys/unix"`}, nil},
		{"x/sys in loop", []string{"loop/a.go", `package loop; import _ "golang.org/x/sys/unix"`}, []string{"imports golang.org/x/sys/unix"}},
		{"gnet's engine", []string{"reactor/a.go", `package reactor; import _ "github.com/panjf2000/gnet/v2"`}, []string{"imports github.com/panjf2000/gnet/v2;"}},
		{"sockets in the parser", []string{"httpcore/h1/a.go", `package h1; import _ "net"`}, []string{"imports net; httpcore/h1 sees bytes"}},
		{"addresses in a stream", []string{"stream/a.go", `package stream; import _ "net/netip"`}, nil},
		{"net/http", []string{"httpcore/a.go", `package httpcore; import _ "net/http"`}, []string{"imports net/http"}},
		{"net/http's handlers", []string{"httpcore/stdhttp/a.go", `package stdhttp; import _ "net/http"`}, nil},
		{"a new package", []string{"quic/a.go", `package quic`}, []string{"quic: this package has no place"}},
		{"a helper under a floor", []string{"loop/wheel/a.go", `package wheel`}, []string{"loop/wheel: this package has no place"}},
		{"a module of its own", []string{"bench/go.mod", "module x", "bench/a.go", `package main; import _ "github.com/x/y"`}, nil},
		{"a program", []string{"cmd/echo/a.go", `package main; import _ "` + mod + `httpcore"`}, nil},
		{"a program with the fake", []string{"cmd/echo/a.go", `package main; import _ "` + mod + `internal/simkernel"`}, []string{"which is for tests"}},
		{"a program with a library", []string{"cmd/echo/a.go", `package main; import _ "github.com/spf13/cobra"`}, []string{"imports github.com/spf13/cobra"}},
		{"the simulation drives a loop", []string{"internal/simkernel/a_test.go", `package simkernel; import _ "` + mod + `loop"`}, nil},
		{"the fake above reactor", []string{"internal/simkernel/a.go", `package simkernel; import _ "` + mod + `loop"`}, []string{"imports loop"}},
	})
}

func TestRequiresRule(t *testing.T) {
	runCases(t, checkRequires, []ruleCase{
		{"ours", []string{"go.mod", "module m\n\nrequire (\n\tgolang.org/x/sys v0.1.0\n\tx.org/y v1.0.0 // indirect\n)\n"}, nil},
		{"another", []string{"go.mod", "module m\n\nrequire (\n\tx.org/y v1.0.0\n)\n"}, []string{"go.mod:4: requires x.org/y"}},
		{"another on one line", []string{"go.mod", "module m\nrequire x.org/y v1.0.0\n"}, []string{"go.mod:2: requires x.org/y"}},
		{"a replace", []string{"go.mod", "module m\nreplace x.org/y => ../y\n"}, []string{"go.mod:2: a replace"}},
	})
}

func TestKernelRule(t *testing.T) {
	const errno = "; import \"syscall\"; var _ = syscall."
	runCases(t, checkKernel, []ruleCase{
		{"all in reactor", []string{"reactor/a_linux.go", "//go:build linux\n\npackage reactor; import _ \"unsafe\"; import \"syscall\"; var _ = syscall.Read"}, nil},
		{"errnos above", []string{"loop/a.go", "package loop" + errno + "EAGAIN"}, []string{"uses syscall.EAGAIN; only reactor makes system calls"}},
		{"renamed", []string{"loop/a.go", `package loop; import s "syscall"; var _ = s.Read`}, []string{"uses syscall.Read"}},
		{"dotted", []string{"loop/a.go", `package loop; import . "syscall"; var _ = Read`}, []string{"uses syscall.."}},
		{"errnos in the fake", []string{"internal/simkernel/a.go", "package simkernel" + errno + "EAGAIN"}, nil},
		{"a call in the fake", []string{"internal/simkernel/a.go", "package simkernel" + errno + "Read"}, []string{"uses syscall.Read; the simulated kernel"}},
		{"epoll in the fake", []string{"internal/simkernel/a.go", "package simkernel" + errno + "EPOLLIN"}, []string{"uses syscall.EPOLLIN"}},
		{"signals in a program", []string{"cmd/echo/a.go", "package main" + errno + "SIGTERM"}, nil},
		{"a call in a program", []string{"cmd/echo/a.go", "package main" + errno + "Setrlimit"}, []string{"uses syscall.Setrlimit; a program"}},
		{"anything in a test", []string{"loop/a_test.go", "package loop" + errno + "Socketpair"}, nil},
		{"anything in a tool", []string{"internal/mutants/a.go", "package main" + errno + "Kill"}, nil},
		{"unsafe", []string{"stream/a.go", `package stream; import _ "unsafe"`}, []string{"imports unsafe"}},
		{"cgo", []string{"loop/a.go", `package loop; import "C"`}, []string{"imports C"}},
		{"a tag", []string{"loop/a.go", "//go:build linux\n\npackage loop"}, []string{"loop/a.go:1: has the build tag linux"}},
		{"a name", []string{"loop/a_darwin.go", "package loop"}, []string{"is built on some systems only"}},
		{"a name that is none", []string{"loop/a_unix.go", "package loop"}, nil},
		{"weirdebug", []string{"loop/a.go", "//go:build !weirdebug\n\npackage loop"}, nil},
		{"weirdebug and more", []string{"loop/a.go", "//go:build weirdebug && linux\n\npackage loop"}, []string{"has the build tag"}},
		{"linkname", []string{"loop/a.go", "package loop\n\n//go:linkname now runtime.nanotime\nfunc now() int64"}, []string{"loop/a.go:3: go:linkname"}},
	})
}

func TestTimeRule(t *testing.T) {
	const now = "; import \"time\"; var _ = time.Now"
	runCases(t, checkTime, []ruleCase{
		{"on a floor", []string{"loop/a.go", "package loop" + now}, []string{"loop/a.go:1: uses time.Now"}},
		{"in the fake", []string{"internal/simkernel/a.go", "package simkernel" + now}, []string{"uses time.Now"}},
		{"a hidden timer", []string{"loop/a.go", `package loop; import "context"; var _ = context.WithTimeout`}, []string{"uses context.WithTimeout"}},
		{"durations", []string{"loop/a.go", `package loop; import "time"; var _ = time.Second`}, nil},
		{"in the clock", []string{"reactor/clock.go", "package reactor" + now}, nil},
		{"a clock that reads none", []string{"reactor/clock.go", "package reactor"}, []string{"needs no exception any more"}},
		{"in a test", []string{"loop/a_test.go", "package loop" + now}, nil},
		{"in the suite", []string{"reactor/reactortest/a.go", "package reactortest" + now}, nil},
		{"in a program", []string{"cmd/echo/a.go", "package main" + now}, nil},
		{"in another module", []string{"bench/go.mod", "module x", "bench/a.go", "package main" + now}, nil},
	})
}

func TestGoroutinesRule(t *testing.T) {
	runCases(t, checkGoroutines, []ruleCase{
		{"on a floor", []string{"loop/a.go", "package loop\nfunc f() { go f() }"}, []string{"loop/a.go:2: starts a goroutine"}},
		{"by a wait group", []string{"loop/a.go", "package loop\nimport \"sync\"\nfunc f() { var g sync.WaitGroup; g.Go(f) }"}, []string{"loop/a.go:3: starts a goroutine"}},
		{"by a context", []string{"loop/a.go", "package loop\nimport \"context\"\nfunc f(c context.Context) { context.AfterFunc(c, nil) }"}, []string{"loop/a.go:3: starts a goroutine"}},
		{"in the fake", []string{"internal/simkernel/a.go", "package simkernel\nfunc f() { go f() }"}, []string{"starts a goroutine"}},
		{"in a test", []string{"loop/a_test.go", "package loop\nfunc f() { go f() }"}, nil},
		{"in a program", []string{"cmd/echo/a.go", "package main\nfunc f() { go f() }"}, nil},
	})
}

func TestChanceRule(t *testing.T) {
	runCases(t, checkChance, []ruleCase{
		{"on a floor", []string{"loop/a.go", `package loop; import _ "math/rand/v2"`}, []string{"imports math/rand/v2"}},
		{"a seed in the fake", []string{"internal/simkernel/a.go", `package simkernel; import "math/rand/v2"; var _ = rand.New(rand.NewPCG(1, 2))`}, nil},
		{"none in the fake", []string{"internal/simkernel/a.go", `package simkernel; import "math/rand/v2"; var _ = rand.IntN(2)`}, []string{"uses rand.IntN"}},
		{"in a test", []string{"loop/a_test.go", `package loop; import _ "math/rand/v2"`}, nil},
	})
}

func TestWordsRule(t *testing.T) {
	runCases(t, checkWords, []ruleCase{
		{"a note", []string{"loop/a_test.go", "package loop\n\n// TO" + "DO: later"}, []string{"loop/a_test.go:3: says TO"}},
		{"another", []string{"bench/go.mod", "module x", "bench/a.go", "package main // FIX" + "ME"}, []string{"bench/a.go:1: says FIX"}},
		{"a longer word", []string{"loop/a.go", "package loop // mktemp XX" + "XXXX"}, nil},
		{"an opt-out", []string{"reactor/a.go", "package reactor\n\n//go:no" + "race\nfunc f() {}"}, []string{"reactor/a.go:3: opts out"}},
	})
}

func TestPackageDocsRule(t *testing.T) {
	runCases(t, checkPackageDocs, []ruleCase{
		{"in doc.go", []string{"loop/doc.go", "// Package loop is one.\npackage loop", "loop/a.go", "package loop"}, nil},
		{"elsewhere", []string{"loop/a.go", "// Package loop is one.\npackage loop"}, []string{"loop: has no doc.go"}},
		{"none", []string{"loop/doc.go", "package loop"}, []string{"loop: has no doc.go"}},
		{"only in a test", []string{"loop/doc.go", "package loop", "loop/a_test.go", "// Package loop is one.\npackage loop"}, []string{"loop: has no doc.go"}},
		{"two", []string{"loop/doc.go", "// Package loop is one.\npackage loop", "loop/a.go", "// A stray comment.\npackage loop"}, []string{"doc.go"}},
		{"a program", []string{"cmd/x/main.go", "// Command x does.\npackage main"}, nil},
		{"a silent program", []string{"cmd/x/main.go", "package main"}, []string{"cmd/x: has no package comment"}},
	})
}

func TestExamplesRule(t *testing.T) {
	runCases(t, checkExamples, []ruleCase{
		{"there", []string{"loop/a.go", "package loop", "loop/example_test.go", "package loop_test; func ExampleLoop() {}"}, nil},
		{"missing", []string{"loop/a.go", "package loop", "loop/a_test.go", "package loop; func TestA() {}"}, []string{"loop: has no Example"}},
		{"internal", []string{"internal/x/a.go", "package x"}, nil},
		{"a helper for tests", []string{"reactor/reactortest/a.go", "package reactortest"}, nil},
		{"a program", []string{"cmd/x/a.go", "package main"}, nil},
	})
}

func TestChangelogRule(t *testing.T) {
	const top = "# Changelog\n\n## [Unreleased]\n"
	runCases(t, checkChangelog, []ruleCase{
		{"good", []string{changelog, top + "\n### Added\n\n- x\n\n## [0.10.0] - 2026-02-01\n\n### Fixed\n\n- y\n\n## [0.9.0] - 2026-01-01\n"}, nil},
		{"missing", nil, []string{"is missing"}},
		{"no title", []string{changelog, "# News\n\n## [Unreleased]\n"}, []string{"CHANGELOG.md:1: starts with"}},
		{"nothing unreleased", []string{changelog, "# Changelog\n\n## [0.1.0] - 2026-01-01\n"}, []string{"the first section is"}},
		{"empty", []string{changelog, "# Changelog\n"}, []string{"has no section"}},
		{"unreleased below", []string{changelog, top + "## [0.1.0] - 2026-01-01\n## [Unreleased]\n"}, []string{":5: Unreleased stands first"}},
		{"a version without a date", []string{changelog, top + "## 0.1.0\n"}, []string{"want ## [1.2.3] - 2026-01-31"}},
		{"versions upside down", []string{changelog, top + "## [0.9.0] - 2026-01-01\n## [0.10.0] - 2026-02-01\n"}, []string{"the newest comes first"}},
		{"an unknown kind", []string{changelog, top + "### Improved\n"}, []string{"want one of Added"}},
		{"a kind twice", []string{changelog, top + "### Added\n### Added\n"}, []string{"a second Added"}},
		{"an entry without a kind", []string{changelog, top + "- x\n"}, []string{"without a kind"}},
	})
}

func TestLinksRule(t *testing.T) {
	runCases(t, checkLinks, []ruleCase{
		{"a file", []string{"README.md", "[x](docs/a.md)", "docs/a.md", "[back](../README.md)"}, nil},
		{"a folder", []string{"README.md", "[x](docs/)", "docs/a.md", ""}, nil},
		{"elsewhere", []string{"README.md", "[x](https://example.org/a.md) [y](mailto:a@b.c)"}, nil},
		{"nowhere", []string{"README.md", "\n[x](docs/a.md)"}, []string{"README.md:2: links to docs/a.md, which does not exist"}},
		{"two on a line", []string{"README.md", "[x](a.md) [y](b.md)"}, []string{"a.md", "b.md"}},
		{"a reference", []string{"README.md", "[x]\n\n[x]: docs/a.md"}, []string{"README.md:3: links to docs/a.md"}},
		{"out of the repository", []string{"README.md", "[x](../other/a.md)"}, []string{"outside the repository"}},
		{"from the root of a disk", []string{"README.md", "[x](/docs/a.md)"}, []string{"outside the repository"}},
		{"a heading", []string{"README.md", "[x](#the-loop-ones)\n\n## The `loop`: ones"}, nil},
		{"no heading", []string{"README.md", "[x](a.md#there)", "a.md", "# Here"}, []string{"no such heading"}},
		{"in code", []string{"README.md", "```\n[x](a.md)\n```\nand `[x](a.md)`"}, nil},
	})
}

func TestCommandsRule(t *testing.T) {
	const makefile = ".PHONY: test\nVAR := x\ntest: build\n\tgo test\nbuild:\n"
	runCases(t, checkCommands, []ruleCase{
		{"a target", []string{"Makefile", makefile, "README.md", "Run `make test`.\n\n    make build test  # both\n"}, nil},
		{"no target", []string{"Makefile", makefile, "README.md", "\nRun `make tests`."}, []string{"README.md:2: names make tests"}},
		{"no target in a fence", []string{"Makefile", makefile, "README.md", "```\n$ cd x && V=1 make build all\n```"}, []string{"names make all"}},
		{"a variable", []string{"Makefile", makefile, "README.md", "`make test VAR=fast` or `make VAR`"}, nil},
		{"make as a word", []string{"Makefile", makefile, "README.md", "We make things."}, nil},
		{"a variable's name is no target", []string{"Makefile", "VAR := x\nlow := y\n", "README.md", "`make low`"}, []string{"names make low"}},
		{"a path", []string{"README.md", "`go run ./cmd/echo`, loop/a.go, `loop/`, `./...`, `reactor/*_linux.go`", "cmd/echo/a.go", "package main", "loop/a.go", "package loop", "reactor/a_linux.go", "package reactor"}, nil},
		{"no path in code", []string{"README.md", "`go run ./cmd/ecko`"}, []string{"names cmd/ecko"}},
		{"no path in prose", []string{"README.md", "It begins in loop/loop.go."}, []string{"names loop/loop.go"}},
		{"no folder", []string{"README.md", "Later: `stream/`."}, []string{"names stream,"}},
		{"no import", []string{"README.md", "```go\nimport \"github.com/weir-go/weir/loop\"\n```"}, []string{"names loop,"}},
		{"no match", []string{"README.md", "`reactor/*_linux.go`"}, []string{"names reactor/*_linux.go"}},
		{"other words with a slash", []string{"README.md", "and/or, `text/plain`, `testdata/fuzz`, `a.Loop/b`, `/loop`"}, nil},
		{"history", []string{"CHANGELOG.md", "loop/gone.go", "docs/decisions/0001-x.md", "`make gone`"}, nil},
	})
}

func TestSkipsRule(t *testing.T) {
	const test = "package loop; func TestA() {}"
	runCases(t, checkSkips, []ruleCase{
		{"good", []string{skips, "# why\n\nloop TestA/ipv6 no IPv6 there\n", "loop/a_test.go", test}, nil},
		{"no file", nil, []string{"is missing"}},
		{"no reason", []string{skips, "loop TestA\n", "loop/a_test.go", test}, []string{":1: has no reason"}},
		{"no test", []string{skips, "\nloop TestB later\n", "loop/a_test.go", test}, []string{":2: names TestB in loop"}},
	})
}

func TestExpectedFilesRule(t *testing.T) {
	if got := checkFiles(made(t)); len(got) != len(expected) {
		t.Errorf("got %d problems in an empty tree, want %d", len(got), len(expected))
	}
}

func TestTreeRefusesWhatDoesNotParse(t *testing.T) {
	_, err := loadTree(fstest.MapFS{"loop/a.go": {Data: []byte("package")}})
	if err == nil || !strings.Contains(err.Error(), "loop/a.go") {
		t.Errorf("got %v, want an error that names loop/a.go", err)
	}
}

func TestTreeLeavesOutTestData(t *testing.T) {
	tr := made(t, "loop/testdata/a.go", "package broken (", ".hidden/a.go", "package", "loop/a.go", "package loop")
	if len(tr.goFiles) != 1 {
		t.Errorf("got %d files, want 1", len(tr.goFiles))
	}
}

func TestReadingRule(t *testing.T) {
	hundred := strings.Repeat("\n", 100)
	page := func(said string) string {
		return "# x\n\n**Reading order**, some " + said + " lines: [a](a/a.go),\n[b](b.go).\n\nAnd [c](c.go).\n"
	}
	files := func(said string) []string {
		return []string{readme, page(said), "a/a.go", "package a" + hundred, "b.go", "package x" + hundred, "c.go", "package x" + hundred}
	}
	runCases(t, checkReading, []ruleCase{
		{"exact", files("200"), nil},
		{"nearly", files("210"), nil},
		{"too few", files("189"), []string{"README.md:3: says that the reading order has some 189 lines; it has 200"}},
		{"too many", files("1,200"), []string{"some 1200 lines; it has 200"}},
		{"the last words", []string{readme, strings.TrimRight(page("5"), "\n"), "b.go", "package x\n\n\n\n\n"}, nil},
		{"no order", []string{readme, "# x\n"}, []string{"README.md: has no **Reading order**"}},
		{"no page", nil, []string{"README.md: open README.md"}},
	})
}
