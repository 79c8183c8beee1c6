package subject

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrAbsent means that this machine or tree lacks what a subject is made from. The rest of the message says what.
var ErrAbsent = errors.New("absent")

// Finder makes subjects ready to start, compiling those that need it.
type Finder struct {
	Dir         string // where built programs go; the caller removes it
	FloorSource []byte // the C echo server
	WeirPath    string // a built cmd/echo; if empty it is built from the tree
	BasePath    string // an older one
}

// Find builds the named subject. Its error wraps ErrAbsent if the subject cannot be had here.
func (f *Finder) Find(ctx context.Context, name string) (Subject, error) {
	switch name {
	case Floor:
		return f.floor(ctx)
	case Gnet, Net, NetCopy:
		return f.rival(name)
	case Weir:
		return f.weir(ctx)
	case WeirBase:
		return weirAt(name, f.BasePath)
	}
	return Subject{}, fmt.Errorf("no subject named %q, there are: %s", name,
		strings.Join([]string{Floor, Gnet, Net, NetCopy, Weir, WeirBase}, ", "))
}

func (f *Finder) floor(ctx context.Context) (Subject, error) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		return Subject{}, fmt.Errorf("%w: no C compiler named cc", ErrAbsent)
	}
	source := filepath.Join(f.Dir, "echo.c")
	program := filepath.Join(f.Dir, "c-echo")
	if err := os.WriteFile(source, f.FloorSource, 0o600); err != nil {
		return Subject{}, err
	}
	if err := build(exec.CommandContext(ctx, cc, "-O2", "-o", program, source)); err != nil {
		return Subject{}, err
	}
	return Subject{Name: Floor, Argv: []string{program, anyPort}, address: listeningAddress}, nil
}

func (f *Finder) rival(name string) (Subject, error) {
	self, err := os.Executable()
	if err != nil {
		return Subject{}, err
	}
	return Subject{
		Name:    name,
		Argv:    []string{self, "serve", "--impl", name, "--addr", anyPort},
		address: listeningAddress,
	}, nil
}

func (f *Finder) weir(ctx context.Context) (Subject, error) {
	if f.WeirPath != "" {
		return weirAt(Weir, f.WeirPath)
	}
	root, err := moduleRoot()
	if err != nil {
		return Subject{}, err
	}
	if _, err := os.Stat(filepath.Join(root, "cmd", "echo")); err != nil {
		return Subject{}, fmt.Errorf("%w: the tree has no cmd/echo", ErrAbsent)
	}
	program := filepath.Join(f.Dir, "weir-echo")
	// Without the version stamp, which fails in a copy of the tree that git does not trust.
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", program, "./cmd/echo")
	cmd.Dir = root
	if err := build(cmd); err != nil {
		return Subject{}, err
	}
	return weirAt(Weir, program)
}

// weirAt is the program users get, with one loop and without its HTTP server.
func weirAt(name, program string) (Subject, error) {
	if program == "" {
		return Subject{}, fmt.Errorf("%w: no program given", ErrAbsent)
	}
	program, err := filepath.Abs(program)
	if err != nil {
		return Subject{}, err
	}
	if _, err := os.Stat(program); err != nil {
		return Subject{}, fmt.Errorf("%s: %w", name, err)
	}
	return Subject{
		Name:    name,
		Argv:    []string{program, "-loops", "1", "-tcp", anyPort, "-http", ""},
		address: tcpAddress,
	}, nil
}

func build(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}

// moduleRoot looks for weir's own go.mod from the working directory upwards.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && isRootModule(string(text)) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("%w: not inside weir's tree", ErrAbsent)
		}
		dir = parent
	}
}

func isRootModule(goMod string) bool {
	for line := range strings.Lines(goMod) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "module" {
			return fields[1] == "github.com/weir-go/weir"
		}
	}
	return false
}
