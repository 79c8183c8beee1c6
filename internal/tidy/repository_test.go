package tidy

import (
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "write "+apiFile+" anew")

// root is the repository, seen from this package's folder, where go test runs.
var root = filepath.Join("..", "..")

var loadRepository = sync.OnceValues(func() (*tree, error) { return loadTree(os.DirFS(root)) })

// repository returns the tree this package is part of.
func repository(t *testing.T) *tree {
	t.Helper()
	tr, err := loadRepository()
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// TestRepository applies each rule to the repository. What the rules find in made-up trees is tested beside each.
func TestRepository(t *testing.T) {
	for _, rule := range []struct {
		name  string
		check func(*tree) []problem
	}{
		{"ExpectedFiles", checkFiles},
		{"Floors", checkFloors},
		{"Requires", checkRequires},
		{"Kernel", checkKernel},
		{"Time", checkTime},
		{"Goroutines", checkGoroutines},
		{"Chance", checkChance},
		{"Words", checkWords},
		{"PackageDocs", checkPackageDocs},
		{"Examples", checkExamples},
		{"Changelog", checkChangelog},
		{"Links", checkLinks},
		{"Reading", checkReading},
		{"Commands", checkCommands},
		{"Skips", checkSkips},
	} {
		t.Run(rule.name, func(t *testing.T) {
			for _, p := range rule.check(repository(t)) {
				t.Error(p)
			}
		})
	}
}

// TestAPI compares the exported surface with docs/api.txt, or writes the file under -update.
func TestAPI(t *testing.T) {
	if *update {
		text, err := exportedSurface(repository(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(apiFile)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range checkAPI(repository(t)) {
		t.Error(p)
	}
}
