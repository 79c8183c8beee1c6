package main

import (
	"bytes"
	"log"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// smallDisk is a file system of its own with room for so many bytes, as root may mount one.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("weir", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skip("mounting a small disk takes root: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// diary is what was logged.
type diary struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.b.Write(p)
}

func (d *diary) lines() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Split(strings.TrimSuffix(d.b.String(), "\n"), "\n")
}

func TestAFullDiskIsToldToTheClientAndLoggedOnceAndLeavesNothing(t *testing.T) {
	u := &uploads{dir: smallDisk(t, "1m")}
	at := serve(t, u)
	d := &diary{}
	flags := log.Flags()
	log.SetOutput(d)
	log.SetFlags(0)
	defer func() { log.SetOutput(os.Stderr); log.SetFlags(flags) }()

	if got := put(t, "http://"+at+"/old", strings.NewReader("old")); got != 201 {
		t.Fatalf("got %d", got)
	}
	for i, name := range []string{"new", "old"} {
		if got := put(t, "http://"+at+"/"+name, bytes.NewReader(make([]byte, 2<<20))); got != 507 {
			t.Errorf("%s: got %d, want 507", name, got)
		}
		await(t, "the temporary file to go", func() bool { return strings.Join(names(u.dir), " ") == "old" })
		if lines := d.lines(); len(lines) != i+1 || !strings.Contains(lines[i], u.dir+"/"+name) || !strings.Contains(lines[i], "no space left on device") {
			t.Errorf("%s: logged %q", name, lines)
		}
	}
	if got, body := get(t, "http://"+at+"/old"); got != 200 || string(body) != "old" {
		t.Errorf("got %d and %q", got, body)
	}
	if got := put(t, "http://"+at+"/small", bytes.NewReader(make([]byte, 100_000))); got != 201 {
		t.Errorf("the room that is left: got %d", got)
	}
}
