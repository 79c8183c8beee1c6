package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/bench/internal/result"
)

// The test binary can be a rival, a child, or the bench, as the program can.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "serve", "child", "run":
			main()
			return
		}
	}
	os.Exit(m.Run())
}

// measured runs the bench and returns what it has written.
func measured(t *testing.T, args ...string) *result.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "result.json")
	if err := run(t.Context(), append(args, "-json", name)); err != nil {
		t.Fatal(err)
	}
	f, err := result.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestQuickMeasuresAndSaysSo is the whole of quick, short: what a fresh machine with Go alone has, and who answers wrongly among them.
func TestQuickMeasuresAndSaysSo(t *testing.T) {
	f := measured(t, "quick", "-subjects", "weir,net,planted-liar,c", "-rounds", "1", "-time", "150ms", "-warm", "50ms", "-slow-time", "300ms")
	for _, s := range f.Scenarios {
		if s.Verdict == "" {
			t.Errorf("%s has no verdict", s.Name)
		}
		for _, c := range s.Cells {
			planted := strings.HasPrefix(c.Subject, "planted")
			switch {
			case c.Status == result.OK && planted && s.Name == "plaintext":
				t.Errorf("%s has a figure for %s", s.Name, c.Subject)
			case c.Status == result.Failed && planted:
			case c.Status == result.Failed && !strings.Contains(c.Reason, "other work had the processors"):
				t.Errorf("%s: %s: %s", s.Name, c.Subject, c.Reason) // a busy machine may give these short rounds no time at all
			}
		}
	}
	if f.Verdict == "" || f.Run.Commit == "" || f.Run.Environment.Cores == 0 {
		t.Errorf("got verdict %q, run %+v", f.Verdict, f.Run)
	}
	slow := f.Scenario("slow-readers").Cell("net")
	if slow.Status != result.OK || len(slow.Series) == 0 || len(slow.Series[0].Points) == 0 {
		t.Errorf("no course of memory: %+v", slow)
	}
}

func TestMistakesAreReportedNotMeasured(t *testing.T) {
	f := measured(t, "run", "-scenarios", "plaintext", "-rounds", "1", "-time", "400ms", "-warm", "99ms",
		"-subjects", "planted-deaf,planted-dies,planted-liar,planted-stops,net")
	for name, want := range map[string]string{
		"planted-deaf":  "this server does not listen, on purpose",
		"planted-dies":  "this server dies, on purpose",
		"planted-liar":  "had wrong bytes",
		"planted-stops": "no answer",
	} {
		c := f.Scenario("plaintext").Cell(name)
		if c.Status != result.Failed || !strings.Contains(c.Reason, want) {
			t.Errorf("%s: got %s: %s, want failed: %s", name, c.Status, c.Reason, want)
		}
		s := f.Subject(name)
		if s.Status != result.Failed {
			t.Errorf("%s: the subject is %s", name, s.Status)
		}
		if strings.Contains(f.Verdict, s.Title+":") || !strings.Contains(f.Verdict, s.Title) || !strings.Contains(f.Scenarios[0].Verdict, s.Title) {
			t.Errorf("%s is not among those that failed: %s", name, f.Verdict)
		}
		if n := len(slices.DeleteFunc(slices.Clone(f.LeftOut), func(left result.LeftOut) bool { return left.What != name })); n != 1 {
			t.Errorf("%s is left out %d times", name, n)
		}
	}
}

// TestAnInterruptLeavesNoProcessBehind ends a run in the middle, as Ctrl-C does.
func TestAnInterruptLeavesNoProcessBehind(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), self, "run", "-scenarios", "plaintext", "-subjects", "net", "-time", "30s", "-rounds", "1")
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.Contains(lines.Text(), "checking") {
	}
	time.Sleep(time.Second) // by then it is in the first turn, most likely
	var servers []int
	for deadline := time.Now().Add(20 * time.Second); len(servers) == 0 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		servers = childrenOf(t, cmd.Process.Pid)
	}
	if len(servers) == 0 {
		t.Error("no server was started")
	}
	time.Sleep(100 * time.Millisecond)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var last string
	for lines.Scan() {
		last = lines.Text()
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(last, "interrupted") {
		t.Errorf("got %v, %s", err, last)
	}
	for _, pid := range servers {
		if !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			t.Errorf("process %d is still there", pid)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestAnInterruptedRunKeepsWhatItHasMeasured ends a run when it has had a round, in the midst of others.
func TestAnInterruptedRunKeepsWhatItHasMeasured(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	name, page, md := filepath.Join(dir, "a.json"), filepath.Join(dir, "a.html"), filepath.Join(dir, "a.md")
	cmd := exec.CommandContext(t.Context(), self, "run", "-scenarios", "parser,stream", "-subjects", "net,fasthttp", "-time", "200ms",
		"-rounds", "100000", "-json", name, "-html", page, "-md", md)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.Contains(lines.Text(), "stream, round 2, ") {
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var last string
	for lines.Scan() {
		last = lines.Text()
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(last, "interrupted") {
		t.Errorf("got %v, %s", err, last)
	}
	f, err := result.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if f.Run.CutShort != "interrupted" {
		t.Errorf("cut short: %q", f.Run.CutShort)
	}
	s := f.Scenario("stream")
	if c := s.Cell("net"); s.Rounds < 2 || c.Status != result.OK || len(c.Metrics[s.Primary].Samples) < 1 {
		t.Errorf("%d rounds, and of net %+v", s.Rounds, c)
	}
	for _, file := range []string{page, md} {
		if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), "cut short (interrupted)") {
			t.Errorf("%s does not say that the run was cut short: %v", filepath.Base(file), err)
		}
	}
}

// childrenOf are the processes that another has started.
func childrenOf(t *testing.T, pid int) []int {
	t.Helper()
	tasks, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	var children []int
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue // the thread has just ended
		}
		for _, word := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			children = append(children, child)
		}
	}
	return children
}

func TestARunIsComparedWithItself(t *testing.T) {
	const sample = "internal/result/testdata/sample.json"
	if err := run(t.Context(), []string{"compare", sample, sample}); err != nil {
		t.Error(err)
	}
	if err := run(t.Context(), []string{"compare", "-max-regress", "1", sample, sample}); err != nil {
		t.Errorf("nothing has changed: %v", err)
	}
}

func TestWhatIsNotMeantIsRefused(t *testing.T) {
	for _, args := range [][]string{
		nil,
		{"nonsense"},
		{"quick", "now"},
		{"run", "-rounds", "0"},
		{"run", "-scenarios", "nothing"},
		{"run", "-subjects", "nobody"},
		{"run", "-subjects", "net,net"},
		{"run", "-subjects", ""},
		{"run", "-procs", "0"},
		{"compare", "one.json"},
		{"compare", "none.json", "neither.json"},
		{"child"},
		{"serve", "--impl", "nobody"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		if err := run(ctx, args); err == nil {
			t.Errorf("%q: got no error", args)
		}
		cancel()
	}
}

func TestEveryPageOfHelpWorks(t *testing.T) {
	for _, command := range []string{"list", "doctor"} {
		if err := run(t.Context(), []string{command}); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
}
