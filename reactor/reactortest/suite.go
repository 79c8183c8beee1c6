package reactortest

import (
	"slices"
	"testing"
)

// behaviour is one promise, and the networks it is made for; nil means all of them.
type behaviour struct {
	name     string
	networks []string
	run      func(e *env)
}

// Networks of behaviours.
var (
	tcp  = []string{"tcp4", "tcp6"}
	tcp4 = []string{"tcp4"}
	pipe = []string{"unix"} // libuv's word for a Unix socket
	one  = []string{"tcp4"} // the network makes no difference
	// families are one network each: IPv6 would only take its time.
	families = []string{"tcp4", "unix"}
)

// Run runs the suite, with a new Harness for each behaviour and network: all of it, or only the named parts.
func Run(t *testing.T, newHarness func(t *testing.T) Harness, parts ...string) {
	for _, part := range []struct {
		name       string
		behaviours []behaviour
	}{
		{"Reading", readingBehaviours},
		{"Writing", writingBehaviours},
		{"SendQueue", sendQueueBehaviours},
		{"Lending", lendingBehaviours},
		{"HalfClose", halfCloseBehaviours},
		{"Closing", closingBehaviours},
		{"Stale", staleBehaviours},
		{"Abort", abortBehaviours},
		{"Connecting", connectingBehaviours},
		{"Listening", listeningBehaviours},
		{"HandOver", handOverBehaviours},
		{"Elsewhere", elsewhereBehaviours},
		{"Files", fileBehaviours},
		{"SendFile", sendFileBehaviours},
		{"Shortage", shortageBehaviours},
		{"Adopting", adoptingBehaviours},
		{"Options", optionBehaviours},
		{"Polling", pollingBehaviours},
		{"PollRefusals", pollRefusalBehaviours},
		{"Paused", pausedBehaviours},
		{"Costs", costBehaviours},
		{"Faults", faultBehaviours},
		{"Reentrancy", reentrancyBehaviours},
		{"Accounting", accountingBehaviours},
		{"Datagrams", datagramBehaviours},
		{"DatagramBursts", datagramBurstBehaviours},
		{"DatagramSending", datagramSendingBehaviours},
		{"DatagramErrors", datagramErrorBehaviours},
	} {
		if len(parts) > 0 && !slices.Contains(parts, part.name) {
			continue
		}
		t.Run(part.name, func(t *testing.T) {
			for _, b := range part.behaviours {
				t.Run(b.name, func(t *testing.T) { b.runOn(t, newHarness) })
			}
		})
	}
}

func (b *behaviour) runOn(t *testing.T, newHarness func(t *testing.T) Harness) {
	for _, network := range newHarness(t).Networks() {
		if b.networks == nil || slices.Contains(b.networks, network) {
			t.Run(network, func(t *testing.T) {
				e := newEnv(t, newHarness(t), network)
				b.run(e)
				e.finish()
			})
		}
	}
}
