package proc

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// AllowedCPUs returns the processors this process may use, in rising order.
func AllowedCPUs() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("proc: affinity: %w", err)
	}
	var cpus []int
	for cpu := range len(set) * strconv.IntSize {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// Siblings returns the processors that share a core with cpu, itself included.
func Siblings(cpu int) []int {
	text, err := os.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu))
	if err != nil {
		return []int{cpu}
	}
	siblings, err := parseCPUList(string(text))
	if err != nil || !slices.Contains(siblings, cpu) {
		return []int{cpu}
	}
	return siblings
}

// PinSelf moves every thread of this process to one processor, those included that begin meanwhile. New threads inherit
// it, and new processes.
func PinSelf(cpu int) error {
	set := single(cpu)
	pinned := map[int]bool{}
	for {
		entries, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("proc: %w", err)
		}
		fresh := false
		for _, entry := range entries {
			tid, err := strconv.Atoi(entry.Name())
			if err != nil || pinned[tid] {
				continue
			}
			if err := unix.SchedSetaffinity(tid, &set); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("proc: pin to processor %d: %w", cpu, err)
			}
			pinned[tid], fresh = true, true
		}
		if !fresh {
			return nil
		}
	}
}

// OnCPU runs f on a thread pinned to one processor, so that a process started by f is born there with all its threads,
// and puts the thread back afterwards.
func OnCPU(cpu int, f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return fmt.Errorf("proc: affinity: %w", err)
	}
	set := single(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("proc: pin to processor %d: %w", cpu, err)
	}
	defer func() { _ = unix.SchedSetaffinity(0, &before) }()
	return f()
}

func single(cpu int) unix.CPUSet {
	var set unix.CPUSet
	set.Set(cpu)
	return set
}
