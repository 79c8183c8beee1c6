package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// recorded is a scenario and the trace that is expected of it.
type recorded struct {
	Scenario scenario
	Trace    []*step
}

// load reads a file of testdata: one recorded scenario a line.
func load(t *testing.T, name string) []recorded {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(z)
	in.Buffer(nil, 16<<20)
	var list []recorded
	for in.Scan() {
		var r recorded
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func play(t *testing.T, name string, least int) {
	t.Helper()
	list := load(t, name)
	if len(list) < least {
		t.Fatalf("got %d scenarios, want at least %d", len(list), least)
	}
	failed := 0
	for _, r := range list {
		got := execute(&r.Scenario).Trace
		if where, ok := same(got, r.Trace); !ok {
			if failed++; failed <= 5 {
				t.Errorf("%s: %s", r.Scenario.ID, where)
			}
		}
	}
	if failed > 0 {
		t.Errorf("%d of %d scenarios differ", failed, len(list))
	}
}

// same compares everything: steps, records and their order.
func same(got, want []*step) (string, bool) {
	for i, w := range want {
		if i >= len(got) {
			return "ends before step " + w.A, false
		}
		g := got[i]
		if g.T == w.T && g.A == w.A && slices.Equal(g.R, w.R) {
			continue
		}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetIndent("\t", " ")
		enc.Encode(map[string]*step{"got": g, "want": w})
		return b.String(), false
	}
	if len(got) > len(want) {
		return "goes on with step " + got[len(want)].A, false
	}
	return "", true
}

// The traces of random.jsonl.gz are Node's: v20.20.2 has played the same scenarios.
func TestTracesAreNodes(t *testing.T) { play(t, "random.jsonl.gz", 1500) }

// Every call from inside every callback: reentrancy.jsonl.gz has a row for each stream, event and call. The expected
// outcomes are Node's, but for the rows tagged "differs": there a destroyed stream gives nothing out any more, and the
// callbacks of End and of a write that waited for a reader are told that their stream was destroyed, which are improvements by decision.
func TestEveryCallFromInsideEveryCallback(t *testing.T) { play(t, "reentrancy.jsonl.gz", 500) }
