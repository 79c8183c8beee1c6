package page

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/weir-go/weir/bench/internal/chart"
	"github.com/weir-go/weir/bench/internal/report"
	"github.com/weir-go/weir/bench/internal/result"
)

// The template and the style of the page.
var (
	//go:embed page.html
	pageSource string
	//go:embed style.css
	style string
)

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"join": strings.Join,
	"inc":  func(i int) int { return i + 1 },
}).Parse(pageSource))

// view is what the template shows.
type view struct {
	*result.File
	Style   template.CSS
	Symbols template.HTML
	// Sentences are the verdict's; Headline stands over them if they are many.
	Sentences []string
	Headline  string
	Scenes    []*scene
	Glance    *glance
	Date      string
	Took      string
	Machine   []pair
	Metrics   []result.MetricInfo
	// Data is the file itself, gzipped, as a link.
	Data     template.URL
	DataName string
	DataSize string
}

// pair is a line of a list of facts.
type pair struct{ Name, Value string }

// Write writes the page of f.
func Write(w io.Writer, f *result.File) error {
	v := &view{
		File: f, Sentences: report.Sentences(f.Verdict), Headline: headline(f), Style: template.CSS(style), Symbols: chart.Symbols(),
		Date: f.Run.Time.UTC().Format("2 January 2006, 15:04 UTC"),
		Took: report.About(time.Duration(f.Run.Seconds * float64(time.Second))), Machine: machine(f),
		DataName: "weir-bench-" + f.Run.ID + ".json.gz",
	}
	styles := stylesOf(f.Subjects)
	shown := map[string]bool{}
	for _, s := range report.Scenes(f) {
		made, err := newScene(s, styles)
		if err != nil {
			return err
		}
		v.Scenes = append(v.Scenes, made)
		shown[s.Primary.Name] = true
		for _, m := range s.Columns {
			shown[m.Name] = true
		}
	}
	v.Glance = newGlance(f, v.Scenes)
	for _, m := range result.Metrics {
		if shown[m.Name] {
			v.Metrics = append(v.Metrics, m)
		}
	}
	if err := v.enclose(f); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, v); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// headline says what was done; what came of it is in the sentences below.
func headline(f *result.File) string {
	others := 0
	for _, s := range f.Subjects {
		if s.Kind != result.KindOurs && s.Status == result.OK {
			others++
		}
	}
	return fmt.Sprintf("weir beside %s, in %s", plural(others, "other"), plural(len(f.Scenarios), "scenario"))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// mostData is the size up to which the file itself goes into the page: a page is to stay below a mebibyte.
const mostData = 384 << 10

// enclose puts the file itself into the page, if it is not too large: who doubts a figure has the samples.
func (v *view) enclose(f *result.File) error {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if err := result.Write(z, f); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if packed.Len() > mostData {
		return nil
	}
	v.DataSize = report.Text(float64(packed.Len()), "bytes")
	v.Data = template.URL("data:application/gzip;base64," + base64.StdEncoding.EncodeToString(packed.Bytes()))
	return nil
}

// stylesOf gives each subject its style, the same in all charts of the page.
func stylesOf(subjects []result.Subject) map[string]int {
	styles, next := map[string]int{}, chart.Floor+1
	ours := false
	for _, s := range subjects {
		switch {
		case s.Kind == result.KindOurs && !ours:
			styles[s.Name], ours = chart.Ours, true
		case s.Kind == result.KindFloor:
			styles[s.Name] = chart.Floor
		default:
			styles[s.Name] = next
			if next++; next == chart.Styles {
				next = chart.Floor + 1
			}
		}
	}
	return styles
}

// machine is the table of the environment.
func machine(f *result.File) []pair {
	e := f.Run.Environment
	virtual := "no"
	if e.Virtual {
		virtual = "yes: a hypervisor shares the processors"
	}
	dirty := ""
	if f.Run.Dirty {
		dirty = ", with changes that are not committed"
	}
	return []pair{
		{"Processor", fmt.Sprintf("%s, %d for this run", e.CPUModel, e.Cores)},
		{"Virtual machine", virtual},
		{"Frequency governor", e.Governor},
		{"System", e.System + ", kernel " + e.Kernel},
		{"Go", fmt.Sprintf("%s, GOMAXPROCS %d for subjects in Go", e.Go, e.Procs)},
		{"Server on processor", list(e.ServerCPUs)},
		{"Load on processor", list(e.LoadCPUs)},
		{"Open files", fmt.Sprintf("%d a process", e.Descriptors)},
		{"Accept queue", fmt.Sprintf("somaxconn %d", e.Somaxconn)},
		{"Local ports", fmt.Sprintf("%d to %d", e.LocalPorts[0], e.LocalPorts[1])},
		{"Load average before", fmt.Sprintf("%.2f, %.2f, %.2f", e.LoadAverage[0], e.LoadAverage[1], e.LoadAverage[2])},
		{"weir", "commit " + f.Run.Commit + dirty},
		{"Order of turns", fmt.Sprintf("seed %d", f.Run.Seed)},
		{"Command", strings.Join(f.Run.Command, " ")},
		{"Run", f.Run.ID},
	}
}

func list(numbers []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(numbers), "[]"), " ", ", ")
}
