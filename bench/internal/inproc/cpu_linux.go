package inproc

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is what this process has spent, all threads.
func cpuTime() (time.Duration, error) {
	var ts unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts)
	return time.Duration(ts.Nano()), err
}
