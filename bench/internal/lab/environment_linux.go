package lab

import (
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/bench/internal/report"
)

func environment(cpus int) report.Environment {
	return report.Environment{
		System:     runtime.GOOS + "/" + runtime.GOARCH,
		Kernel:     kernelRelease(),
		Processor:  processorModel(),
		Processors: cpus,
		Go:         runtime.Version(),
	}
}

func kernelRelease() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Release[:])
}

func processorModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return "unknown"
}
