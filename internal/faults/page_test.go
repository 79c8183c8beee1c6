package faults

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	page       = "docs/faults.md"
	pageUpdate = "go test ./internal/faults -run Page -update"
)

var update = flag.Bool("update", false, "write "+page+" anew")

// TestThePageShowsTheRules compares the page with what the rules give, or writes it under -update.
func TestThePageShowsTheRules(t *testing.T) {
	file := filepath.Join("..", "..", filepath.FromSlash(page))
	want := renderPage()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; write it with: %s", err, pageUpdate)
	}
	// A checkout may have turned the line ends.
	if strings.ReplaceAll(string(got), "\r\n", "\n") != want {
		t.Errorf("%s is not what the rules of internal/faults say; write it with: %s", page, pageUpdate)
	}
}

func renderPage() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# When something fails

Whatever happens to one end, every other end learns of it exactly once, and nothing leaks or is lost. This page says what that means for
%d things that may be struck, by %d faults, at %d moments: %d cells. It is written by

    %s

from the rules in internal/faults, and each cell is played against them by `+"`go test ./internal/faults`"+`, on a simulated kernel: once with
everybody listening for errors and once with nobody, beside another connection, or file, that has to notice nothing. %d of the cells cannot be;
then the rule says why.

Besides its rule this holds in every cell. A stream has one 'close', and nothing behind it; one 'error' at most. Each callback is called once.
Every descriptor is closed at the end, and no connection, request or work is left. There is one line in the log at most: of the Logger, of
OnUncaught, or of OnPanic.

How to read what is told: of events in one list (%s …) the order is promised, of two lists to one another nothing. A name that begins with a capital
letter is a message that is received, one that does not a message or stream that is written. CODE is the fault's own error: what
Destroy was given, `+"`ErrCanceled`"+` or `+"`stream.ErrAborted`"+` of a context, the kernel's errno, the panic; of Destroy(nil), for who waits,
`+"`stream.ErrDestroyed`"+`. "aborted:CODE" is `+"`httpcore.ErrAborted`"+`, which wraps it; "late" is a deadline's error, "hangup" `+"`ErrHangUp`"+`,
"ended" `+"`ErrClientEnded`"+`, "done" in a context `+"`context.Canceled`"+`, "ok" no error. "go" is the moment when the cell is over and whoever
is left goes on: a paused handler reads, a response that is open is ended.

When nobody listens, an 'error' of a message that is received is told to nobody ('aborted' and 'close' are), and any other to OnUncaught, but for a
panic, of which OnPanic was told.

Under each rule stands who says so. Letters with a number and no dash, as F01, are exchanges that Node v20.20.2's own server and client were
played with; those with a dash, as SV-11, are rules read in Node's sources, and X-5 and its likes what we do better on purpose.
`, len(subjects), len(faultNames), len(momentNames), cellsInAll, pageUpdate, cellsThatCannotBe, "`a; b`")
	for _, s := range subjects {
		renderSubject(&b, s)
	}
	return b.String()
}

func renderSubject(b *strings.Builder, s *subject) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n| moment | it means |\n|---|---|\n", strings.ToUpper(s.name[:1])+s.name[1:], s.about)
	for i, name := range momentNames {
		means := s.at[1<<i]
		if means == "" {
			means = "cannot be"
		}
		if got := s.got[1<<i]; got != "" {
			means += "; GOT is " + got
		}
		fmt.Fprintf(b, "| %s | %s |\n", name, means)
	}
	fmt.Fprintf(b, "\n| | %s |\n|---|%s\n", strings.Join(momentNames, " | "), strings.Repeat("---|", len(momentNames)))
	for i, name := range faultNames {
		fmt.Fprintf(b, "| %s |", name)
		for j := range momentNames {
			r := s.ruleOf(1<<i, 1<<j)
			switch {
			case r == nil:
				b.WriteString(" ? |")
			case r.want == "":
				fmt.Fprintf(b, " (%s) |", number(r))
			default:
				fmt.Fprintf(b, " **%s** |", number(r))
			}
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(b, "\n| %s | what is told | why |\n|---|---|---|\n", strings.TrimRight(s.rules[0].id, "-0123456789"))
	for i := range s.rules {
		r := &s.rules[i]
		if r.want == "" {
			fmt.Fprintf(b, "| (%s) | | cannot be: %s |\n", number(r), r.never)
			continue
		}
		lanes := strings.Split(r.want, " / ")
		for i, lane := range lanes {
			lane, _ = strings.CutPrefix(lane, "= ")
			lanes[i] = "`" + lane + "`"
		}
		fmt.Fprintf(b, "| **%s** | %s | %s *%s* |\n", number(r), strings.Join(lanes, "<br>"), r.says, r.ref)
	}
}

// number is a rule's id without its letters.
func number(r *rule) string {
	_, n, _ := strings.Cut(r.id, "-")
	return n
}
