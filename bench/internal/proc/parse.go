package proc

import (
	"fmt"
	"strconv"
	"strings"
)

// statusField finds "Name:  123 kB" or "Name:  123" in a procfs status file and returns the number.
func statusField(text, name string) (int64, error) {
	for line := range strings.Lines(text) {
		rest, found := strings.CutPrefix(line, name+":")
		if !found {
			continue
		}
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			break
		}
		return strconv.ParseInt(fields[0], 10, 64)
	}
	return 0, fmt.Errorf("proc: no field %s", name)
}

// parseSchedstat reads a thread's schedstat: time on a processor and time waiting for one, in nanoseconds.
func parseSchedstat(text string) (run, wait int64, err error) {
	fields := strings.Fields(text)
	if len(fields) < 2 {
		return 0, 0, fmt.Errorf("proc: schedstat of %d fields, want at least 2", len(fields))
	}
	if run, err = strconv.ParseInt(fields[0], 10, 64); err != nil {
		return 0, 0, fmt.Errorf("proc: schedstat: %w", err)
	}
	if wait, err = strconv.ParseInt(fields[1], 10, 64); err != nil {
		return 0, 0, fmt.Errorf("proc: schedstat: %w", err)
	}
	return run, wait, nil
}

// parseCPUList reads the kernel's list format, as in "0-2,8".
func parseCPUList(text string) ([]int, error) {
	var cpus []int
	for part := range strings.SplitSeq(strings.TrimSpace(text), ",") {
		if part == "" {
			continue
		}
		low, high, isRange := strings.Cut(part, "-")
		first, err := strconv.Atoi(low)
		last := first
		if err == nil && isRange {
			last, err = strconv.Atoi(high)
		}
		if err != nil || last < first {
			return nil, fmt.Errorf("proc: bad processor list %q", text)
		}
		for cpu := first; cpu <= last; cpu++ {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}
