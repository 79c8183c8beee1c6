package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a child, in one life after the other.
type process struct {
	name   string
	argv   []string
	speaks bool // it is one of ours; else it is the proxy, which says a line and no more
	heard  func(*process, said)

	busy sync.Mutex // held by whoever kills or stops it

	mu     sync.Mutex
	cmd    *exec.Cmd
	in     io.WriteCloser
	exited chan struct{}
	failed error // what Wait returned
	ready  chan struct{}
	rested chan struct{}
	stats  map[string]chan *stat
	last   *stat
	errs   []byte
	seq    int
	lives  int
}

// starter starts processes from one thread, which stays: a child is killed when the thread dies that has started it (Pdeathsig).
var starter = sync.OnceValue(func() chan func() {
	c := make(chan func())
	go func() {
		runtime.LockOSThread()
		for fn := range c {
			fn()
		}
	}()
	return c
})

const upTime = 20 * time.Second

// up starts the process and waits until it says that it is ready.
func (p *process) up() error {
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	errs, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	started := make(chan error)
	starter() <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return err
	}
	p.mu.Lock()
	p.cmd, p.in, p.stats, p.last = cmd, in, map[string]chan *stat{}, nil
	p.exited, p.ready, p.rested = make(chan struct{}), make(chan struct{}), make(chan struct{}, 1)
	p.errs, p.failed = nil, nil
	p.lives++
	ready, exited := p.ready, p.exited
	p.mu.Unlock()
	var reading sync.WaitGroup
	reading.Go(func() { p.hear(out) })
	reading.Go(func() { p.keep(errs) })
	go func() {
		reading.Wait()
		err := cmd.Wait()
		p.mu.Lock()
		p.failed = err
		p.mu.Unlock()
		close(exited)
	}()
	select {
	case <-ready:
		return nil
	case <-exited:
		return fmt.Errorf("%s ended before it was ready: %s", p.name, p.errors())
	case <-time.After(upTime):
		return fmt.Errorf("%s was not ready in %v: %s", p.name, upTime, p.errors())
	}
}

// hear takes what the process says.
func (p *process) hear(out io.Reader) {
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var s said
		if !p.speaks {
			s.Ready = true
		} else if err := json.Unmarshal(line, &s); err != nil {
			s.Violation = fmt.Sprintf("%s says %q", p.name, line)
		}
		p.mu.Lock()
		if s.Ready {
			select {
			case <-p.ready:
			default:
				close(p.ready)
			}
		}
		if s.Rested {
			p.rested <- struct{}{}
		}
		if s.Stat != nil {
			p.last = s.Stat
			if c := p.stats[s.Stat.Seq]; c != nil {
				c <- s.Stat
				delete(p.stats, s.Stat.Seq)
			}
		}
		p.mu.Unlock()
		p.heard(p, s)
	}
}

// keepErrors is how much of a child's standard error is kept: enough for the stacks that SIGQUIT prints.
const keepErrors = 1 << 20

func (p *process) keep(errs io.Reader) {
	buf := make([]byte, 32<<10)
	for {
		n, err := errs.Read(buf)
		p.mu.Lock()
		if len(p.errs) < keepErrors {
			p.errs = append(p.errs, buf[:n]...)
		}
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (p *process) errors() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.TrimSpace(string(p.errs))
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// gone is closed when this life has ended.
func (p *process) gone() chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exited
}

func (p *process) tell(word string) {
	p.mu.Lock()
	in := p.in
	p.mu.Unlock()
	io.WriteString(in, word+"\n")
}

func (p *process) signal(s os.Signal) { p.cmd.Process.Signal(s) }

// kill ends this life, and waits for that.
func (p *process) kill() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	p.signal(syscall.SIGKILL)
	<-p.gone()
}

// ask asks for a stat. Who does not wait for the answer finds it in latest.
func (p *process) ask(word string) chan *stat {
	p.mu.Lock()
	p.seq++
	seq, c := strconv.Itoa(p.seq), make(chan *stat, 1)
	p.stats[seq] = c
	p.mu.Unlock()
	p.tell(word + " " + seq)
	return c
}

// await is ask, and the answer.
func (p *process) await(word string) (*stat, error) {
	select {
	case s := <-p.ask(word):
		return s, nil
	case <-p.gone():
		return nil, fmt.Errorf("%s has ended: %s", p.name, p.errors())
	case <-time.After(upTime):
		return nil, fmt.Errorf("%s does not say how it is", p.name)
	}
}

func (p *process) latest() *stat {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// ends waits for the process to end with status 0.
func (p *process) ends() error {
	select {
	case <-p.gone():
	case <-time.After(upTime):
		return fmt.Errorf("%s does not end", p.name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed != nil {
		return fmt.Errorf("%s: %w: %s", p.name, p.failed, strings.TrimSpace(string(p.errs)))
	}
	return nil
}

// rss is the resident memory, in bytes. smaps_rollup walks the page tables; VmRSS may be some hundred KiB off.
func (p *process) rss() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p.pid()))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "Rss:" {
			kb, _ := strconv.ParseInt(words[1], 10, 64)
			return kb << 10
		}
	}
	return 0
}
