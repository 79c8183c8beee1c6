//go:build linux || darwin || freebsd || openbsd || netbsd

package reactor_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/reactor/reactortest"
)

// What Unix sockets do to the file system: the part of the conformance suite that only a real kernel has.

// realReactor is a reactor on the system's kernel, without a loop's help: everything is closed at the end.
func realReactor(t *testing.T) (*reactortest.Driver, *realHarness) {
	t.Helper()
	h := newRealHarness(t, reactor.SystemOptions{})
	d := &reactortest.Driver{R: reactor.New(h.Kernel(), reactor.Options{})}
	t.Cleanup(func() {
		closed := d.Until(func() bool {
			d.R.Walk(func(handle any) {
				switch handle := handle.(type) {
				case *reactor.Conn:
					handle.Close(nil)
				case *reactor.Listener:
					handle.Close(nil)
				}
			})
			return d.R.Live() == 0
		})
		if err := d.R.Close(); !closed || err != nil {
			t.Errorf("closing: %v, %v", closed, err)
		}
		for _, left := range h.Check() {
			t.Error(left)
		}
	})
	return d, h
}

func ignore(*reactor.Conn) {}

func wantErrno(t *testing.T, what string, got error, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestUnixStalePathIsReplaced(t *testing.T) {
	d, h := realReactor(t)
	path := h.Refusing("unix")
	if !exists(path) {
		t.Fatal("there is no stale path")
	}
	accepted := 0
	if _, err := d.R.Listen("unix", path, reactor.ListenOptions{}, func(*reactor.Conn) { accepted++ }); err != nil {
		t.Fatal(err)
	}
	h.Dial("unix", path)
	if !d.Until(func() bool { return accepted == 1 }) {
		t.Error("nobody listens")
	}
}

func TestUnixLivePathIsInUse(t *testing.T) {
	d, h := realReactor(t)
	server := h.Listen("unix")
	_, err := d.R.Listen("unix", server.Addr(), reactor.ListenOptions{}, ignore)
	wantErrno(t, "Listen", err, reactor.EADDRINUSE)
	if !exists(server.Addr()) {
		t.Error("the path of a live listener was removed")
	}
	server.Close()
}

func TestUnixRegularFileIsNotRemoved(t *testing.T) {
	d, h := realReactor(t)
	path := h.Address("unix")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := d.R.Listen("unix", path, reactor.ListenOptions{}, ignore)
	wantErrno(t, "Listen", err, reactor.EADDRINUSE)
	if got, _ := os.ReadFile(path); string(got) != "precious" {
		t.Errorf("the file is %q now", got)
	}
	// pipe_connect_to_file
	var outcome error
	c, err := d.R.Connect("unix", path, func(err error) { outcome = err })
	if err != nil {
		t.Fatal(err)
	}
	d.Until(func() bool { return outcome != nil })
	if !errors.Is(outcome, reactor.ECONNREFUSED) && !errors.Is(outcome, reactor.ENOTSOCK) {
		t.Errorf("connect to a file: %v", outcome)
	}
	c.Close(nil)
}

func TestUnixSymbolicLinkIsNotFollowed(t *testing.T) {
	d, h := realReactor(t)
	target, link := h.Refusing("unix"), h.Address("unix")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	_, err := d.R.Listen("unix", link, reactor.ListenOptions{}, ignore)
	wantErrno(t, "Listen", err, reactor.EADDRINUSE)
	if !exists(target) || !exists(link) {
		t.Error("something was removed")
	}
}

func TestUnixModeIsSet(t *testing.T) { // pipe_set_chmod
	d, h := realReactor(t)
	for _, mode := range []fs.FileMode{0o600, 0o660, 0o777} {
		path := h.Address("unix")
		if _, err := d.R.Listen("unix", path, reactor.ListenOptions{UnixMode: mode}, ignore); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("the mode is %v, %v; want %v", info.Mode(), err, mode)
		}
	}
}

func TestUnixPathIsRemovedOnClose(t *testing.T) {
	d, h := realReactor(t)
	path := h.Address("unix")
	ln, err := d.R.Listen("unix", path, reactor.ListenOptions{}, ignore)
	if err != nil {
		t.Fatal(err)
	}
	ln.Close(nil)
	if exists(path) {
		t.Error("the path is still there after Close")
	}
	d.Until(func() bool { return d.R.Live() == 0 })
}

func TestUnixBadPaths(t *testing.T) {
	d, h := realReactor(t)
	for _, test := range []struct {
		name, path string
		want       error
	}{
		{"pipe_bind_error_addrnotavail", filepath.Join(h.dir, "nowhere", "sock"), reactor.ENOENT},
		{"pipe_overlong_path", filepath.Join(h.dir, strings.Repeat("x", 200)), reactor.EINVAL},
	} {
		t.Run(test.name, func(t *testing.T) {
			ln, err := d.R.Listen("unix", test.path, reactor.ListenOptions{}, ignore)
			wantErrno(t, "Listen", err, test.want)
			if ln != nil {
				t.Error("there is a listener all the same")
			}
			told := 0
			_, err = d.R.Connect("unix", test.path, func(err error) {
				told++
				wantErrno(t, "Connect", err, test.want)
			})
			if err != nil {
				t.Fatalf("Connect itself: %v", err)
			}
			if !d.Until(func() bool { return told == 1 }) {
				t.Error("nobody was told of the connect")
			}
		})
	}
}

func TestUnixAbstractName(t *testing.T) { // pipe_getsockname_abstract
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has names that are in no directory")
	}
	d, h := realReactor(t)
	name := "@" + filepath.Base(h.dir)
	accepted := 0
	ln, err := d.R.Listen("unix", name, reactor.ListenOptions{UnixMode: 0o600}, func(*reactor.Conn) { accepted++ })
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.R.Listen("unix", name, reactor.ListenOptions{}, ignore)
	wantErrno(t, "second listener", err, reactor.EADDRINUSE)
	h.Dial("unix", name)
	if !d.Until(func() bool { return accepted == 1 }) {
		t.Error("nobody listens")
	}
	ln.Close(nil)
}
