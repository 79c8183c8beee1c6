package weirtest

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
)

// Options say what a World is like. The zero value is a kind machine, where nothing goes wrong and nothing takes time.
type Options struct {
	// Seed decides everything that is left to chance. The default is 1. The environment variable WEIRTEST_SEED stands above it: a
	// failure prints the one it had.
	Seed uint64
	// Loops is how many loops the process has. Default 1. They take turns on the goroutine of the test.
	Loops int
	// Loop are their options, without a Kernel, a Pool and a Resolver. OnUncaught and OnPanic fail the test by default.
	Loop loop.Options

	// Swarm draws faults, buffers and the network from the seed: each seed has a part of what can go wrong, in a strength of its
	// own. Faults is not looked at then. It ends when Finish begins, so that everybody can come to an end.
	Swarm bool
	// Faults are what goes wrong, on the average. Default nothing.
	Faults Faults
	// BSD has the kernel behave like macOS and the BSDs, with kqueue. Default Linux; Swarm draws it.
	BSD bool

	// Latency is how long bytes are on their way. Default 0: they have arrived when the call returns.
	Latency time.Duration
	// SendBuffer and ReceiveBuffer are the kernel's, in bytes a socket. Default 64 KiB each. What is small finds more: a
	// handler has to wait sooner.
	SendBuffer, ReceiveBuffer int
	// FDLimit is how many descriptors the process may have: more is EMFILE. Default 65,536.
	FDLimit int
	// DiskSpace is how many bytes all files may have together: more is ENOSPC. Default no limit.
	DiskSpace int

	// HeapLimit fails the test when the process holds more bytes than so many beyond what it had when the World was made. It is
	// looked at whenever as many have gone over the network, after a garbage collection each, so that it is exact but not cheap. All
	// that is done in the process counts, tests that run in parallel too, and what lies in the simulated kernel's buffers. Under
	// the race detector objects take more. Default 0: nobody looks.
	HeapLimit int
	// Patience is the virtual time that anything is waited for. Default 15 min, which is longer than any deadline of weir's own.
	Patience time.Duration
}

// Faults are what goes wrong in a World, each as a probability between 0 and 1. Whatever they do is something that a real kernel
// or network does now and then.
type Faults struct {
	ShortReads  float64 // a read returns less than there is, or EAGAIN
	ShortWrites float64 // a write takes less than there is room for, or EAGAIN
	Crumbs      float64 // the network cuts bytes up, down to single ones
	Delays      float64 // readiness is reported late, connections and work take long
	Disorder    float64 // events come in another order, for nothing, or for who has closed
	Refusals    float64 // a connection is refused although somebody listens
	Resets      float64 // bytes are lost to a reset that both ends receive. A hundredth is much
	Descriptors float64 // accepting and opening fail for want of descriptors
	Disk        float64 // files fail with EIO
}

func (f Faults) simulated() simkernel.Faults {
	return simkernel.Faults{
		ShortRead: f.ShortReads, ShortWrite: f.ShortWrites,
		WouldBlock: max(f.ShortReads, f.ShortWrites) / 2, Interrupt: max(f.ShortReads, f.ShortWrites) / 4,
		Dribble: f.Crumbs,
		Hold:    f.Delays, SlowConnect: f.Delays, WorkDelay: f.Delays, SignalDelay: f.Delays,
		Spurious: f.Disorder, Stale: f.Disorder, Split: f.Disorder, Reorder: f.Disorder, Truncate: f.Disorder,
		Early: f.Disorder / 2, WorkAtOnce: f.Disorder / 2,
		Refuse: f.Refusals, Reset: f.Resets,
		AcceptFail: f.Descriptors, OpenFail: f.Descriptors,
		FileError: f.Disk,
	}
}

const (
	defaultSeed     = 1
	defaultPatience = 15 * time.Minute
	// seedVariable repeats a run.
	seedVariable = "WEIRTEST_SEED"
	// traceLines is how much of what the kernel was asked is printed with a failure.
	traceLines = 80
)

// fixedSeed is what the environment says; ok is false if it says nothing.
func fixedSeed(t testing.TB) (seed uint64, ok bool) {
	t.Helper()
	text := os.Getenv(seedVariable)
	if text == "" {
		return 0, false
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("weirtest: %s: %v", seedVariable, err)
	}
	return seed, true
}

func (o Options) withDefaults(t testing.TB) Options {
	t.Helper()
	if o.Seed == 0 {
		o.Seed = defaultSeed
	}
	if seed, ok := fixedSeed(t); ok {
		o.Seed = seed
	}
	if o.Loops <= 0 {
		o.Loops = 1
	}
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	return o
}

// simulated is the world that o asks for.
func (o Options) simulated() simkernel.Options {
	so := simkernel.Options{Seed: o.Seed, Faults: o.Faults.simulated()}
	if o.Swarm {
		so = simkernel.SwarmOptions(o.Seed)
	}
	if o.BSD {
		so.Temperament = simkernel.Kqueue
	}
	if o.Latency > 0 {
		so.Latency = o.Latency
	}
	if o.SendBuffer > 0 {
		so.SendBuffer = o.SendBuffer
	}
	if o.ReceiveBuffer > 0 {
		so.ReceiveBuffer = o.ReceiveBuffer
	}
	so.CallCost = -1 // the clock is the test's
	so.FDLimit, so.DiskSpace, so.TraceLines = o.FDLimit, o.DiskSpace, traceLines
	return so
}
