package httpcore

import "testing"

// TestANegativeNumberOfSocketsIsNoLimit: negative is no limit in all options, and never a limit that nobody keeps.
func TestANegativeNumberOfSocketsIsNoLimit(t *testing.T) {
	a := NewAgent(AgentOptions{MaxSockets: -1, MaxTotalSockets: -1})
	if ok, _ := a.budget.take(nil, originKey{}); !ok {
		t.Error("there is no room for the first connection")
	}
}
