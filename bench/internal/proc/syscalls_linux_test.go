package proc

import (
	"os/exec"
	"strings"
	"testing"
)

func TestSystemCallsOfAnotherProcessAreCounted(t *testing.T) {
	countCopies(t, func(pid int) (*SyscallCounter, error) { return CountSyscalls(t.Context(), pid, t.TempDir()) })
}

func TestStraceCountsAsThePerfEventsDo(t *testing.T) {
	countCopies(t, func(pid int) (*SyscallCounter, error) { return countByStrace(t.Context(), pid, t.TempDir()) })
}

// countCopies asks dd for a thousand copies: a read and a write each.
func countCopies(t *testing.T, count func(pid int) (*SyscallCounter, error)) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "read line; exec dd if=/dev/zero of=/dev/null bs=1 count=1000")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c, err := count(cmd.Process.Pid)
	if err != nil {
		_ = in.Close()
		_ = cmd.Wait()
		if !strings.Contains(err.Error(), "no way to count") && !strings.Contains(err.Error(), "strace") {
			t.Fatal(err)
		}
		return // an ordinary user of a machine without strace: the bench says so too
	}
	_ = in.Close()
	if err := cmd.Wait(); err != nil && !strings.Contains(err.Error(), "exit status") {
		t.Fatal(err)
	}
	got, err := c.Stop()
	if err != nil {
		t.Fatal(err)
	}
	if got.All < 2000 || got.All > 3000 || got.EpollCtl != 0 {
		t.Errorf("got %+v, want two calls for each of a thousand copies and what it takes to start", got)
	}
}

func TestParseStrace(t *testing.T) {
	got, err := parseStrace("    calls syscall\n--------- ----------------\n     1000 read\n        4 epoll_ctl\n--------- ----------------\n     1004 total\n")
	if err != nil || got.All != 1004 || got.EpollCtl != 4 {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := parseStrace(""); err == nil {
		t.Error("an empty table: got no error")
	}
}
