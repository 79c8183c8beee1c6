package doctor

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/weir-go/weir/bench/internal/result"
)

// Machine is what is known of one.
type Machine struct {
	result.Environment
	Programs map[string]bool // of those in wanted, which are there
	Perf     bool            // the kernel's tracepoints can be read
	Reuse    string          // net.ipv4.tcp_tw_reuse
}

// wanted are programs that some of the bench needs, and what installs them on Debian.
var wanted = []struct{ program, what, fix string }{
	{"cc", "the C floor", "apt-get install gcc libc6-dev"},
	{"node", "Node", "apt-get install nodejs"},
	{"nginx", "nginx", "apt-get install nginx-light"},
	{"haproxy", "HAProxy", "apt-get install haproxy"},
	{"uv", "libuv", "apt-get install libuv1-dev"},
}

// Look asks the machine.
func Look(e result.Environment) Machine {
	m := Machine{Environment: e, Programs: map[string]bool{}}
	for _, w := range wanted {
		m.Programs[w.program] = has(w.program)
	}
	m.Programs["strace"] = has("strace")
	m.Perf = readable("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id") || readable("/sys/kernel/debug/tracing/events/raw_syscalls/sys_enter/id")
	text, _ := os.ReadFile("/proc/sys/net/ipv4/tcp_tw_reuse") // an old kernel may not have it
	m.Reuse = strings.TrimSpace(string(text))
	return m
}

func has(program string) bool {
	if program == "uv" {
		return readable("/usr/include/uv.h") || readable("/usr/local/include/uv.h")
	}
	if _, err := exec.LookPath(program); err == nil {
		return true
	}
	_, err := exec.LookPath(filepath.Join("/usr/sbin", program))
	return err == nil
}

func readable(path string) bool {
	_, err := os.ReadFile(path)
	return err == nil
}

// Finding is one thing looked at. Fix is empty if it is well.
type Finding struct{ What, Found, Fix string }

// Examine judges a machine.
func Examine(m Machine) []Finding {
	findings := []Finding{m.descriptors(), m.cores(), m.load(), m.governor(), m.backlog(), m.ports(), m.counting()}
	if m.Virtual {
		findings = append(findings, Finding{
			"hypervisor", "this is a virtual machine: system calls are dearer and other guests are felt",
			"compare ratios, not microseconds, and never with another machine's",
		})
	}
	for _, w := range wanted {
		f := Finding{What: w.what, Found: "is there"}
		if !m.Programs[w.program] {
			f.Found, f.Fix = "is not there and will be left out", w.fix
		}
		findings = append(findings, f)
	}
	return findings
}

const enoughDescriptors = 10_000

func (m Machine) descriptors() Finding {
	f := Finding{What: "open files", Found: fmt.Sprintf("%d a process", m.Descriptors)}
	if m.Descriptors < enoughDescriptors {
		f.Fix = fmt.Sprintf("ulimit -n %d, or LimitNOFILE= of the service; the idle scenarios use fewer connections meanwhile", enoughDescriptors)
	}
	return f
}

func (m Machine) cores() Finding {
	f := Finding{What: "processors", Found: fmt.Sprint(m.Cores)}
	if m.Cores < 2 {
		f.Fix = "two, so that the load does not take the server's time; with one they share, the load sleeps, and figures are coarse"
	}
	return f
}

func (m Machine) load() Finding {
	f := Finding{What: "other load", Found: fmt.Sprintf("load average %.2f", m.LoadAverage[0])}
	if m.LoadAverage[0] > 0.5*float64(max(1, m.Cores)) {
		f.Fix = "wait until the machine is idle, or take more rounds; intervals will be wide"
	}
	return f
}

func (m Machine) governor() Finding {
	f := Finding{What: "clock governor", Found: m.Governor}
	if m.Governor != "performance" && m.Governor != "unknown" {
		f.Fix = "cpupower frequency-set -g performance, so that the clock does not change with the load"
	}
	return f
}

const enoughBacklog = 1024

func (m Machine) backlog() Finding {
	f := Finding{What: "accept queue", Found: fmt.Sprintf("net.core.somaxconn %d", m.Somaxconn)}
	if m.Somaxconn < enoughBacklog {
		f.Fix = fmt.Sprintf("sysctl -w net.core.somaxconn=%d, or connections are refused when many come at once", enoughBacklog)
	}
	return f
}

const enoughPorts = 20_000

func (m Machine) ports() Finding {
	n := m.LocalPorts[1] - m.LocalPorts[0]
	f := Finding{What: "ports", Found: fmt.Sprintf("%d for clients, tcp_tw_reuse %s", n, m.Reuse)}
	if n < enoughPorts {
		f.Fix = `sysctl -w net.ipv4.ip_local_port_range="32768 60999", or churn runs out of them`
	}
	return f
}

func (m Machine) counting() Finding {
	f := Finding{What: "counting system calls"}
	switch {
	case m.Perf:
		f.Found = "by the kernel's tracepoints"
	case m.Programs["strace"]:
		f.Found = "by strace"
	default:
		f.Found = "not possible, the column will be missing"
		f.Fix = "apt-get install strace, or run as root with tracefs mounted"
	}
	return f
}
