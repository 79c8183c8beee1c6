package simkernel

import (
	"path"
	"slices"
	"strings"
	"time"
)

// disk is the one file system of a World, in memory: names that lead to files, and folders that are nothing but names.
type disk struct {
	entries []*entry
	folders []string
	used    int // bytes of all files that have a name or are open
}

// entry is a name.
type entry struct {
	path   string
	file   *inode
	lasts  bool // it would be there after a power cut: its folder was synced since it came
	ofTest bool // the test has put it there
}

// inode is a file, whatever its names.
type inode struct {
	data   []byte
	mtime  time.Duration
	names  int
	open   int
	synced bool // what data says is on the disk
	cold   cold // what is not in memory
}

// openFile is what a descriptor of a file stands for.
type openFile struct {
	path     string
	file     *inode // nil for a folder
	folder   string
	read     bool
	write    bool
	appended bool
	off      int64
}

// maxFile is the largest file there may be, so that a wild offset does not take the test's memory.
const maxFile = 64 << 20

// tempPrefix begins the names of files that are to be renamed or removed by whoever makes them: Check reports those
// that are left. Package stream/files names its own so.
const tempPrefix = ".weir-"

func (d *disk) find(name string) *entry {
	for _, e := range d.entries {
		if e.path == name {
			return e
		}
	}
	return nil
}

func (d *disk) isFolder(name string) bool {
	return name == "." || name == "/" || slices.Contains(d.folders, name)
}

// link gives f the name, and takes it from whoever had it.
func (d *disk) link(name string, f *inode) *entry {
	d.unlink(name)
	e := &entry{path: name, file: f}
	f.names++
	d.entries = append(d.entries, e)
	return e
}

func (d *disk) unlink(name string) bool {
	e := d.find(name)
	if e == nil {
		return false
	}
	d.entries = without(d.entries, e)
	e.file.names--
	d.settle(e.file)
	return true
}

// settle frees the space of a file that nobody can reach any more.
func (d *disk) settle(f *inode) {
	if f.names == 0 && f.open == 0 {
		d.used -= len(f.data)
		f.data = nil
	}
}

// resize gives f a size; what is new is zero.
func (d *disk) resize(f *inode, size int) {
	d.used += size - len(f.data)
	if size <= len(f.data) {
		f.data = f.data[:size]
		return
	}
	old := len(f.data)
	f.data = slices.Grow(f.data, size-old)[:size]
	clear(f.data[old:])
}

// left describes temporary files that somebody has forgotten.
func (d *disk) left() []string {
	var all []string
	for _, e := range d.entries {
		if strings.HasPrefix(path.Base(e.path), tempPrefix) && !e.ofTest {
			all = append(all, "a temporary file is left: "+e.path)
		}
	}
	return all
}

// MakeFolder makes a folder; "." and "/" are there.
func (w *World) MakeFolder(name string) { w.disk.folders = append(w.disk.folders, path.Clean(name)) }

// WriteFile puts a file on the disk, as another process would.
func (w *World) WriteFile(name string, data []byte) {
	f := &inode{data: slices.Clone(data), mtime: w.now}
	w.disk.used += len(data)
	w.disk.link(path.Clean(name), f).ofTest = true
}

// ReadFile is what lies under a name, and whether anything does.
func (w *World) ReadFile(name string) ([]byte, bool) {
	e := w.disk.find(path.Clean(name))
	if e == nil {
		return nil, false
	}
	return slices.Clone(e.file.data), true
}

// TruncateFile gives a file another size, as another process would; it does nothing to one that is not there.
func (w *World) TruncateFile(name string, size int) {
	if e := w.disk.find(path.Clean(name)); e != nil {
		w.disk.resize(e.file, size)
	}
}

// FileNames are the names of all files, in the order they came.
func (w *World) FileNames() []string {
	names := make([]string, len(w.disk.entries))
	for i, e := range w.disk.entries {
		names[i] = e.path
	}
	return names
}

// Durable reports whether a file would be there, whole, after a power cut: it was synced since it was last written, and its
// folder since it has this name.
func (w *World) Durable(name string) bool {
	e := w.disk.find(path.Clean(name))
	return e != nil && e.lasts && e.file.synced
}

// SetDiskSpace changes Options.DiskSpace.
func (w *World) SetDiskSpace(bytes int) { w.opts.DiskSpace = bytes }
