package static_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/httpcore/static"
)

// linked is a rig beside whose folder lies a secret, with links of all kinds.
func linked(t *testing.T, o static.Options) *rig {
	t.Helper()
	r := newRig(t, o, map[string]string{"file": "inside", "dir/file": "deep", "link/keep": ""})
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("SECRET"), 0o644); err != nil {
		t.Fatal(err)
	}
	up, err := filepath.Rel(filepath.Join(r.dir, "link"), outside)
	if err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{
		"in": "../file", "indir": "../dir", "chain": "in", "dangling": "nothing", "around": "around",
		"out": filepath.Join(outside, "secret"), "outdir": outside, "relative": up + "/secret", "relativedir": up,
		"absolute": filepath.Join(r.dir, "file"), "root": "/", "parent": "../..",
	} {
		if err := os.Symlink(to, filepath.Join(r.dir, "link", name)); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestNoPathLeadsOutOfTheRoot(t *testing.T) {
	r := linked(t, static.Options{Listing: true, DotFiles: true})
	passwd := "etc/passwd"
	for _, path := range []string{
		"/../secret", "/../../../../../../" + passwd, "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/" + passwd, "/%2E%2E/secret", "/.%2e/secret", "/%2e./secret",
		"/..%2f..%2f..%2f" + passwd, "/%2e%2e%2fsecret", "/dir/..%2f../secret", "/..%5c..%5c" + passwd, "/..\\secret", "/dir/%2e%2e/%2e%2e/secret",
		"//" + passwd, "///" + passwd, "/%2f" + passwd, "/%2f%2f" + passwd, "/dir//../../secret", "/./.././secret", "/..;/secret", "/%c0%ae%c0%ae/secret",
		"/%252e%252e/secret", "/dir/../../secret", "/.../secret", "/....//secret", "/file/../../secret", "/%u002e%u002e/secret",
		"/link/out", "/link/outdir/secret", "/link/relative", "/link/relativedir/secret", "/link/outdir/", "/link/outdir", "/link/parent/", "/link/root/",
		"/link/root/" + passwd, "/link/absolute", "/link/dangling", "/link/around", "/link/around/x",
	} {
		a := r.get("GET "+path, "")
		if a.status != 404 && a.status != 400 || strings.Contains(a.body, "SECRET") || strings.Contains(a.body, "root:") {
			t.Errorf("%s: got %d %.60q, want a refusal", path, a.status, a.body)
		}
	}
	r.wants("GET /link/in", "", 200, "inside")
	r.wants("GET /link/chain", "", 200, "inside")
	r.wants("GET /link/indir/file", "", 200, "deep")
	r.wants("GET /link/indir/../in", "", 200, "inside") // the path is resolved first, as clients do
}

func TestNoLinkIsFollowedIfThereShallBeNone(t *testing.T) {
	r := linked(t, static.Options{Listing: true, NoSymlinks: true})
	for _, path := range []string{"/link/in", "/link/chain", "/link/indir/file", "/link/indir/", "/link/indir", "/link/out", "/link/outdir/secret"} {
		r.wants("GET "+path, "", 404, "Not Found\n")
	}
	r.wants("GET /dir/file", "", 200, "deep")
	if a := r.get("GET /link/", ""); a.status != 200 || strings.Contains(a.body, "chain") || !strings.Contains(a.body, "keep") {
		t.Errorf("got %d %q, want a list without links", a.status, a.body)
	}
}

// To open a pipe waits until somebody writes to it; a device may do anything.
func TestWhatIsNoFileIsNotFound(t *testing.T) {
	r := newRig(t, static.Options{Listing: true}, map[string]string{"dir/": "", "file": "inside"})
	if err := unix.Mkfifo(filepath.Join(r.dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(r.dir, "dir", "index.html"), 0o644); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("unix", filepath.Join(r.dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for range 10 { // more than the pool has goroutines
		r.wants("GET /pipe", "", 404, "Not Found\n")
		r.wants("GET /socket", "", 404, "Not Found\n")
	}
	if a := r.get("GET /dir/", ""); a.status != 200 || strings.Contains(a.body, "index.html") {
		t.Errorf("got %d %q, want a list", a.status, a.body)
	}
	r.wants("GET /file", "", 200, "inside")
}

func TestAFileThatMayNotBeReadIsForbidden(t *testing.T) {
	r := newRig(t, static.Options{}, map[string]string{"file": "inside", "dir/file": "deep"})
	for _, name := range []string{"file", "dir"} {
		if err := os.Chmod(filepath.Join(r.dir, name), 0); err != nil {
			t.Fatal(err)
		}
	}
	defer os.Chmod(filepath.Join(r.dir, "dir"), 0o755)
	if os.Geteuid() == 0 { // who may read everything
		r.wants("GET /file", "", 200, "inside")
		r.wants("GET /dir/file", "", 200, "deep")
		return
	}
	r.wants("GET /file", "", 403, "Forbidden\n")
	r.wants("GET /dir/file", "", 403, "Forbidden\n")
}
