package doctor

import (
	"strings"
	"testing"

	"github.com/weir-go/weir/bench/internal/result"
)

func well() Machine {
	return Machine{
		Environment: result.Environment{Cores: 4, Governor: "performance", Descriptors: 20_000, Somaxconn: 4096, LocalPorts: [2]int{32768, 60999}},
		Programs:    map[string]bool{"cc": true, "node": true, "nginx": true, "haproxy": true, "uv": true, "strace": true},
	}
}

func TestAWellMachineNeedsNothing(t *testing.T) {
	for _, f := range Examine(well()) {
		if f.Fix != "" {
			t.Errorf("%+v", f)
		}
	}
}

func TestEachTroubleIsFoundWithItsFix(t *testing.T) {
	for want, spoil := range map[string]func(m *Machine){
		"ulimit":          func(m *Machine) { m.Descriptors = 1024 },
		"with one they":   func(m *Machine) { m.Cores = 1 },
		"idle":            func(m *Machine) { m.LoadAverage[0] = 3 },
		"cpupower":        func(m *Machine) { m.Governor = "powersave" },
		"somaxconn":       func(m *Machine) { m.Somaxconn = 128 },
		"port_range":      func(m *Machine) { m.LocalPorts = [2]int{50000, 51000} },
		"apt-get install": func(m *Machine) { m.Programs["node"] = false },
		"tracefs":         func(m *Machine) { m.Programs["strace"] = false },
		"compare ratios":  func(m *Machine) { m.Virtual = true },
	} {
		m := well()
		spoil(&m)
		n := 0
		for _, f := range Examine(m) {
			if f.Fix != "" {
				n++
				if !strings.Contains(f.Fix, want) {
					t.Errorf("got %+v, want %q", f, want)
				}
			}
		}
		if n != 1 {
			t.Errorf("%s: %d findings, want 1", want, n)
		}
	}
}

func TestLookFindsSomething(t *testing.T) {
	if m := Look(result.Environment{}); len(m.Programs) == 0 {
		t.Errorf("got %+v", m)
	}
}
