package main

import (
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
)

// On the simulated kernel the times are exact.
func TestTimersSayWhatTheyShow(t *testing.T) {
	l, err := loop.New(loop.Options{Kernel: simkernel.New(simkernel.Options{Seed: 1, CallCost: -1}).Kernel()})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	show(l, &out)
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	const want = ` 100 ms  once
 100 ms  its tick
 100 ms  once, started later
 150 ms  the peer is heard of
 200 ms  beat 1
 250 ms  the dog is fed
 400 ms  beat 2
 500 ms  the peer has been silent for too long
 550 ms  the dog barks
 600 ms  beat 3
 600 ms  closed
`
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
