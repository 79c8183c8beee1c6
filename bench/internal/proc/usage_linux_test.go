package proc

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The kernel counts what a process runs in another place too. How long that takes on a busy machine is no matter.
func TestUsageCountsTheProcessorTimeSpent(t *testing.T) {
	ran := func() time.Duration {
		var u unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	pid := os.Getpid()
	outside := ran()
	before, err := ReadUsage(pid)
	if err != nil {
		t.Fatal(err)
	}
	const spin = 50 * time.Millisecond
	inside := ran()
	for ran() < inside+spin {
	}
	inside = ran() - inside
	after, err := ReadUsage(pid)
	if err != nil {
		t.Fatal(err)
	}
	outside = ran() - outside
	spent := after.Sub(before)
	const rounding = time.Millisecond
	if spent.CPU < inside-rounding || spent.CPU > outside+rounding || spent.Waited < 0 {
		t.Errorf("got %v on a processor and %v waiting for one, ran for %v to %v", spent.CPU, spent.Waited, inside, outside)
	}
}

func TestUsageOfNoProcessIsAnError(t *testing.T) {
	const beyondPidMax = 1 << 22
	if _, err := ReadUsage(beyondPidMax + 1); err == nil {
		t.Error("got no error")
	}
}

func TestMemoryOfThisProcess(t *testing.T) {
	rss, err := RSS(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	peak, err := PeakRSS(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if rss < 1<<20 || peak < 1<<20 {
		t.Errorf("got %d bytes resident, peak %d, want at least a MiB each", rss, peak)
	}
}

func TestOnCPUPinsAndPutsBack(t *testing.T) {
	before, err := AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	want := before[len(before)-1]
	err = OnCPU(want, func() error {
		got, err := AllowedCPUs()
		if err == nil && (len(got) != 1 || got[0] != want) {
			t.Errorf("inside: got %v, want [%d]", got, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
