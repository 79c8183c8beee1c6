package stream

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	statesPage   = "docs/stream-states.md"
	statesUpdate = "go test ./stream -run StatesPage -update"
)

var update = flag.Bool("update", false, "write "+statesPage+" anew")

// TestTheStatesPageShowsTheTables compares the page with what the tables give, or writes it under -update.
func TestTheStatesPageShowsTheTables(t *testing.T) {
	file := filepath.Join("..", filepath.FromSlash(statesPage))
	want := renderStates(t)
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; write it with: %s", err, statesUpdate)
	}
	// A checkout may have turned the line ends.
	if strings.ReplaceAll(string(got), "\r\n", "\n") != want {
		t.Errorf("%s is not what the tables in stream/states.go say; write it with: %s", statesPage, statesUpdate)
	}
}

// cycleTypes are the types of a cycle's states and inputs: the page has its words from the comments at their constants.
var cycleTypes = map[string][2]string{
	"life":     {"lifeState", "lifeInput"},
	"readable": {"readState", "readInput"},
	"flow":     {"Flow", "flowInput"},
	"call":     {"callState", "callInput"},
	"writable": {"writeState", "writeInput"},
}

func renderStates(t *testing.T) string {
	t.Helper()
	c := readComments(t, "states.go")
	var b strings.Builder
	fmt.Fprintf(&b, `# The states of a stream

This page shows the life-cycles of a stream as tables and pictures. They are those of stream/states.go, and what runs is those tables: a
move that is not here is a bug of the package, and panics. The page is written by

    %s

and a test fails when it is not what the tables say.

A stream has one life, and each half a state of its own. A readable half has a flow besides. Each hook that answers once (Read, Write) has a
call.
`, statesUpdate)
	for i := range cycles {
		renderCycle(t, &b, &cycles[i], c)
	}
	return b.String()
}

func renderCycle(t *testing.T, b *strings.Builder, c *cycle, said comments) {
	t.Helper()
	types := cycleTypes[c.name]
	states, inputs := said.consts[types[0]], said.consts[types[1]]
	if len(states) != len(c.states) || len(inputs) != len(c.inputs) {
		t.Fatalf("%s: states.go has %d states and %d inputs in its constants, and %d and %d in its table", c.name, len(states), len(inputs), len(c.states), len(c.inputs))
	}
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", strings.ToUpper(c.name[:1])+c.name[1:], said.types[types[0]])

	b.WriteString("```mermaid\nstateDiagram-v2\n")
	for _, s := range starts[c.name] {
		fmt.Fprintf(b, "    [*] --> %s\n", s)
	}
	for from, name := range c.states {
		last := true
		for to := range c.states {
			if by := c.between(from, to); len(by) > 0 {
				fmt.Fprintf(b, "    %s --> %s: %s\n", name, c.states[to], strings.Join(by, ", "))
				last = last && from == to
			}
		}
		if last {
			fmt.Fprintf(b, "    %s --> [*]\n", name)
		}
	}
	b.WriteString("```\n\n")

	fmt.Fprintf(b, "| state | %s | meaning |\n|---|%s---|\n", strings.Join(c.inputs, " | "), strings.Repeat("---|", len(c.inputs)))
	for from, name := range c.states {
		fmt.Fprintf(b, "| **%s** |", name)
		for in := range c.inputs {
			to := ""
			if s := c.next(uint8(from+1), uint8(in)); s != 0 {
				to = c.states[s-1] + " "
			}
			fmt.Fprintf(b, " %s|", to)
		}
		fmt.Fprintf(b, " %s |\n", states[from])
	}
	b.WriteString("\n| move | what causes it |\n|---|---|\n")
	for in, name := range c.inputs {
		fmt.Fprintf(b, "| %s | %s |\n", name, inputs[in])
	}
}

// between lists the inputs that lead from one state to another, both counted from 0.
func (c *cycle) between(from, to int) []string {
	var by []string
	for in, name := range c.inputs {
		if c.next(uint8(from+1), uint8(in)) == uint8(to+1) {
			by = append(by, name)
		}
	}
	return by
}

// comments are what a file says of its types, and of the constants of each in their order.
type comments struct {
	types  map[string]string
	consts map[string][]string
}

func readComments(t *testing.T, name string) comments {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	c := comments{map[string]string{}, map[string][]string{}}
	for _, d := range file.Decls {
		gen, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		typ := "" // the first constant of a block names it
		for _, spec := range gen.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				c.types[spec.Name.Name] = oneLine(gen.Doc.Text())
			case *ast.ValueSpec:
				if id, ok := spec.Type.(*ast.Ident); ok {
					typ = id.Name
				}
				if gen.Tok == token.CONST && spec.Comment == nil && !slices.Contains(counts, spec.Names[0].Name) {
					t.Errorf("%s: %s has no comment that says what it stands for", name, spec.Names[0].Name)
				}
				if gen.Tok == token.CONST && spec.Comment != nil {
					c.consts[typ] = append(c.consts[typ], oneLine(spec.Comment.Text()))
				}
			}
		}
	}
	return c
}

// counts are the constants that only count the others.
var counts = []string{"lifeInputs", "readInputs", "flowInputs", "callInputs", "writeInputs"}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
