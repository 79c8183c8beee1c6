package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/charmbracelet/colorprofile"

	"github.com/weir-go/weir/bench/internal/result"
)

var update = flag.Bool("update", false, "write the files in testdata anew")

func sampleFile(t *testing.T) *result.File {
	t.Helper()
	f, err := result.ReadFile(filepath.Join("..", "result", "testdata", "sample.json"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// golden compares what write writes with a file of testdata, which -update makes.
func golden(t *testing.T, name string, write func(w io.Writer) error) {
	t.Helper()
	var got bytes.Buffer
	if err := write(&got); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s differs; look at it and run with -update if it is right. got:\n%s", path, got.Bytes())
	}
}

// plain takes the escape sequences out.
func plain(w io.Writer) io.Writer {
	return &colorprofile.Writer{Forward: w, Profile: colorprofile.NoTTY}
}

func TestTheTerminalShowsTheSample(t *testing.T) {
	f := sampleFile(t)
	golden(t, "terminal-120.txt", func(w io.Writer) error { return Terminal(plain(w), f, 120) })
	golden(t, "terminal-80.txt", func(w io.Writer) error { return Terminal(plain(w), f, 80) })
}

func TestMarkdownShowsTheSample(t *testing.T) {
	golden(t, "sample.md", func(w io.Writer) error { return Markdown(w, sampleFile(t)) })
}

func TestGoBenchmarksShowTheSample(t *testing.T) {
	golden(t, "sample.bench.txt", func(w io.Writer) error { return Bench(w, sampleFile(t)) })
}
