package main

import "testing"

// The list names its bugs by the text that they change: it goes stale as the code moves on, and must not.
func TestEveryBugCanBePlanted(t *testing.T) {
	root, err := moduleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	names := map[string]bool{}
	for _, h := range allHunts() {
		for _, m := range h.mutants {
			if _, err := m.plant(root, dir); err != nil {
				t.Errorf("%s: %v", m.name, err)
			}
			if names[m.name] {
				t.Errorf("two bugs are called %q", m.name)
			}
			names[m.name] = true
		}
	}
}
