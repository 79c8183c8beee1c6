package page

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/weir-go/weir/bench/internal/report/reporttest"
	"github.com/weir-go/weir/bench/internal/result"
)

var (
	out   = flag.String("out", "", "write the sample's page to this `file`, to be looked at")
	whole = flag.String("whole", "", "write the page of a whole run to this `file`, to be looked at")
)

func sample(t *testing.T) *result.File {
	t.Helper()
	f, err := result.ReadFile("../result/testdata/sample.json")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func write(t *testing.T, f *result.File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestThePageOfTheSampleIsLight(t *testing.T) {
	page := write(t, sample(t))
	if *out != "" {
		if err := os.WriteFile(*out, page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if len(page) > most/4 {
		t.Errorf("%d bytes, want at most %d", len(page), most/4)
	}
}

func TestThePageOfALargeRunIsLight(t *testing.T) {
	f := sample(t)
	scenarios := f.Scenarios
	f.Scenarios = nil
	for i := range 6 {
		for _, s := range scenarios {
			s.Name = fmt.Sprintf("%s-%d", s.Name, i)
			s.Cells = slices.Clone(s.Cells)
			for j := range s.Cells {
				s.Cells[j].Series = longer(s.Cells[j].Series, i*100+j)
			}
			f.Scenarios = append(f.Scenarios, s)
		}
	}
	page := write(t, f)
	if len(page) > most {
		t.Errorf("%d bytes, want at most %d", len(page), most)
	}
	t.Logf("%d bytes", len(page))
}

// A whole run is as large as pages get: all scenarios, eleven subjects, ten rounds.
func TestThePageOfAWholeRunIsLightAndTellsItsSubjectsApart(t *testing.T) {
	f := sample(t)
	var scenarios []result.Scenario
	for i := range 23 {
		s := f.Scenarios[0]
		if i%5 == 0 {
			s = f.Scenarios[1]
		}
		s.Name = fmt.Sprintf("%s-%d", s.Name, i)
		s.Cells = nil
		scenarios = append(scenarios, s)
	}
	f.Subjects = nil
	kinds := []string{result.KindOurs, result.KindFloor, result.KindFloor}
	for i := range 11 {
		kind := result.KindGo
		if i < len(kinds) {
			kind = kinds[i]
		}
		name := fmt.Sprintf("subject-%d", i)
		f.Subjects = append(f.Subjects, result.Subject{Name: name, Title: "Subject " + name, Kind: kind, Status: result.OK})
		for j := range scenarios {
			of := f.Scenarios[0]
			if j%5 == 0 {
				of = f.Scenarios[1]
			}
			c := *of.Cell("weir")
			c.Subject = name
			c.Metrics = varied(c.Metrics, i+100*j)
			c.Series = longer(c.Series, i*100+j)
			scenarios[j].Cells = append(scenarios[j].Cells, c)
		}
	}
	f.Scenarios = scenarios
	page := write(t, f)
	if len(page) > most {
		t.Errorf("%d bytes, want at most %d", len(page), most)
	}
	t.Logf("%d bytes", len(page))
	if *whole != "" {
		if err := os.WriteFile(*whole, page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	used := map[int]string{}
	for name, style := range stylesOf(f.Subjects) {
		if used[style] != "" {
			t.Errorf("%s and %s look the same", name, used[style])
		}
		used[style] = name
	}
}

// varied are other samples, which pack no better than real ones.
func varied(metrics map[string]result.Metric, seed int) map[string]result.Metric {
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	other := map[string]result.Metric{}
	for name, m := range metrics {
		about := m.Median * (1 + 0.5*r.Float64())
		m.Samples, m.Rounds = nil, nil
		for round := range 10 {
			m.Samples, m.Rounds = append(m.Samples, about*(1+0.1*r.Float64())), append(m.Rounds, round)
		}
		slices.Sort(m.Samples)
		m.Lo, m.Median, m.Hi = m.Samples[1], m.Samples[5], m.Samples[8]
		other[name] = m
	}
	return other
}

// longer makes a minute of looking twenty times a second of each series.
func longer(series []result.Series, seed int) []result.Series {
	var long []result.Series
	for _, s := range series {
		points := make([][2]float64, 1200)
		for i := range points {
			points[i] = [2]float64{float64(i) / 20, s.Points[i%len(s.Points)][1] + float64(i*seed*7919%100003)}
		}
		s.Points = points
		long = append(long, s)
	}
	return long
}

// void are the elements without an end tag.
var void = []atom.Atom{atom.Meta, atom.Link, atom.Br, atom.Hr, atom.Img, atom.Input}

func TestThePageIsWellFormed(t *testing.T) {
	page := write(t, sample(t))
	if bytes.Contains(page, []byte("ZgotmplZ")) {
		t.Error("the template has refused a value")
	}
	var open []string
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			if z.Err() != io.EOF {
				t.Fatal(z.Err())
			}
			break
		}
		token := z.Token()
		switch {
		case kind == html.StartTagToken && !slices.Contains(void, token.DataAtom):
			open = append(open, token.Data)
		case kind == html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("</%s> ends %v", token.Data, open[max(0, len(open)-3):])
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("not ended: %v", open)
	}
	// What a browser makes of it has the same elements in the same places: nothing was moved out of a table or closed early.
	var again bytes.Buffer
	if err := html.Render(&again, parse(t, page)); err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"<table", "<tr", "<td", "<th", "<svg", "<figure", "<section", "<li", "<path", "<use"} {
		if got, want := bytes.Count(again.Bytes(), []byte(tag)), bytes.Count(page, []byte(tag)); got != want {
			t.Errorf("%s: %d in the tree, %d in the text", tag, got, want)
		}
	}
}

func parse(t *testing.T, page []byte) *html.Node {
	t.Helper()
	tree, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func hasClass(n *html.Node, class string) bool {
	return slices.Contains(strings.Fields(attribute(n, "class")), class)
}

// text is all the words below n.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func TestThePageAsksTheNetworkForNothing(t *testing.T) {
	page := write(t, sample(t))
	for n := range parse(t, page).Descendants() {
		if n.DataAtom == atom.Script || n.DataAtom == atom.Link || n.DataAtom == atom.Iframe {
			t.Errorf("there is a <%s>", n.Data)
		}
		for _, a := range n.Attr {
			link := a.Key == "href" || a.Key == "src" || a.Key == "srcset"
			if link && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "data:application/gzip;") {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
	}
	for _, word := range []string{"@import", "url("} {
		if bytes.Contains(page, []byte(word)) {
			t.Errorf("the style has %s", word)
		}
	}
}

func TestEveryReferenceInThePageHasItsTarget(t *testing.T) {
	tree := parse(t, write(t, sample(t)))
	ids := map[string]int{}
	for n := range tree.Descendants() {
		if id := attribute(n, "id"); id != "" {
			ids[id]++
		}
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("%d elements are named %s", n, id)
		}
	}
	for n := range tree.Descendants() {
		refs := strings.Fields(attribute(n, "aria-labelledby"))
		if target, found := strings.CutPrefix(attribute(n, "href"), "#"); found {
			refs = append(refs, target)
		}
		for _, ref := range refs {
			if ids[ref] == 0 {
				t.Errorf("<%s> refers to %q, which is not there", n.Data, ref)
			}
		}
	}
}

func TestEveryChartHasATitleADescriptionAndATable(t *testing.T) {
	charts := 0
	for n := range parse(t, write(t, sample(t))).Descendants() {
		if n.DataAtom != atom.Figure || !hasClass(n, "chart") {
			continue
		}
		charts++
		seen := map[string]bool{}
		for d := range n.Descendants() {
			seen[d.Data] = seen[d.Data] || d.Type == html.ElementNode && text(d) != ""
			if d.Data == "svg" && attribute(d, "role") != "img" && d.Parent.Data != "svg" && !hasClass(d.Parent.Parent, "legend") {
				t.Errorf("%s: a drawing without a role", attribute(n, "id"))
			}
		}
		for _, want := range []string{"title", "desc", "table", "figcaption"} {
			if !seen[want] {
				t.Errorf("%s: no %s", attribute(n, "id"), want)
			}
		}
	}
	if charts != 3 {
		t.Errorf("%d charts of lines, want 3", charts)
	}
}

// What is drawn or has a figure in a table of bars is there because its subject and its cell are.
func TestWhatFailedOrIsAbsentIsNotDrawn(t *testing.T) {
	for seed := range uint64(60) {
		f := reporttest.Random(seed)
		tree := parse(t, write(t, f))
		for i, c := range f.Scenarios[0].Cells {
			well := c.Status == result.OK && f.Subjects[i].Status == result.OK
			bars, lines, reasons := 0, 0, 0
			for n := range tree.Descendants() {
				switch {
				case n.DataAtom == atom.Tr && hasClass(n.Parent.Parent, "bars") && strings.Contains(text(n), c.Subject+" "):
					bars++
				case n.Data == "text" && hasClass(n, "end") && text(n) == c.Subject:
					lines++
				case n.DataAtom == atom.Li && hasClass(n.Parent, "without") && strings.Contains(text(n), c.Subject+" "):
					reasons++
				}
			}
			if well && (bars != 1 || lines != 2 || reasons != 0) || !well && (bars != 0 || lines != 0 || reasons != 1) {
				t.Fatalf("seed %d, %s, well %v: %d bars, %d lines, %d reasons", seed, c.Subject, well, bars, lines, reasons)
			}
		}
	}
}
