package result

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"
)

func sample(t *testing.T) *File {
	t.Helper()
	f, err := ReadFile("testdata/sample.json")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTheSampleHasEverythingAReportMayMeet(t *testing.T) {
	f := sample(t)
	statuses := map[string]bool{}
	var series, histogram, missing, errors bool
	for _, s := range f.Scenarios {
		for _, c := range s.Cells {
			statuses[c.Status] = true
			series = series || len(c.Series) > 0
			histogram = histogram || len(c.Histogram) > 0
			missing = missing || len(c.Missing) > 0
			errors = errors || len(c.Errors) > 0
			for name := range c.Metrics {
				if InfoOf(name).Unit == "" && InfoOf(name).Title == name {
					t.Errorf("%s is not a known metric", name)
				}
			}
		}
	}
	if len(statuses) != 3 || !series || !histogram || !missing || !errors || len(f.LeftOut) == 0 || len(f.Run.Notes) == 0 {
		t.Errorf("statuses %v, series %v, histogram %v, missing %v, errors %v, left out %v, notes %v",
			statuses, series, histogram, missing, errors, f.LeftOut, f.Run.Notes)
	}
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	want, err := os.ReadFile("testdata/sample.json")
	if err != nil {
		t.Fatal(err)
	}
	f := sample(t)
	var first, second bytes.Buffer
	if err := Write(&first, f); err != nil {
		t.Fatal(err)
	}
	again, err := Read(bytes.NewReader(first.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(&second, again); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("written twice, it differs")
	}
	if got, want := first.Len(), len(want); got < want/2 {
		t.Errorf("%d bytes are left of %d", got, want)
	}
}

func TestAFileThatIsNotWholeIsRefused(t *testing.T) {
	for want, spoil := range map[string]func(f *File){
		"version 2":            func(f *File) { f.Version = 2 },
		"two subjects":         func(f *File) { f.Subjects[1].Name = f.Subjects[0].Name },
		"two scenarios":        func(f *File) { f.Scenarios[1].Name = f.Scenarios[0].Name },
		"in their order":       func(f *File) { f.Scenarios[0].Cells = f.Scenarios[0].Cells[1:] },
		"no status":            func(f *File) { f.Scenarios[0].Cells[0].Status = "good" },
		"without a reason":     func(f *File) { f.Subjects[4].Reason = "" },
		"has no " + NanosPerOp: func(f *File) { f.Scenarios[0].Primary = NanosPerOp },
		"samples of": func(f *File) {
			f.Scenarios[0].Cells[0].Metrics[CPUMicrosPerOp] = Metric{Samples: []float64{1}, Median: 1, Lo: 1, Hi: 1}
		},
		"not a number": func(f *File) {
			f.Scenarios[0].Cells[0].Metrics[CPUMicrosPerOp] = Metric{Samples: []float64{math.NaN()}, Rounds: []int{0}}
		},
		"is not within": func(f *File) {
			f.Scenarios[0].Cells[0].Metrics[CPUMicrosPerOp] = Metric{Samples: []float64{1}, Rounds: []int{0}, Median: 3, Lo: 1, Hi: 2}
		},
	} {
		f := sample(t)
		spoil(f)
		if err := Write(&bytes.Buffer{}, f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestAMachineHasAFingerprint(t *testing.T) {
	a := sample(t).Run.Environment
	b := a
	b.LoadAverage[0] = 7 // it is the same machine at another hour
	if a.Fingerprint() != b.Fingerprint() {
		t.Error("the load average is in the fingerprint")
	}
	b.Kernel = "6.2"
	if a.Fingerprint() == b.Fingerprint() {
		t.Error("another kernel has the same fingerprint")
	}
}
