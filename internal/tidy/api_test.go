package tidy

import (
	"strings"
	"testing"
)

const apiSource = `package loop

import "x.org/reactor"

const (
	A Kind = iota
	B
	hidden
)

const Size = 64 << 10

var ErrClosed, errHidden = 1, 2

type Kind uint8

func (k Kind) String() string { return "" }

type Loop struct {
	reactor.Kernel
	inner
	Name, Other string
	OnDone      func(n int, err error) (more bool)
	hidden      int
}

func New(o Options) (*Loop, error)             { return nil, nil }
func (l *Loop) Write(bufs [][]byte, done func(err error)) {}
func (l *Loop) unexported()                    {}
func (h hiddenType) Exported()                 {}

type inner struct {
	*innermost
	Shared bool
	Name   int // hidden by that of Loop
}

func (i *inner) Lent(n int) error              { return nil }
func (i *inner) Write()                        {} // hidden by that of Loop
func (i *innermost) Lent()                     {} // hidden by that of inner
func (i innermost) Deep()                      {}

type Source interface {
	reactor.Clock
	Read(p []byte) (n int, err error)
	seal()
}

type Same = reactor.Loop

type Face = interface{ Do(a, b int) }

type Heap[T any] struct{ Less func(a, b T) bool }

func (h *Heap[T]) Push(v T)         {}
func Map[K comparable, V any](m map[K]V, f func(k K) V) {}
`

const apiWant = `pkg loop, const A Kind
pkg loop, const B Kind
pkg loop, const Size
pkg loop, func Map[K comparable, V any](map[K]V, func(K) V)
pkg loop, func New(Options) (*Loop, error)
pkg loop, method (*Heap[T]) Push(T)
pkg loop, method (*Loop) Lent(int) error
pkg loop, method (*Loop) Write([][]byte, func(error))
pkg loop, method (Kind) String() string
pkg loop, method (Loop) Deep()
pkg loop, type Face = interface
pkg loop, type Face = interface, Do(int, int)
pkg loop, type Heap[T any] struct
pkg loop, type Heap[T any] struct, Less func(T, T) bool
pkg loop, type Kind uint8
pkg loop, type Loop struct
pkg loop, type Loop struct, Name string
pkg loop, type Loop struct, OnDone func(int, error) bool
pkg loop, type Loop struct, Other string
pkg loop, type Loop struct, Shared bool
pkg loop, type Loop struct, embeds reactor.Kernel
pkg loop, type Same = reactor.Loop
pkg loop, type Source interface
pkg loop, type Source interface, Read([]byte) (int, error)
pkg loop, type Source interface, embeds reactor.Clock
pkg loop, type Source interface, has unexported methods
pkg loop, var ErrClosed
`

func TestAPIListsTheExportedSurface(t *testing.T) {
	got, err := exportedSurface(made(t, "loop/a.go", apiSource))
	if err != nil {
		t.Fatal(err)
	}
	got = strings.TrimPrefix(got, apiHeader)
	for _, line := range missing(got, apiWant) {
		t.Errorf("got  %s", line)
	}
	for _, line := range missing(apiWant, got) {
		t.Errorf("want %s", line)
	}
}

func TestAPIIsTheSameOnEverySystem(t *testing.T) {
	got, err := exportedSurface(made(t,
		"reactor/a_linux.go", "package reactor; func Linux() {}",
		"reactor/a_darwin.go", "package reactor; func Darwin() {}",
		"reactor/b.go", "//go:build unix\n\npackage reactor; func Unix() {}",
		"reactor/c.go", "//go:build !linux\n\npackage reactor; func Others() {}",
		"reactor/d.go", "//go:build weirdebug\n\npackage reactor; func Debug() {}",
		"reactor/e.go", "//go:build go1.26\n\npackage reactor; func Recent() {}",
		"reactor/f_test.go", "package reactor; func Test() {}",
	))
	if err != nil {
		t.Fatal(err)
	}
	want := apiHeader + "pkg reactor, func Linux()\npkg reactor, func Recent()\npkg reactor, func Unix()\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAPILeavesOutWhatNobodyCanImport(t *testing.T) {
	got, err := exportedSurface(made(t,
		"internal/x/a.go", "package x; func X() {}",
		"cmd/x/a.go", "package main; func X() {}",
		"bench/go.mod", "module b", "bench/a.go", "package bench; func X() {}",
	))
	if err != nil {
		t.Fatal(err)
	}
	if got != apiHeader {
		t.Errorf("got %q, want the header alone", got)
	}
}

func TestAPIRule(t *testing.T) {
	const code = "package loop; func New() {}"
	runCases(t, checkAPI, []ruleCase{
		{"equal", []string{"loop/a.go", code, apiFile, apiHeader + "pkg loop, func New()\n"}, nil},
		{"changed", []string{"loop/a.go", code, apiFile, apiHeader + "pkg loop, func Old()\n"}, []string{"- pkg loop, func Old()", "+ pkg loop, func New()", apiUpdate}},
		{"no file", []string{"loop/a.go", code}, []string{"is missing; write it with"}},
	})
}
