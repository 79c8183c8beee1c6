//go:build linux && !race && !weirdebug

package snippets

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A session is what a reader does with a page: its commands, one after another, each in a terminal of its own when the one before
// goes on. It has a folder with links to what the repository has, and an address on the loopback that nobody else has.
type session struct {
	t       *testing.T
	folder  string
	address string
	ports   map[string]string // those of the page, and what they are here
	running []*process
}

// process is a command that was begun.
type process struct {
	command
	cmd    *exec.Cmd
	stdin  io.Closer
	said   string // the file of what it says
	ended  chan error
	says   string // what it says before it may be ended
	server bool
}

var sessions atomic.Int32

func newSession(t *testing.T) *session {
	n, pid := sessions.Add(1), os.Getpid()
	s := &session{t: t, folder: t.TempDir(), ports: map[string]string{}}
	s.address = fmt.Sprintf("127.%d.%d.%d", 64+pid>>8&127, pid&255, n&127+1)
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Symlink(filepath.Join(root, e.Name()), filepath.Join(s.folder, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(s.folder, "tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	large := bytes.Repeat([]byte("a large file is one that does not fit into any buffer on its way\n"), 1<<17)
	if err := os.WriteFile(filepath.Join(s.folder, "large.file"), large, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.endAll)
	return s
}

var onLoopback = regexp.MustCompile(`127\.0\.0\.1([: ])(\d+)`)

// here is a line with the session's address and ports in the place of the page's, and its folder in the place of /tmp.
func (s *session) here(line string) string {
	line = onLoopback.ReplaceAllStringFunc(line, func(at string) string {
		m := onLoopback.FindStringSubmatch(at)
		if s.ports[m[2]] == "" {
			ln, err := net.Listen("tcp", s.address+":0")
			if err != nil {
				s.t.Fatal(err)
			}
			ln.Close()
			_, s.ports[m[2]], _ = net.SplitHostPort(ln.Addr().String())
		}
		return s.address + m[1] + s.ports[m[2]]
	})
	return strings.ReplaceAll(line, "/tmp/", s.folder+"/tmp/")
}

// prelude makes programs of ours those that were built, has make only say what it would do, and curl fail when it is told an error.
const prelude = `set -o pipefail
unset MAKEFLAGS MAKELEVEL MFLAGS
make() { command make -n --no-print-directory -C "$ROOT" "$@"; }
curl() { command curl --fail "$@"; }
go() {
	case "$1 $2" in
	"run ./"*) program=${2#./}; shift 2; (cd "$ROOT" && exec "$BUILT/${program##*/}" "$@") ;;
	"-C "*) folder=$2; shift 4; (cd "$ROOT/$folder" && exec "$BUILT/$folder" "$@") ;;
	*) echo "go $*: what is that?" >&2; false ;;
	esac
}
`

// begin starts a command. What it reads is what somebody types, and ends when the command is ended.
func (s *session) begin(c command, text string) *process {
	s.t.Helper()
	out, err := os.CreateTemp(s.folder, "said")
	if err != nil {
		s.t.Fatal(err)
	}
	defer out.Close()
	p := &process{command: c, said: out.Name(), ended: make(chan error, 1)}
	p.cmd = exec.Command("bash", "-c", prelude+text+"\nstatus=$?\nwait\nexit $status")
	p.cmd.Dir = s.folder
	p.cmd.Env = append(os.Environ(), "ROOT="+root, "BUILT="+built, "PATH="+built+"/bin:"+os.Getenv("PATH"))
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	typed, keys, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	defer typed.Close()
	p.cmd.Stdin, p.stdin = typed, keys
	fmt.Fprintln(keys, "hello")
	if err := p.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	s.running = append(s.running, p)
	return p
}

// output is what p has said.
func (p *process) output() string {
	text, _ := os.ReadFile(p.said)
	return string(text)
}

// hears waits until p has said something.
func (s *session) hears(p *process, what string) {
	s.t.Helper()
	for begin := time.Now(); !strings.Contains(p.output(), what); time.Sleep(5 * time.Millisecond) {
		select {
		case err := <-p.ended:
			p.ended <- err
			if !strings.Contains(p.output(), what) {
				s.t.Fatalf("%s\nended (%v) and said\n%s\nwant %q", p.command, err, shortened(p.output()), what)
			}
		default:
		}
		if time.Since(begin) > patience {
			s.t.Fatalf("%s\nsaid\n%s\nwant %q", p.command, shortened(p.output()), what)
		}
	}
}

// ends waits until p has ended, and well.
func (s *session) ends(p *process) {
	s.t.Helper()
	select {
	case err := <-p.ended:
		p.ended <- err
		if err != nil {
			s.t.Fatalf("%s\n%v, and said\n%s", p.command, err, shortened(p.output()))
		}
	case <-time.After(patience):
		s.t.Fatalf("%s\nhas not ended, and said\n%s", p.command, shortened(p.output()))
	}
}

// endAll ends what goes on, all that it has started included.
func (s *session) endAll() {
	for _, p := range slices.Backward(s.running) {
		select {
		case <-p.ended: // with all that it has started, for which it waits
		default:
			syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
			<-p.ended
		}
		p.stdin.Close()
	}
	s.running = nil
}

func shortened(text string) string {
	if len(text) > 2000 {
		return text[:2000] + "…"
	}
	return text
}
