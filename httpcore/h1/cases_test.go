package h1

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The cases in testdata are read as testdata/README.md says.

const casesUpdate = "go test ./httpcore/h1 -run Cases -update"

var update = flag.Bool("update", false, "write the logs in testdata anew")

// parserCase is a heading, an http block and a log block.
type parserCase struct {
	name string
	line int // of the heading
	kind Kind
	tracer
	limits Limits
	finish bool // call Finish at the end
	goOn   bool // call ResumeAfterUpgrade
	input  []byte
	log    string

	first, last int // the lines of the log block, fences included; where it is to be if they are equal
}

// TestCases replays each case whole, byte by byte, and in two pieces, cut everywhere. Each must give the log of the page,
// offsets included.
func TestCases(t *testing.T) {
	files := caseFiles(t)
	total := 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".md"), func(t *testing.T) {
			lines, cases := readCases(t, file)
			total += len(cases)
			if *update {
				writeLogs(t, file, lines, cases)
				_, cases = readCases(t, file)
			}
			for _, c := range cases {
				t.Run(c.name, c.test)
			}
		})
	}
	t.Logf("%d cases in %d files", total, len(files))
}

func caseFiles(t *testing.T) (files []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join("testdata", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		if filepath.Base(file) != "README.md" {
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		t.Fatal("no cases in testdata")
	}
	return files
}

// everyCut is how long an input may be to be cut everywhere. A longer one is cut near its ends, and in steps between.
const everyCut = 4 << 10

func (c *parserCase) test(t *testing.T) {
	whole := c.play(t)
	if whole != c.log {
		t.Fatalf("line %d: got\n%s\nwant\n%s\nIf it is right: %s", c.line, whole, c.log, casesUpdate)
	}
	step := 1
	for i := 1; i < len(c.input); i += step {
		if got := c.play(t, i); got != whole {
			t.Fatalf("line %d: cut at %d: got\n%s\nwant\n%s", c.line, i, got, whole)
		}
		step = 1
		if len(c.input) > everyCut && i > 256 && i < len(c.input)-256 {
			step = 61
		}
	}
	every := make([]int, len(c.input))
	for i := range every {
		every[i] = i
	}
	if got := c.play(t, every...); got != whole {
		t.Fatalf("line %d: byte by byte: got\n%s\nwant\n%s", c.line, got, whole)
	}
}

// play parses the input, cut at cuts, and returns the log.
func (c *parserCase) play(t *testing.T, cuts ...int) string {
	t.Helper()
	var p Parser
	tr := c.tracer
	tr.p = &p
	p.Reset(c.kind, &tr, &c.limits)
	at := 0
	var err error
	for k := 0; k <= len(cuts) && err == nil; k++ {
		end := len(c.input)
		if k < len(cuts) {
			end = cuts[k]
		}
		for {
			var n int
			n, err = p.Execute(c.input[at:end])
			if err == nil && n != end-at {
				t.Fatalf("line %d: %d bytes of %d consumed without a reason", c.line, n, end-at)
			}
			at += n
			if !c.resumes(&p, &tr, err, at) {
				break
			}
		}
	}
	if err == nil && c.finish {
		tr.line("finish")
		for err = p.Finish(); c.resumes(&p, &tr, err, at); err = p.Finish() {
		}
	}
	c.end(t, &p, &tr, err, at)
	return strings.TrimSuffix(tr.b.String(), "\n")
}

// resumes goes on behind a pause, and behind an upgrade if the case says so.
func (c *parserCase) resumes(p *Parser, tr *tracer, err error, at int) bool {
	switch {
	case errors.Is(err, ErrPaused):
		if tr.paused {
			tr.line("paused")
			tr.paused = false
		}
		p.Resume()
		return true
	case errors.Is(err, ErrUpgrade) && c.goOn:
		tr.line("upgrade at %d, refused", at)
		p.ResumeAfterUpgrade()
		return true
	}
	return false
}

// end writes how it ended.
func (c *parserCase) end(t *testing.T, p *Parser, tr *tracer, err error, at int) {
	t.Helper()
	var e *Error
	switch {
	case err == nil && p.Between():
		tr.line("between messages")
		return
	case err == nil:
		tr.line("inside a message")
		return
	case errors.Is(err, ErrUpgrade):
		tr.line("%s", strings.TrimRight(fmt.Sprintf("upgrade at %d: %s", at, escaped(c.input[at:])), " "))
	case errors.Is(err, ErrH2Preface):
		tr.line("%s", strings.TrimRight(fmt.Sprintf("HTTP/2 at %d: %s", at, escaped(c.input[at:])), " "))
	case errors.As(err, &e):
		if e.Offset != uint64(at) || e.Fault() != FaultPeer {
			t.Errorf("line %d: %d bytes consumed, but the error has offset %d and fault %d", c.line, at, e.Offset, e.Fault())
		}
		status := "no status"
		if e.Status != 0 {
			status = strconv.Itoa(e.Status)
		}
		tr.line("error: %v at %d, %s: %s", e.Code, e.Offset, status, e.Reason)
	default:
		t.Fatalf("line %d: %v is no Error", c.line, err)
	}
	if n, again := p.Execute([]byte("GET")); n != 0 || again != err {
		t.Errorf("line %d: then Execute gives %d, %v, want 0 and the same error", c.line, n, again)
	}
}

// readCases reads the cases of a file.
func readCases(t *testing.T, file string) (lines []string, cases []*parserCase) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// A checkout may have turned the line ends.
	lines = strings.Split(strings.TrimSuffix(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n"), "\n")
	var page parserCase // what all cases of the file have
	c := &page
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch {
		case strings.HasPrefix(line, "## "):
			c = &parserCase{name: line[len("## "):], line: i + 1}
			c.kind, c.tracer, c.limits, c.finish = page.kind, page.tracer, page.limits, page.finish
			cases = append(cases, c)
		case strings.HasPrefix(line, "Options: "):
			for option := range strings.FieldsSeq(line[len("Options: "):]) {
				if err := c.option(strings.TrimSuffix(option, ",")); err != nil {
					t.Fatalf("%s:%d: %v", file, i+1, err)
				}
			}
		case strings.HasPrefix(line, "```"):
			end := i + 1
			for end < len(lines) && lines[end] != "```" {
				end++
			}
			content := lines[i+1 : min(end, len(lines))]
			switch {
			case c == &page || end == len(lines):
				t.Fatalf("%s:%d: a block of no case, or without an end", file, i+1)
			case line == "```http" && c.input == nil:
				if c.input, err = block(content); err != nil {
					t.Fatalf("%s:%d: %v", file, i+1, err)
				}
				c.first, c.last = end+1, end+1
			case line == "```log" && c.input != nil && c.log == "":
				c.log = strings.Join(content, "\n")
				c.first, c.last = i, end+1
			default:
				t.Fatalf("%s:%d: a case has an http block, then a log block", file, i+1)
			}
			i = end
		}
	}
	for _, c := range cases {
		if c.input == nil {
			t.Fatalf("%s:%d: a case without input", file, c.line)
		}
	}
	return lines, cases
}

// option sets what a word of an Options line says.
func (c *parserCase) option(word string) error {
	name, value, _ := strings.Cut(word, "=")
	switch name {
	case "response":
		c.kind = Response
	case "finish":
		c.finish = true
	case "go-on":
		c.goOn = true
	case "brief":
		c.brief = true
	case "pause":
		c.pauseIn = value
		if !isCallback(value) {
			return fmt.Errorf("%s is no callback", value)
		}
	case "answer":
		for a := range strings.SplitSeq(value, "/") {
			answer, ok := map[string]Answer{"Proceed": Proceed, "NoBody": NoBody, "Upgrade": Upgrade}[a]
			if !ok {
				return fmt.Errorf("%s is no Answer", a)
			}
			c.answers = append(c.answers, answer)
		}
	default:
		return c.limit(name, value)
	}
	return nil
}

func (c *parserCase) limit(name, value string) (err error) {
	l := &c.limits
	limit := map[string]*int{
		"StartLine": &l.StartLine, "Header": &l.Header, "Field": &l.Field, "Fields": &l.Fields, "ChunkLine": &l.ChunkLine,
		"ChunkExtensions": &l.ChunkExtensions, "Trailer": &l.Trailer, "Interim": &l.Interim,
	}[name]
	if limit == nil {
		return fmt.Errorf("%s is no option", name)
	}
	*limit, err = strconv.Atoi(value)
	return err
}

// writeLogs writes the file anew, with what the Parser says now.
func writeLogs(t *testing.T, file string, lines []string, cases []*parserCase) {
	t.Helper()
	var out []string
	from := 0
	for _, c := range cases {
		out = append(out, lines[from:c.first]...)
		if c.first == c.last {
			out = append(out, "")
		}
		out = append(out, "```log", c.play(t), "```")
		from = c.last
	}
	out = append(out, lines[from:]...)
	if err := os.WriteFile(file, []byte(strings.Join(out, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}
