package subject

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/weir-go/weir/bench/internal/proc"
)

const (
	startTimeout = 10 * time.Second // to the line with the address
	drainTimeout = 3 * time.Second  // from SIGTERM to SIGKILL
)

// Process is a running subject. It has a session of its own: a Ctrl-C reaches it only through Stop, and where the kernel
// shares processors out by session, it does not share with the load. The kernel kills it if this process dies first.
type Process struct {
	Program Program
	Addr    netip.AddrPort

	cmd    *exec.Cmd
	errors tail
	exited chan struct{} // closed when it has ended, on purpose or not
}

// Place is where a subject runs.
type Place struct {
	CPU   int // the processor all its threads are pinned to
	Procs int // GOMAXPROCS of those written in Go
}

// Start runs a program and waits until it says where it listens, or can be connected to where it was told.
func Start(ctx context.Context, s Program, at Place) (*Process, error) {
	p := &Process{
		Program: s,
		cmd:     exec.Command(s.Argv[0], s.Argv[1:]...),
		exited:  make(chan struct{}),
	}
	p.cmd.Dir = s.Dir
	p.cmd.Env = Environment(at.Procs)
	p.cmd.Stderr = &p.errors
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := proc.OnCPU(at.CPU, p.cmd.Start); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Subject, err)
	}
	addresses := make(chan netip.AddrPort, 1)
	go p.read(stdout, addresses)
	if s.address == nil {
		go p.knock(addresses)
	}
	if err := p.awaitAddress(ctx, addresses); err != nil {
		return nil, err
	}
	return p, nil
}

// awaitAddress ends the process if it does not come to listen.
func (p *Process) awaitAddress(ctx context.Context, addresses <-chan netip.AddrPort) error {
	var err error
	select {
	case p.Addr = <-addresses:
		return nil
	case <-p.exited:
		err = p.failure("ended before it listened")
	case <-time.After(startTimeout):
		err = p.failure(fmt.Sprintf("did not say where it listens within %v", startTimeout))
	case <-ctx.Done():
		err = ctx.Err()
	}
	return errors.Join(err, p.Stop())
}

// read takes all of the output, so that the subject never blocks on it, and then reaps the process.
func (p *Process) read(stdout io.Reader, addresses chan<- netip.AddrPort) {
	defer close(p.exited)
	lines := bufio.NewScanner(stdout)
	found := p.Program.address == nil
	for lines.Scan() {
		if found {
			continue
		}
		var addr netip.AddrPort
		if addr, found = p.Program.address(lines.Text()); found {
			addresses <- addr
		}
	}
	_, _ = io.Copy(io.Discard, stdout) // a line too long for the scanner
	_ = p.cmd.Wait()
}

// knock asks for a connection until it gets one or the process has ended.
func (p *Process) knock(addresses chan<- netip.AddrPort) {
	for p.Check() == nil {
		if c, err := net.DialTimeout("tcp", p.Program.at.String(), time.Second); err == nil {
			_ = c.Close()
			addresses <- p.Program.at
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// PID returns the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Check returns an error if the process has ended by itself.
func (p *Process) Check() error {
	select {
	case <-p.exited:
		return p.failure("died")
	default:
		return nil
	}
}

// mourning is how long a process that breaks its connections is watched for being dead: it is reaped a little after they are gone.
const mourning = 250 * time.Millisecond

// Blame adds to err, which came of talking to the process, that it has ended by itself, if it has. Without an err it is Check.
func (p *Process) Blame(err error) error {
	if err != nil {
		select {
		case <-p.exited:
		case <-time.After(mourning):
		}
	}
	return errors.Join(err, p.Check())
}

func (p *Process) failure(what string) error {
	if text := p.errors.String(); text != "" {
		return fmt.Errorf("%s %s: %s", p.Program.Subject, what, text)
	}
	return fmt.Errorf("%s %s", p.Program.Subject, what)
}

// Stop asks the process to end, makes it end if it does not, and returns when it is gone. Calling it again does nothing.
func (p *Process) Stop() error {
	if p.Check() != nil {
		return nil
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if p.awaitExit() {
		return nil
	}
	// It is not reaped yet, so the number is still its group's: what it has started goes with it.
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL)
	if p.awaitExit() {
		return nil
	}
	return fmt.Errorf("%s, process %d, does not end", p.Program.Subject, p.PID())
}

func (p *Process) awaitExit() bool {
	select {
	case <-p.exited:
		return true
	case <-time.After(drainTimeout):
		return false
	}
}

// tail keeps the last of what a process wrote to its standard error. exec.Cmd writes to it from a goroutine of its own.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 2 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-tailSize):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}
