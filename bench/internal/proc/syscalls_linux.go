package proc

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Syscalls are a process's system calls between two moments.
type Syscalls struct {
	All      int64
	EpollCtl int64
	How      string // "perf" or "strace"
}

// SyscallCounter counts the system calls of a process, of all its threads and of those it starts meanwhile. Counting is not free, least
// of all by strace, so nothing else is measured meanwhile.
type SyscallCounter struct {
	events []int // perf: descriptors of the counters of all calls, then of epoll_ctl
	half   int
	trace  *exec.Cmd
	report string
}

// CountSyscalls begins to count: by the kernel's tracepoints if this process may, else by strace if there is one.
func CountSyscalls(ctx context.Context, pid int, dir string) (*SyscallCounter, error) {
	c, perf := countByPerf(pid)
	if perf == nil {
		return c, nil
	}
	c, strace := countByStrace(ctx, pid, dir)
	if strace == nil {
		return c, nil
	}
	return nil, fmt.Errorf("no way to count system calls: %w; %w", perf, strace)
}

// countByPerf opens two counters a thread. They count from then on, and in the threads that each thread starts.
func countByPerf(pid int) (*SyscallCounter, error) {
	c := &SyscallCounter{}
	for _, name := range []string{"raw_syscalls/sys_enter", "syscalls/sys_enter_epoll_ctl"} {
		c.half = len(c.events)
		id, err := tracepoint(name)
		if err == nil {
			err = c.open(pid, id)
		}
		if err != nil {
			c.closeEvents()
			return nil, err
		}
	}
	return c, nil
}

func (c *SyscallCounter) open(pid int, id uint64) error {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return err
	}
	attr := unix.PerfEventAttr{Type: unix.PERF_TYPE_TRACEPOINT, Config: id, Bits: unix.PerfBitInherit}
	attr.Size = uint32(unsafe.Sizeof(attr))
	for _, task := range tasks {
		tid, err := strconv.Atoi(task.Name())
		if err != nil {
			continue
		}
		fd, err := unix.PerfEventOpen(&attr, tid, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
		if errors.Is(err, unix.ESRCH) {
			continue
		}
		if err != nil {
			return fmt.Errorf("perf events: %w (as root, or with kernel.perf_event_paranoid at -1)", err)
		}
		c.events = append(c.events, fd)
	}
	return nil
}

// tracepoint finds the number of one in the trace file system, which only root sees on most machines.
func tracepoint(name string) (uint64, error) {
	var err error
	for _, root := range []string{"/sys/kernel/tracing", "/sys/kernel/debug/tracing"} {
		var text []byte
		if text, err = os.ReadFile(filepath.Join(root, "events", name, "id")); err == nil {
			return strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
		}
	}
	return 0, fmt.Errorf("the kernel's tracepoints are not to be seen: %w", err)
}

func (c *SyscallCounter) closeEvents() {
	for _, fd := range c.events {
		_ = unix.Close(fd)
	}
}

// countByStrace attaches strace and returns when it has all threads.
func countByStrace(ctx context.Context, pid int, dir string) (*SyscallCounter, error) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return nil, errors.New("no strace on PATH")
	}
	c := &SyscallCounter{report: filepath.Join(dir, fmt.Sprintf("strace-%d", pid))}
	c.trace = exec.CommandContext(ctx, strace, "-f", "-c", "-U", "calls,name", "-o", c.report, "-p", strconv.Itoa(pid))
	c.trace.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	c.trace.Cancel = func() error { return c.trace.Process.Signal(syscall.SIGINT) }
	c.trace.WaitDelay = 5 * time.Second
	said, err := c.trace.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := c.trace.Start(); err != nil {
		return nil, fmt.Errorf("strace: %w", err)
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil || !strings.Contains(line, "attached") {
		_, _ = c.stopTrace()
		return nil, fmt.Errorf("strace: %s", strings.TrimSpace(line))
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	return c, nil
}

// Stop ends the counting.
func (c *SyscallCounter) Stop() (Syscalls, error) {
	if c.trace != nil {
		return c.stopTrace()
	}
	defer c.closeEvents()
	s := Syscalls{How: "perf"}
	for i, fd := range c.events {
		var value [8]byte
		if _, err := unix.Read(fd, value[:]); err != nil {
			return s, fmt.Errorf("perf events: %w", err)
		}
		n := int64(binary.NativeEndian.Uint64(value[:]))
		if i < c.half {
			s.All += n
		} else {
			s.EpollCtl += n
		}
	}
	return s, nil
}

func (c *SyscallCounter) stopTrace() (Syscalls, error) {
	_ = c.trace.Process.Signal(syscall.SIGINT)
	_ = c.trace.Wait() // it ends by the signal it was sent
	text, err := os.ReadFile(c.report)
	if err != nil {
		return Syscalls{}, fmt.Errorf("strace: %w", err)
	}
	s, err := parseStrace(string(text))
	s.How = "strace"
	return s, err
}

// parseStrace reads the table of strace -c -U calls,name.
func parseStrace(text string) (Syscalls, error) {
	var s Syscalls
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) != 2 {
			continue
		}
		n, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil || fields[1] == "total" {
			continue
		}
		s.All += n
		if fields[1] == "epoll_ctl" {
			s.EpollCtl += n
		}
	}
	if s.All == 0 {
		return s, errors.New("strace counted nothing")
	}
	return s, nil
}
