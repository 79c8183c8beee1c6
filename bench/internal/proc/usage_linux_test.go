package proc

import (
	"os"
	"testing"
	"time"
)

func TestUsageCountsTheProcessorTimeSpent(t *testing.T) {
	pid := os.Getpid()
	before, err := ReadUsage(pid)
	if err != nil {
		t.Fatal(err)
	}
	const spin = 50 * time.Millisecond
	for end := time.Now().Add(spin); time.Now().Before(end); {
	}
	after, err := ReadUsage(pid)
	if err != nil {
		t.Fatal(err)
	}
	spent := after.Sub(before)
	// Another process may have had the processor for a part of it.
	if ran := spent.CPU + spent.Waited; ran < spin*8/10 || spent.CPU <= 0 {
		t.Errorf("spinning for %v: got %v on a processor and %v waiting for one", spin, spent.CPU, spent.Waited)
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
