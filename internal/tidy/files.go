package tidy

// expected are the files that a visitor, or a machine, looks for by name.
var expected = []string{
	"README.md", "LICENSE", changelog, "CONTRIBUTING.md", "SECURITY.md", "Makefile", ".golangci.yml", ".ci/run", "docs/testing.md",
	"docs/decisions/README.md",
}

// checkFiles wants the expected files to be there.
func checkFiles(t *tree) []problem {
	var found []problem
	for _, name := range expected {
		if !t.exists(name) {
			found = append(found, problem{name, 0, "is missing"})
		}
	}
	return found
}
