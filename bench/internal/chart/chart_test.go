package chart

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
)

func plain(v float64) string { return fmt.Sprint(v) }

func texts(a Axis) string {
	var list []string
	for _, t := range a.Ticks {
		list = append(list, t.Text)
	}
	return strings.Join(list, " ")
}

func TestAxesHaveRoundMarks(t *testing.T) {
	for _, test := range []struct {
		name string
		axis Axis
		want string
	}{
		{"linear", Linear("", 22.6, 10, plain), "0 5 10 15 20 25"},
		{"of bytes", Linear("", 90<<20, 2, func(v float64) string { return plain(v / (1 << 20)) }), "0 32 64 96"},
		{"of nothing", Linear("", 0, 10, plain), "0 0.5 1"},
		{"log", Log("", 230, 46000, plain), "200 500 1000 2000 5000 10000 20000 50000"},
		{"log, long", Log("", 3, 9e8, plain), "10 100 1000 10000 100000 1e+06 1e+07 1e+08 1e+09"},
		{"nines", Nines("", []float64{0, 50, 99, 99.9, 100}), " 50 % 90 99 99.9 max"},
		{"nines without the slowest", Nines("", []float64{50, 99.99}), " 50 % 90 99 99.9 99.99"},
	} {
		if got := texts(test.axis); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestEveryValueHasItsPlaceOnTheAxis(t *testing.T) {
	axes := map[string]Axis{
		"linear": Linear("", 977, 10, plain), "log": Log("", 1, 977, plain), "one value": Log("", 5, 5, plain),
		"exact": Exact("", 0, 977, plain), "empty": Exact("", 3, 3, plain),
	}
	for name, axis := range axes {
		last := math.Inf(-1)
		for _, tick := range axis.Ticks {
			at := axis.at(tick.Value)
			if !(at > last) || at < -1e-9 || at > 1+1e-9 {
				t.Errorf("%s: %v is at %v, after %v", name, tick.Value, at, last)
			}
			last = at
		}
	}
	nines := Nines("", []float64{50, 99.9, 100})
	if a, b := nines.at(99)-nines.at(90), nines.at(99.9)-nines.at(99); math.Abs(a-b) > 1e-9 {
		t.Errorf("the second nine takes %v, the third %v", a, b)
	}
	if got := nines.at(100); got != 1 {
		t.Errorf("the slowest is at %v", got)
	}
}

func TestNamesAtTheEndsOfLinesKeepApart(t *testing.T) {
	lines := []drawnLine{{EndY: 200}, {EndY: 199}, {EndY: 200}, {EndY: 20}, {EndY: 201}}
	spread(lines, 200)
	for i, a := range lines {
		if a.EndY > 200 || a.EndY < 0 {
			t.Errorf("%d is at %v", i, a.EndY)
		}
		for j, b := range lines[:i] {
			if math.Abs(a.EndY-b.EndY) < endRoom {
				t.Errorf("%d is at %v, %d at %v", i, a.EndY, j, b.EndY)
			}
		}
	}
	if lines[3].EndY != 20 {
		t.Errorf("the one with room was moved to %v", lines[3].EndY)
	}
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader("<x>" + text + "</x>"))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
	}
}

func TestChartsAreWellFormedWhateverTheNames(t *testing.T) {
	rude := `<b>&"'`
	svg, err := Lines{
		ID: "x", Title: rude, About: rude, X: Exact(rude, 0, 1, plain), Y: Linear(rude, 2, 10, plain), Height: 100,
		Lines: []Line{{Name: rude, Style: 3, Points: []Point{{0, 1, rude}, {1, 2, rude}}}, {Name: "empty"}},
	}.SVG()
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, string(svg))
	if got := strings.Count(string(svg), "<path class=\"line s3\" d=\"M0 500L1000 0\""); got != 1 {
		t.Errorf("the line is drawn %d times in %s", got, svg)
	}
	bar, err := Bar{Value: 5, Lo: 4, Hi: 10, Whole: 10, Style: 2, Sure: true}.SVG()
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, string(bar))
	if !strings.Contains(string(bar), `width="50.00%"`) || !strings.Contains(string(bar), `x1="40.00%" x2="100.00%"`) {
		t.Errorf("got %s", bar)
	}
}

func TestEachStyleHasASymbol(t *testing.T) {
	for i := range Styles {
		if !strings.Contains(string(Symbols()), fmt.Sprintf(`id="m%d"`, i)) {
			t.Errorf("no m%d", i)
		}
	}
	wellFormed(t, string(Symbols()))
}
