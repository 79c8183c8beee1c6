package weirtest

import (
	"path"
	"strings"
)

// WriteFile puts a file on the disk that package files reads in this World, and makes the folders above it.
func (w *World) WriteFile(name string, data []byte) {
	w.MakeFolder(path.Dir(name))
	w.sim.WriteFile(name, data)
}

// MakeFolder makes a folder, and those above it.
func (w *World) MakeFolder(name string) {
	name = path.Clean(name)
	for i := 1; i < len(name); i++ {
		if name[i] == '/' {
			w.sim.MakeFolder(name[:i])
		}
	}
	w.sim.MakeFolder(name)
}

// ReadFile is what a file holds, and whether there is one.
func (w *World) ReadFile(name string) (data []byte, ok bool) { return w.sim.ReadFile(name) }

// FileNames are the names of all files below a folder, in the order that they came.
func (w *World) FileNames(folder string) []string {
	prefix := strings.TrimSuffix(path.Clean(folder), "/") + "/"
	var names []string
	for _, name := range w.sim.FileNames() {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names
}

// Durable reports whether a file would be there, whole, after a power cut.
func (w *World) Durable(name string) bool { return w.sim.Durable(name) }

// SetDiskSpace changes Options.DiskSpace: 1 is a disk that has become full.
func (w *World) SetDiskSpace(bytes int) { w.sim.SetDiskSpace(bytes) }
