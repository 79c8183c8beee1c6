package simkernel_test

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// The swarm simulation: random programs over connections, listeners and a loop, on a fake kernel with random faults.
// A world is one seed. SIM_LIVES is the number of connection lives over all worlds, SIM_SEED the first seed, and
// SIM_TRACE how many lines of its trace a failing one prints.

const (
	livesAWorld  = 100
	defaultLives = 4000
	tcpAddress   = "127.0.0.1:7000"
	unixAddress  = "/sim/socket"
	farAddress   = "203.0.113.1:80"
	deadAddress  = "203.0.113.2:80"

	planned = "the simulation panics"
)

// report is what a failing seed prints.
func (s *sim) report() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d:\n", s.seed)
	for _, p := range s.problems {
		fmt.Fprintf(&b, "  %s\n", p)
	}
	fmt.Fprintf(&b, "options: %+v\n", s.o)
	fmt.Fprintf(&b, "again: SIM_SEED=%d SIM_LIVES=%d go test -run TestSimSwarm ./internal/simkernel\n", s.seed, livesAWorld)
	b.WriteString(s.w.Trace())
	return b.String()
}

func environment(t *testing.T, name string, def uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return def
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func TestSimSwarm(t *testing.T) {
	lives := environment(t, "SIM_LIVES", defaultLives)
	seed := environment(t, "SIM_SEED", 1)
	worlds := max(1, int(lives)/livesAWorld)
	workers := min(worlds, runtime.GOMAXPROCS(0))
	for i := range workers {
		t.Run(fmt.Sprintf("worker %d", i), func(t *testing.T) {
			t.Parallel()
			for n := i; n < worlds && !t.Failed(); n += workers {
				if s := runSim(seed+uint64(n), livesAWorld); len(s.problems) > 0 {
					t.Error(s.report())
				}
			}
		})
	}
}

func TestSimSeedsThatFoundSomethingStayFixed(t *testing.T) {
	f, err := os.Open("testdata/seeds.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if s := runSim(seed, livesAWorld); len(s.problems) > 0 {
			t.Error(s.report())
		}
	}
}

func TestSimIsTheSameEveryTime(t *testing.T) {
	for seed := range uint64(10) {
		a, b := runSim(seed, 30), runSim(seed, 30)
		if a.w.TraceHash() != b.w.TraceHash() {
			t.Errorf("seed %d: traces differ", seed)
		}
	}
}

func BenchmarkSimLife(b *testing.B) {
	for i := 0; i < b.N; i += livesAWorld {
		if s := runSim(uint64(i), livesAWorld); len(s.problems) > 0 {
			b.Fatal(s.report())
		}
	}
}
