package lab

import (
	"testing"
	"time"

	"github.com/weir-go/weir/bench/internal/proc"
)

func TestServerAndLoadGetDifferentCores(t *testing.T) {
	threads := func(cpu int) []int { return []int{cpu &^ 1, cpu | 1} } // 0 and 1 share a core
	alone := func(cpu int) []int { return []int{cpu} }
	for _, test := range []struct {
		name           string
		cpus           []int
		siblings       func(int) []int
		server, client int
	}{
		{"one processor", []int{3}, alone, 3, 3},
		{"two cores", []int{0, 1}, alone, 0, 1},
		{"two threads of one core", []int{0, 1}, threads, 0, 1},
		{"two cores of two threads", []int{0, 1, 2, 3}, threads, 0, 2},
		{"a part of the machine", []int{5, 6, 7}, threads, 5, 6},
	} {
		if server, client := choose(test.cpus, test.siblings); server != test.server || client != test.client {
			t.Errorf("%s: got %d and %d, want %d and %d", test.name, server, client, test.server, test.client)
		}
	}
}

func TestFiguresAreDifferencesPerMessage(t *testing.T) {
	start := time.Now()
	a := reading{server: proc.Usage{At: start, CPU: time.Second, Voluntary: 5}, messages: 1000}
	b := reading{
		server:     proc.Usage{At: start.Add(2 * time.Second), CPU: 2 * time.Second, Voluntary: 105, Waited: 200 * time.Millisecond},
		loadWaited: time.Second, messages: 101_000,
	}
	got, err := between(a, b)
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want float64) {
		if d := got - want; d > 1e-9 || d < -1e-9 {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	near("messages", float64(got.Messages), 100_000)
	near("CPU µs", got.CPUMicros, 10)
	near("busy", got.Busy, 0.5)
	near("waited", got.Waited, 0.1)
	near("load waited", got.LoadWaited, 0.5)
	near("voluntary", got.Voluntary, 0.001)
	if _, err := between(a, a); err == nil {
		t.Error("no messages: got no error")
	}
	b.server.CPU = a.server.CPU + time.Millisecond
	if _, err := between(a, b); err == nil {
		t.Error("10 ns a message, as when a wrapper's processor time is read: got no error")
	}
}
