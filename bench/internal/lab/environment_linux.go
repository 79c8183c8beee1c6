package lab

import (
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/bench/internal/proc"
	"github.com/weir-go/weir/bench/internal/result"
)

// Environment describes this machine, without what a run decides.
func Environment() result.Environment {
	cpus, _ := proc.AllowedCPUs() // none, then: the run itself will say why
	e := result.Environment{
		System:      runtime.GOOS + "/" + runtime.GOARCH,
		Kernel:      kernelRelease(),
		CPUModel:    cpuInfo("model name"),
		Cores:       len(cpus),
		Governor:    word("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
		Virtual:     strings.Contains(" "+cpuInfo("flags")+" ", " hypervisor "),
		Go:          runtime.Version(),
		Descriptors: descriptorLimit(),
	}
	e.Somaxconn, _ = strconv.Atoi(word("/proc/sys/net/core/somaxconn"))
	for i, port := range strings.Fields(text("/proc/sys/net/ipv4/ip_local_port_range")) {
		if i < 2 {
			e.LocalPorts[i], _ = strconv.Atoi(port)
		}
	}
	for i, load := range strings.Fields(text("/proc/loadavg")) {
		if i < 3 {
			e.LoadAverage[i], _ = strconv.ParseFloat(load, 64)
		}
	}
	return e
}

func (l *Lab) environment() result.Environment {
	e := Environment()
	e.Procs, e.ServerCPUs, e.LoadCPUs = l.o.Procs, []int{l.server}, []int{l.client}
	return e
}

func kernelRelease() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Release[:])
}

// cpuInfo is the first value of that name.
func cpuInfo(name string) string {
	for line := range strings.Lines(text("/proc/cpuinfo")) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func descriptorLimit() uint64 {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return 0
	}
	return r.Cur
}

// text is a file of the kernel's, empty if there is none.
func text(name string) string {
	t, _ := os.ReadFile(name) // not every kernel has each
	return string(t)
}

func word(name string) string {
	if w := strings.TrimSpace(text(name)); w != "" {
		return w
	}
	return "unknown"
}
