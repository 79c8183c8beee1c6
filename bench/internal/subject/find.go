package subject

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/weir-go/weir/bench/internal/rivals"
)

// ErrAbsent means that this machine or tree lacks what a subject is made from. The rest of the message says what.
var ErrAbsent = errors.New("absent")

//go:embed source
var sources embed.FS

// Finder makes programs ready to start, compiling those that need it. It is not for concurrent use.
type Finder struct {
	Dir       string // where built programs go; the caller removes it
	WeirPath  string // a built cmd/echo; if empty it is built from the tree
	BasePath  string // an older one
	Downloads []int  // lengths that GET /download will be asked for: nginx serves them from files
	built     map[string]built
}

type built struct {
	path string
	err  error
}

// Find returns the program of a subject in a role. A proxy forwards to upstream. The error wraps ErrAbsent if it cannot
// be had here.
func (f *Finder) Find(ctx context.Context, name, role string, upstream netip.AddrPort) (Program, error) {
	s, err := Named(name)
	if err != nil {
		return Program{}, err
	}
	if !s.Has(role) {
		return Program{}, fmt.Errorf("%w: %s", ErrAbsent, s.WhyNot())
	}
	p := Program{Subject: name, address: listeningAddress}
	to := upstream.String()
	switch name {
	case "c":
		source := map[string]string{Echo: "echo.c", HTTP: "http.c"}[role]
		p.Argv, err = f.argv(ctx, source, f.compile, anyPort)
	case "uv":
		p.Argv, err = f.argv(ctx, "uv.c", f.compile, role, anyPort)
	case "node":
		p.Argv, err = f.node(role, to)
	case "nginx":
		return f.nginx(p, role, to)
	case "haproxy":
		return f.haproxy(p, role, to)
	case "weir":
		return f.weir(ctx, p, role, to)
	case "weir-base":
		if f.BasePath == "" {
			return Program{}, fmt.Errorf("%w: no program given with -weir-base", ErrAbsent)
		}
		p.Argv, p.address, err = echoProgram(f.BasePath, role)
	default:
		p.Argv, err = self(role, name, to)
	}
	return p, err
}

// self is this program as one of the rivals.
func self(role, name, upstream string) ([]string, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if !rivals.Has(role, name) {
		return nil, fmt.Errorf("%s is listed for %s and not there", name, role)
	}
	return []string{program, "serve", "--impl", name, "--role", role, "--addr", anyPort, "--upstream", upstream}, nil
}

// argv builds once, and tells the same the second time.
func (f *Finder) argv(ctx context.Context, key string, build func(context.Context, string) (string, error), args ...string) ([]string, error) {
	b, done := f.built[key]
	if !done {
		b.path, b.err = build(ctx, key)
		if f.built == nil {
			f.built = map[string]built{}
		}
		f.built[key] = b
	}
	return append([]string{b.path}, args...), b.err
}

// compile makes a program of one of the sources in C.
func (f *Finder) compile(ctx context.Context, source string) (string, error) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		return "", fmt.Errorf("%w: no C compiler named cc; apt-get install gcc libc6-dev", ErrAbsent)
	}
	libraries := []string{}
	if source == "uv.c" {
		probe := exec.CommandContext(ctx, cc, "-E", "-x", "c", "-")
		probe.Stdin = strings.NewReader("#include <uv.h>\n")
		if probe.Run() != nil {
			return "", fmt.Errorf("%w: libuv's headers are not there; apt-get install libuv1-dev", ErrAbsent)
		}
		libraries = []string{"-luv"}
	}
	path, err := f.source(source)
	if err != nil {
		return "", err
	}
	program := strings.TrimSuffix(path, ".c")
	return program, run(exec.CommandContext(ctx, cc, append([]string{"-O2", "-o", program, path}, libraries...)...))
}

// source writes one of the embedded files into our folder.
func (f *Finder) source(name string) (string, error) {
	text, err := sources.ReadFile("source/" + name)
	if err != nil {
		return "", err
	}
	path := filepath.Join(f.Dir, name)
	return path, os.WriteFile(path, text, 0o600)
}

func (f *Finder) node(role, upstream string) ([]string, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("%w: no program named node on PATH", ErrAbsent)
	}
	script, err := f.source("server.js")
	return []string{node, script, role, anyPort, upstream}, err
}

func (f *Finder) nginx(p Program, role, upstream string) (Program, error) {
	nginx, err := look("nginx")
	if err != nil {
		return Program{}, err
	}
	dir := filepath.Join(f.Dir, "nginx-"+role)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Program{}, err
	}
	at, err := freePort()
	if err != nil {
		return Program{}, err
	}
	routes := `location / { proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off; proxy_buffering off; }`
	if role == HTTP {
		upstream = "127.0.0.1:1" // nobody: the routes do not use it
		routes = fmt.Sprintf(`location = / { default_type text/plain; return 200 "Hello, World!"; }
		location = /download { default_type application/octet-stream; alias %s/filler-$arg_n; }`, dir)
		if err := f.fillers(dir); err != nil {
			return Program{}, err
		}
	}
	conf, err := f.config("nginx.conf", dir, dir, at, upstream, routes)
	p.address, p.at, p.Argv = nil, at, []string{nginx, "-e", "stderr", "-p", dir, "-c", conf}
	return p, err
}

// fillers are the files that nginx serves as generated bodies.
func (f *Finder) fillers(dir string) error {
	for _, n := range f.Downloads {
		body := []byte(strings.Repeat("0123456789abcdef", n/16+1))[:n]
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("filler-%d", n)), body, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (f *Finder) haproxy(p Program, role, upstream string) (Program, error) {
	haproxy, err := look("haproxy")
	if err != nil {
		return Program{}, err
	}
	at, err := freePort()
	if err != nil {
		return Program{}, err
	}
	dir := filepath.Join(f.Dir, "haproxy-"+role)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Program{}, err
	}
	routes := "default_backend behind"
	if role == HTTP {
		upstream = "127.0.0.1:1"
		routes = `http-request return status 200 content-type text/plain string "Hello, World!" hdr Date "%[date,http_date]" if { path / }
	http-request return status 404`
	}
	conf, err := f.config("haproxy.cfg", dir, at, upstream, routes)
	p.address, p.at, p.Argv = nil, at, []string{haproxy, "-db", "-q", "-f", conf}
	return p, err
}

// config fills in one of the embedded configurations.
func (f *Finder) config(name, dir string, args ...any) (string, error) {
	text, err := sources.ReadFile("source/" + name)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	return path, os.WriteFile(path, fmt.Appendf(nil, string(text), args...), 0o644)
}

// look finds a program that may lie where only root looks.
func look(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: no program named %s; apt-get install %s", ErrAbsent, name, name)
}

// freePort is one that nobody listened on a moment ago, for those that cannot say which they got.
func freePort() (netip.AddrPort, error) {
	ln, err := net.Listen("tcp", anyPort)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return ln.Addr().(*net.TCPAddr).AddrPort(), ln.Close()
}

func (f *Finder) weir(ctx context.Context, p Program, role, upstream string) (Program, error) {
	var err error
	if role == Proxy {
		p.Argv, err = f.argv(ctx, "./examples/proxy", f.buildTree, "-addr", anyPort, "-upstream", upstream)
		p.address = firstAddress
		return p, err
	}
	path := f.WeirPath
	if path == "" {
		argv, err := f.argv(ctx, "./cmd/echo", f.buildTree)
		if err != nil {
			return Program{}, err
		}
		path = argv[0]
	}
	p.Argv, p.address, err = echoProgram(path, role)
	return p, err
}

// buildTree builds a package of the tree this program lies in.
func (f *Finder) buildTree(ctx context.Context, pkg string) (string, error) {
	root, err := ModuleRoot()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(root, pkg)); err != nil {
		return "", fmt.Errorf("%w: the tree has no %s", ErrAbsent, pkg)
	}
	program := filepath.Join(f.Dir, "weir-"+filepath.Base(pkg))
	// Without the version stamp, which fails in a copy of the tree that git does not trust.
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", program, pkg)
	cmd.Dir = root
	return program, run(cmd)
}

// echoProgram is cmd/echo, the program users get, with one loop and one of its servers.
func echoProgram(program, role string) ([]string, addressParser, error) {
	program, err := filepath.Abs(program)
	if err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(program); err != nil {
		return nil, nil, err
	}
	if role == Echo {
		return []string{program, "-loops", "1", "-tcp", anyPort, "-http", ""}, schemeAddress("tcp"), nil
	}
	return []string{program, "-loops", "1", "-tcp", "", "-http", anyPort}, schemeAddress("http"), nil
}

func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}

// ModuleRoot looks for weir's own go.mod from the working directory upwards.
func ModuleRoot() (string, error) {
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
