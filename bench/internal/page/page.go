package page

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
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
		for _, m := range slices.Concat(s.Beside, s.Columns) {
			shown[m.Name] = true
		}
	}
	v.Glance = newGlance(f, v.Scenes)
	for _, m := range result.Metrics {
		if shown[m.Name] {
			v.Metrics = append(v.Metrics, m)
		}
	}
	text, err := v.render()
	if err != nil {
		return err
	}
	if there, err := v.enclose(f, most-len(text)-furtherWords); err != nil {
		return err
	} else if there {
		if text, err = v.render(); err != nil {
			return err
		}
	}
	_, err = w.Write(text)
	return err
}

func (v *view) render() ([]byte, error) {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, v); err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	return b.Bytes(), nil
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

// most is what a page may weigh; furtherWords is more than those around the file itself.
const (
	most         = 1 << 20
	furtherWords = 1 << 10
)

// enclose puts the file itself into the page, if there is room for it: who doubts a figure has the samples.
func (v *view) enclose(f *result.File, room int) (there bool, err error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if err := errors.Join(result.Write(z, f), z.Close()); err != nil {
		return false, err
	}
	text := base64.StdEncoding.EncodeToString(packed.Bytes())
	if len(text)+strings.Count(text, "+")*len("&#43;") > room { // as the template writes it
		return false, nil
	}
	v.DataSize = report.Text(float64(packed.Len()), "bytes")
	v.Data = template.URL("data:application/gzip;base64," + text)
	return true, nil
}

// stylesOf gives each subject its style, the same in all charts of the page. A second floor has one like a rival's, or it could not be told from the
// first.
func stylesOf(subjects []result.Subject) map[string]int {
	styles, next := map[string]int{}, chart.Floor+1
	ours, floor := false, false
	for _, s := range subjects {
		switch {
		case s.Kind == result.KindOurs && !ours:
			styles[s.Name], ours = chart.Ours, true
		case s.Kind == result.KindFloor && !floor:
			styles[s.Name], floor = chart.Floor, true
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
