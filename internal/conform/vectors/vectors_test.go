package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore/h1"
)

// expected are the verdicts that the vectors of a file of testdata name, by the vector's id or name.
func expected(t *testing.T, path string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for line := range bytes.Lines(b) {
		var v struct{ ID, Name, Verdict string }
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		m[v.ID+v.Name] = v.Verdict
	}
	return m
}

func mustLoad(t *testing.T, path string) []*vector {
	t.Helper()
	list, err := load(path)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

var verdictNames = map[verdict]string{pass: "pass", deviates: "deviation", skip: "skip", fail: "fail"}

func ourFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.jsonl")
	if err != nil || len(files) != 3 {
		t.Fatalf("testdata has %v, %v", files, err)
	}
	return files
}

func TestAVectorGetsItsVerdict(t *testing.T) {
	for _, path := range ourFiles(t) {
		want := expected(t, path)
		for _, v := range mustLoad(t, path) {
			if j := judge(v); verdictNames[j.verdict] != want[v.id] {
				t.Errorf("%s: %s: got %s, want %s: %s", path, v.id, verdictNames[j.verdict], want[v.id], j.why)
			}
		}
	}
}

// eitherWay are the vectors that pass though what is recorded is another of the answers that the RFC allows.
var eitherWay = map[string]bool{"equal-lengths": true}

// A runner that lets everything pass proves nothing. So each trace that passes is spoilt in each of its events.
func TestAWrongTraceFails(t *testing.T) {
	spoilt := 0
	for _, path := range ourFiles(t) {
		want := expected(t, path)
		for _, v := range mustLoad(t, path) {
			stop := v.want.end.stop
			if want[v.id] != "pass" || eitherWay[v.id] || v.only || v.lenient || stop == refused || stop == preface {
				continue
			}
			for i := range v.want.events {
				for name, w := range spoil(v, i) {
					spoilt++
					if j := judge(w); j.verdict != fail {
						t.Errorf("%s: %s: %v %s: got %s", path, v.id, v.want.events[i], name, verdictNames[j.verdict])
					}
				}
			}
		}
	}
	if spoilt < 300 {
		t.Errorf("only %d traces were spoilt", spoilt)
	}
}

// spoil returns v with traces that are wrong at event i, which is in a message that is complete.
func spoil(v *vector, i int) map[string]*vector {
	if rest := v.want.events[i:]; !slices.ContainsFunc(rest, func(e event) bool { return e.name == "message_complete" }) {
		return nil
	}
	with := func(events ...event) *vector {
		w := *v
		w.want.events = slices.Concat(v.want.events[:i], events, v.want.events[i+1:])
		return &w
	}
	e := v.want.events[i]
	longer, other := e, e
	longer.data += "x"
	other.name = "unheard_of"
	return map[string]*vector{
		"left out": with(), "twice": with(e, e), "longer": with(longer), "of another name": with(other),
	}
}

func TestAnErrorMustBeRecordedAsOne(t *testing.T) {
	for _, path := range ourFiles(t) {
		want := expected(t, path)
		for _, v := range mustLoad(t, path) {
			if want[v.id] != "pass" || eitherWay[v.id] || v.lenient || len(v.want.events) == 0 {
				continue
			}
			w := *v
			if w.want.end.stop == refused {
				w.want.end = end{}
			} else {
				w.want.end = end{stop: refused, code: "USER"}
			}
			if j := judge(&w); j.verdict == pass {
				t.Errorf("%s: %s passes with %v for %v", path, v.id, w.want.end, v.want.end)
			}
		}
	}
}

func TestATraceThatDependsOnTheCutIsNoticed(t *testing.T) {
	base := trace{
		events: []event{{name: "message_begin"}, {name: "url", data: "/a"}},
		end:    end{stop: refused, off: 3, code: "STRICT"},
	}
	if s := differs(base, base); s != "" {
		t.Errorf("a trace differs from itself: %s", s)
	}
	change := map[string]func(t *trace){
		"data":          func(t *trace) { t.events[1].data = "/" },
		"fewer":         func(t *trace) { t.events = t.events[:1] },
		"more":          func(t *trace) { t.events = append(t.events, event{name: "body", data: "x"}) },
		"the error":     func(t *trace) { t.end.code = "USER" },
		"its place":     func(t *trace) { t.end.off = 4 },
		"no error":      func(t *trace) { t.end = end{} },
		"a broken rule": func(t *trace) { t.fault = "it is" },
	}
	for name, f := range change {
		cut := base
		cut.events = slices.Clone(base.events)
		f(&cut)
		if differs(cut, base) == "" {
			t.Errorf("%s: no difference is seen", name)
		}
	}
}

func TestWhatNeedsLeniencyIsFoundInTheInput(t *testing.T) {
	const head = "GET / HTTP/1.1\r\n"
	for _, c := range []struct {
		in string
		at string // what is behind the place
	}{
		{head + "A: b\r\n c\r\n\r\n", " c\r\n\r\n"},
		{head + "A: b\r\n\tc\r\n\r\n", "\tc\r\n\r\n"},
		{head + " A: b\r\n\r\n", " A: b\r\n\r\n"},
		{head + "A: b\x00\r\n\r\n", "\x00\r\n\r\n"},
		{head + "A: b\nC: d\r\n\r\n", "\nC: d\r\n\r\n"},
		{head + "A: b\rC: d\r\n\r\n", "\rC: d\r\n\r\n"},
		{"GET / HTTP/2.1\r\n\r\n", "\r\n\r\n"},
		{head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "\n"},
		{head + "Transfer-Encoding: chunked, gzip\r\n\r\n", "\n"},
		{head + "Transfer-Encoding: chunked\r\n\r\n", "none"},
		{head + "A:\tb \xff\r\n\r\n", "none"},
	} {
		got := "none"
		if at := badHead(h1.Request, []byte(c.in), 0, len(c.in)); at >= 0 {
			got = c.in[at:]
		}
		if got != c.at {
			t.Errorf("%q: got %q, want %q", c.in, got, c.at)
		}
	}
}

func TestATableOfBytesIsTriedByteByByte(t *testing.T) {
	try := func(accepted string) report {
		list, err := parse([]byte(`{"header name, inner byte": {"strict": {"accepted": "` + accepted + `"}}}`))
		if err != nil {
			t.Fatal(err)
		}
		return judgeAll(list)
	}
	const right = "21 23-27 2a-2b 2d-2e 30-3a 41-5a 5e-7a 7c 7e"
	if r := try(right); r.count(pass) != 256 {
		t.Errorf("got %d of 256", r.count(pass))
	}
	if r := try(right + " 20 22"); r.count(fail) != 2 {
		t.Errorf("got %d failures, want 2", r.count(fail))
	}
}

func TestAFileThatIsNoVectorsIsRefused(t *testing.T) {
	for _, s := range []string{
		`{"a": 1}`, `[]`, `{`, `{"a": {"strict": null}}`, `{"a": {"strict": {"accepted": "123"}}}`,
		`{"events": [], "type": "x"}`, `{"expect": [], "type": "x"}`, `{"strict": [], "type": "x"}`,
		`{"strict": [{}], "type": "request"}`, `{"strict": [], "type": "request", "bytes": "\u0100"}`,
	} {
		if list, err := parse([]byte(s)); err == nil {
			t.Errorf("%s: got %d vectors", s, len(list))
		}
	}
}

func TestAReportCountsAndGivesReasons(t *testing.T) {
	var b strings.Builder
	judgeAll(mustLoad(t, "testdata/callbacks.jsonl")).print(&b, "x")
	for _, want := range []string{
		" deviations, 2 skipped\n", "  failed: wrong/url: ",
		"  deviation (1): RFC 9112 section 2.3: ", "\n    other/protocol\n",
		"  skipped (1): the pause ",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}

// The recordings are not part of the repository. Where they lie beside it they are all replayed, and otherwise this test
// has nothing to do that the others do not.
func TestTheRecordingsHoldWhereTheyAre(t *testing.T) {
	for _, path := range recordings(t) {
		r := judgeAll(mustLoad(t, path))
		if r.count(fail) > 0 {
			var b strings.Builder
			r.print(&b, filepath.Base(path))
			t.Error(b.String())
		}
	}
}

// recordings looks for files of vectors in the directory shared/oracles beside the repository, or beside one that it is
// in.
func recordings(t *testing.T) []string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for ; len(files) == 0 && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		for _, pattern := range []string{"h1probe/vectors/*.jsonl", "nodehttp/parser-*.json*"} {
			found, err := filepath.Glob(filepath.Join(dir, "shared", "oracles", pattern))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, found...)
		}
	}
	return files
}
