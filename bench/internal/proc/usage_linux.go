package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Usage is what a process has spent since it began.
type Usage struct {
	At  time.Time
	CPU time.Duration // of all threads, also of those that have ended

	// Of the threads alive now.
	Waited      time.Duration // ready to run, but another had the processor
	Voluntary   int64         // context switches because there was nothing to do
	Involuntary int64         // context switches because another had to run
}

// Sub returns what was spent between two readings.
func (u Usage) Sub(earlier Usage) Usage {
	return Usage{
		At:          u.At,
		CPU:         u.CPU - earlier.CPU,
		Waited:      u.Waited - earlier.Waited,
		Voluntary:   u.Voluntary - earlier.Voluntary,
		Involuntary: u.Involuntary - earlier.Involuntary,
	}
}

// ReadUsage reads the process's own clock first, right beside the time, and the counters after it.
func ReadUsage(pid int) (Usage, error) {
	u := Usage{At: time.Now()}
	var err error
	if u.CPU, err = cpuTime(pid); err != nil {
		return Usage{}, err
	}
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil {
		return Usage{}, err
	}
	for _, dir := range threads {
		u.addThread(dir)
	}
	return u, nil
}

// addThread ignores what cannot be read: the thread has just ended.
func (u *Usage) addThread(dir string) {
	if text, err := os.ReadFile(filepath.Join(dir, "schedstat")); err == nil {
		if _, wait, err := parseSchedstat(string(text)); err == nil {
			u.Waited += time.Duration(wait)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "status")); err == nil {
		voluntary, _ := statusField(string(text), "voluntary_ctxt_switches")
		involuntary, _ := statusField(string(text), "nonvoluntary_ctxt_switches")
		u.Voluntary += voluntary
		u.Involuntary += involuntary
	}
}

// ThreadWaited returns how long the calling thread has been ready to run while another had the processor.
func ThreadWaited() (time.Duration, error) {
	text, err := os.ReadFile("/proc/thread-self/schedstat")
	if err != nil {
		return 0, fmt.Errorf("proc: %w", err)
	}
	_, wait, err := parseSchedstat(string(text))
	return time.Duration(wait), err
}

// cpuTime asks the clock that counts a process's time on processors, in nanoseconds and including threads that have
// ended, which the sum over /proc/PID/task misses. Its number is made from the pid as clock_getcpuclockid(3) does it.
func cpuTime(pid int) (time.Duration, error) {
	const scheduler = 2 // CPUCLOCK_SCHED: what the scheduler counted, not ticks
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduler), &ts); err != nil {
		return 0, fmt.Errorf("proc: processor time of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}
